import assert from 'node:assert/strict';
import type { MaintenanceStore, NewMaintenance } from '../../maintenance/maintenance-store.ts';
import { definePolicy, type SessionPolicyOptions } from '../../session/session-policy.ts';
import { newUuid } from '../../token.ts';
import { type DeclareCase, type Fixture, someHash } from './fixture.ts';

/** What the suite of the port is given beside a session store: what closes the same game. */
export interface WithMaintenance {
  readonly maintenance: MaintenanceStore;
}

/** Closed to players. */
const CLOSED: NewMaintenance = {
  admittedRoles: ['admin', 'an "odd" role, {indeed}'],
  message: 'Back soon.',
  expectedEnd: null,
  endsSessions: false,
  actorId: null,
};

export function maintenanceCases(it: DeclareCase<WithMaintenance>): void {
  it('lets nobody sign in whose role is not admitted, until it is over', async (fixture) => {
    const { alice, bob, host, maintenance, store } = fixture;
    await host.putUser({ ...bob, role: 'admin' });
    await maintenance.startMaintenance(CLOSED);

    assert.equal(await signIn(fixture, alice.id), 'maintenance');
    assert.equal(await signIn(fixture, bob.id), 'created');
    assert.equal(await store.countActiveSessions(0), 1);
    assert.equal(await maintenance.endMaintenance(), true);

    assert.equal(await signIn(fixture, alice.id), 'created');
  });

  it('admits roles of whatever name, and only whole names', async (fixture) => {
    const { alice, host, maintenance } = fixture;
    await maintenance.startMaintenance(CLOSED);

    for (const role of ['Admin', 'adm', 'admin ', '', 'an "odd" role']) {
      await host.putUser({ ...alice, role });
      assert.equal(await signIn(fixture, alice.id), 'maintenance', role);
    }
    await host.putUser({ ...alice, role: 'an "odd" role, {indeed}' });

    assert.equal(await signIn(fixture, alice.id), 'created');
  });

  it('goes by the role that the user has now', async (fixture) => {
    const { alice, host, maintenance } = fixture;
    await maintenance.startMaintenance(CLOSED);
    await host.putUser({ ...alice, role: 'admin' });
    assert.equal(await signIn(fixture, alice.id), 'created');

    await host.putUser(alice);

    assert.equal(await signIn(fixture, alice.id), 'maintenance');
  });

  it('lets nobody sign in under a limit either, and ends nobody to make room', async (fixture) => {
    const { alice, create, isLive, maintenance } = fixture;
    const session = await create(alice);
    await maintenance.startMaintenance(CLOSED);

    assert.equal(await signIn(fixture, alice.id, { maxSessionsPerUser: 5 }), 'maintenance');
    assert.equal(await signIn(fixture, alice.id, { maxSessionsPerUser: 1 }), 'maintenance');

    assert.ok(await isLive(session));
  });

  it('says of who may not sign in in any case that he may not', async (fixture) => {
    const { alice, host, maintenance, unknownId } = fixture;
    await maintenance.startMaintenance(CLOSED);
    await host.putUser({ ...alice, disabled: true });

    assert.equal(await signIn(fixture, alice.id), 'user_not_available');
    assert.equal(await signIn(fixture, unknownId), 'user_not_available');
  });

  it('leaves those who are inside alone', async ({ alice, create, isLive, maintenance }) => {
    const session = await create(alice);

    assert.equal(await maintenance.startMaintenance(CLOSED), 0);

    assert.ok(await isLive(session));
  });

  it('ends the sessions of those who are not admitted, if that is wanted', async (fixture) => {
    const { alice, bob, create, host, isLive, maintenance, store } = fixture;
    await host.putUser({ ...bob, role: 'admin' });
    const [first, second, staff] = [await create(alice), await create(alice), await create(bob)];
    const expired = await create(alice, { idleTimeoutMs: 1_000 });
    fixture.clock.advance(1_000);

    assert.equal(await maintenance.startMaintenance({ ...CLOSED, endsSessions: true, actorId: bob.id }), 2);

    assert.deepEqual([await isLive(first), await isLive(second), await isLive(staff)], [false, false, true]);
    const { ending } = (await store.findEnding(first.id)) ?? {};
    assert.deepEqual([ending?.reason, ending?.actorId], ['maintenance', bob.id]);
    assert.equal((await store.findEnding(expired.id))?.ending.reason, 'expired');
  });

  it('ends the sessions of users who are gone', async ({ alice, create, host, isLive, maintenance }) => {
    const session = await create(alice);
    await host.deleteUser(alice.id);

    assert.equal(await maintenance.startMaintenance({ ...CLOSED, endsSessions: true }), 1);

    assert.equal(await isLive(session), false);
  });

  it('says why the game is closed, since when, and until when', async ({ alice, clock, maintenance }) => {
    assert.equal(await maintenance.findMaintenance(), null);
    const since = clock.now();
    const expectedEnd = new Date(since.getTime() + 60_000);
    await maintenance.startMaintenance({ ...CLOSED, expectedEnd, actorId: alice.id });
    clock.advance(1_000);

    const { endsSessions, ...closed } = CLOSED;
    assert.equal(endsSessions, false);
    assert.deepEqual(await maintenance.findMaintenance(), {
      maintenance: { ...closed, expectedEnd, actorId: alice.id, since },
      readAt: clock.now(),
    });
  });

  it('says the latest, and is over at once', async ({ maintenance }) => {
    await maintenance.startMaintenance(CLOSED);
    await maintenance.startMaintenance({ ...CLOSED, message: 'Longer than we thought.', admittedRoles: [] });

    const found = await maintenance.findMaintenance();
    assert.equal(found?.maintenance.message, 'Longer than we thought.');
    assert.deepEqual(found.maintenance.admittedRoles, []);
    assert.equal(await maintenance.endMaintenance(), true);
    assert.equal(await maintenance.endMaintenance(), false);
    assert.equal(await maintenance.findMaintenance(), null);
  });
}

async function signIn(
  { store }: Fixture,
  userId: string,
  policy: SessionPolicyOptions = {},
): Promise<string> {
  const { outcome } = await store.createSession({
    id: newUuid(),
    userId,
    secretHash: someHash(),
    clientType: 'suite',
    isAuthenticated: true,
    policy: definePolicy(policy),
  });

  return outcome;
}
