import assert from 'node:assert/strict';
import type { User } from '../../directory.ts';
import { definePolicy, type SessionPolicyOptions } from '../../session/session-policy.ts';
import type { CreateSessionOutcome, SessionStore } from '../../session/session-store.ts';
import { sessionExpiresAt } from '../../session/session.ts';
import { newUuid } from '../../token.ts';
import { type DeclareCase, someHash } from './fixture.ts';

export function creatingCases(it: DeclareCase): void {
  it('creates an account-only session, stamped by the clock of the store', async ({
    alice,
    clock,
    create,
  }) => {
    const session = await create(alice);

    assert.equal(session.userId, alice.id);
    assert.equal(session.characterId, null);
    assert.equal(session.clientType, 'suite');
    assert.deepEqual(session.createdAt, clock.now());
    assert.deepEqual(session.lastActiveAt, clock.now());
  });

  it('returns what a look finds afterwards', async ({ alice, create, store }) => {
    const session = await create(alice);

    assert.deepEqual((await store.findSession(session.id))?.session, session);
  });

  it('fixes both deadlines at creation', async ({ alice, clock, create }) => {
    const session = await create(alice, { idleTimeoutMs: 1_000, absoluteTimeoutMs: 5_000 });

    assert.equal(session.idleTimeoutMs, 1_000);
    assert.equal(session.absoluteExpiresAt.getTime() - clock.now().getTime(), 5_000);
  });

  it('takes the terms of the role that the user has at that moment', async ({ alice, create, host }) => {
    const policy = { byRole: { admin: { idleTimeoutMs: 60_000 } } };
    await host.putUser({ ...alice, role: 'admin' });

    const session = await create(alice, policy);

    assert.equal(session.idleTimeoutMs, 60_000);
  });

  it('ends with the idle time whatever is done in it, without sliding', async ({
    alice,
    clock,
    create,
    store,
  }) => {
    const session = await create(alice, { idleTimeoutMs: 1_000, slidingExpiration: false });
    clock.advance(600);
    await store.touchSession(session.id);

    const record = await store.findSession(session.id);

    assert.ok(record);
    assert.equal(sessionExpiresAt(record.session).getTime() - session.createdAt.getTime(), 1_000);
  });

  it('refuses a user who is unknown', async ({ alice, store, unknownId }) => {
    const created = await attempt(store, { ...alice, id: unknownId });

    assert.equal(created.outcome, 'user_not_available');
    assert.equal(await store.countActiveSessions(0), 0);
  });

  it('refuses a user whose id has an impossible shape', async ({ alice, store }) => {
    for (const id of ['', ' ', '1 ', '01', '-', '\0', '\uD800', '1e3', "1' OR '1'='1", '9'.repeat(400)]) {
      assert.equal((await attempt(store, { ...alice, id })).outcome, 'user_not_available');
    }
  });

  it('refuses a user who is disabled', async ({ alice, host, store }) => {
    await host.putUser({ ...alice, disabled: true });

    const created = await attempt(store, alice);

    assert.equal(created.outcome, 'user_not_available');
    assert.equal(await store.countActiveSessions(0), 0);
  });

  it('refuses an id in use, and leaves its session as it is', async ({ alice, bob, create, store }) => {
    const session = await create(alice);

    const again = await attempt(store, bob, {}, session.id);

    assert.equal(again.outcome, 'id_in_use');
    assert.equal((await store.findSession(session.id))?.session.userId, alice.id);
  });

  it('ends the oldest session over the limit, and says so', async ({ alice, clock, create, store }) => {
    const policy = { maxSessionsPerUser: 2 };
    const oldest = await create(alice, policy);
    clock.advance(1);
    const middle = await create(alice, policy);
    clock.advance(1);

    const created = await attempt(store, alice, policy);

    assert.ok(created.outcome === 'created');
    assert.deepEqual(created.endings, [
      { sessionId: oldest.id, userId: alice.id, reason: 'replaced', actorId: null, endedAt: clock.now() },
    ]);
    assert.equal(await store.findSession(oldest.id), null);
    assert.notEqual(await store.findSession(middle.id), null);
  });

  it('ends the lower id of two that are equally old', async ({ alice, create, store }) => {
    const policy = { maxSessionsPerUser: 2 };
    const lower = '10000000-0000-4000-8000-000000000000';
    const higher = '20000000-0000-4000-8000-000000000000';
    await attempt(store, alice, policy, higher);
    await attempt(store, alice, policy, lower);

    await create(alice, policy);

    assert.equal(await store.findSession(lower), null);
    assert.notEqual(await store.findSession(higher), null);
  });

  it('ends as many as a lowered limit asks for, oldest first', async ({ alice, clock, create, store }) => {
    const sessions = [];
    for (let n = 0; n < 4; n += 1) {
      sessions.push(await create(alice));
      clock.advance(1);
    }

    const created = await attempt(store, alice, { maxSessionsPerUser: 2 });

    assert.ok(created.outcome === 'created');
    assert.deepEqual(
      created.endings.map((ending) => ending.sessionId),
      sessions.slice(0, 3).map((session) => session.id),
    );
  });

  it('refuses the new session at the limit under `reject`', async ({ alice, create, isLive, store }) => {
    const policy = { maxSessionsPerUser: 1, sessionLimitPolicy: 'reject' } as const;
    const first = await create(alice, policy);

    const created = await attempt(store, alice, policy);

    assert.deepEqual(created, { outcome: 'session_limit_reached', limit: 1 });
    assert.equal(await isLive(first), true);
    assert.equal(await store.countActiveSessions(0), 1);
  });

  it('does not count expired sessions against the limit', async ({ alice, clock, create, store }) => {
    const policy = {
      maxSessionsPerUser: 1,
      sessionLimitPolicy: 'reject',
      idleTimeoutMs: 1_000,
      touchIntervalMs: 0,
    } as const;
    const first = await create(alice, policy);
    clock.advance(1_000);

    const created = await attempt(store, alice, policy);

    assert.ok(created.outcome === 'created');
    assert.deepEqual(created.endings, []);
    assert.equal((await store.findEnding(first.id))?.ending.reason, 'expired');
  });

  it('limits each user for himself', async ({ alice, bob, create, isLive }) => {
    const policy = { maxSessionsPerUser: 1 };
    const ofAlice = await create(alice, policy);
    await create(bob, policy);

    assert.equal(await isLive(ofAlice), true);
  });
}

function attempt(
  store: SessionStore,
  user: User,
  policy: SessionPolicyOptions = {},
  id: string = newUuid(),
): Promise<CreateSessionOutcome> {
  return store.createSession({
    id,
    userId: user.id,
    secretHash: someHash(),
    clientType: 'suite',
    isAuthenticated: true,
    policy: definePolicy(policy),
  });
}
