import { describe, expect, it } from 'vitest';
import { alice, bob, MINUTE, openHost } from './fixture.ts';

describe('createSession under a limit', () => {
  it('knows none by default', async () => {
    const { service } = openHost();

    for (let n = 0; n < 20; n += 1) await service.createSession(alice.id);

    expect(await service.getActiveSessionCount()).toBe(20);
  });

  it('ends the oldest session, and no other', async () => {
    const { clock, service } = openHost({ policy: { maxSessionsPerUser: 2 } });
    const oldest = await service.createSession(alice.id);
    clock.advance(1);
    const middle = await service.createSession(alice.id);
    clock.advance(1);

    const newest = await service.createSession(alice.id);

    await expect(service.validateSession(oldest.token)).rejects.toMatchObject({
      status: 401,
      reason: 'replaced',
    });
    await expect(service.validateSession(middle.token)).resolves.toBeDefined();
    await expect(service.validateSession(newest.token)).resolves.toBeDefined();
  });

  it('ends the lower id of two that are equally old', async () => {
    let next = 9;
    const { service } = openHost({
      policy: { maxSessionsPerUser: 2 },
      generateSessionId: () => `01890a5d-ac96-774b-bcce-b30209${next--}99999`,
    });
    const higher = await service.createSession(alice.id);
    const lower = await service.createSession(alice.id);

    await service.createSession(alice.id);

    await expect(service.validateSession(lower.token)).rejects.toMatchObject({ reason: 'replaced' });
    await expect(service.validateSession(higher.token)).resolves.toBeDefined();
  });

  it('goes by the age of a session, not by its activity', async () => {
    const { clock, service } = openHost({ policy: { maxSessionsPerUser: 2, touchIntervalMs: 0 } });
    const oldest = await service.createSession(alice.id);
    clock.advance(1);
    await service.createSession(alice.id);
    clock.advance(1);
    await service.validateSession(oldest.token);

    await service.createSession(alice.id);

    await expect(service.validateSession(oldest.token)).rejects.toMatchObject({ reason: 'replaced' });
  });

  it('refuses the new session under `reject`, and says what the limit is', async () => {
    const { service } = openHost({ policy: { maxSessionsPerUser: 2, sessionLimitPolicy: 'reject' } });
    const first = await service.createSession(alice.id);
    await service.createSession(alice.id);

    await expect(service.createSession(alice.id)).rejects.toMatchObject({
      code: 'session_limit_reached',
      status: 409,
      limit: 2,
    });
    await expect(service.validateSession(first.token)).resolves.toBeDefined();
  });

  it('has room again after a logout, under `reject`', async () => {
    const { service } = openHost({ policy: { maxSessionsPerUser: 1, sessionLimitPolicy: 'reject' } });
    const { token } = await service.createSession(alice.id);
    await service.logout(token);

    await expect(service.createSession(alice.id)).resolves.toBeDefined();
  });

  it('has room again at the very instant a session expires, under `reject`', async () => {
    const { clock, service } = openHost({ policy: { maxSessionsPerUser: 1, sessionLimitPolicy: 'reject' } });
    await service.createSession(alice.id);

    clock.advance(480 * MINUTE - 1);
    await expect(service.createSession(alice.id)).rejects.toMatchObject({ status: 409 });
    clock.advance(1);
    await expect(service.createSession(alice.id)).resolves.toBeDefined();
  });

  it('limits each user for himself', async () => {
    const { service } = openHost({ policy: { maxSessionsPerUser: 1 } });
    const ofAlice = await service.createSession(alice.id);

    await service.createSession(bob.id);

    await expect(service.validateSession(ofAlice.token)).resolves.toBeDefined();
  });

  it('takes the limit and its policy of the role', async () => {
    const { directory, service } = openHost({
      policy: {
        maxSessionsPerUser: 1,
        byRole: { admin: { maxSessionsPerUser: 2, sessionLimitPolicy: 'reject' } },
      },
    });
    await directory.putUser({ ...alice, role: 'admin' });
    for (const { id } of [alice, alice, bob, bob]) await service.createSession(id);

    await expect(service.createSession(alice.id)).rejects.toMatchObject({
      code: 'session_limit_reached',
      limit: 2,
    });
    expect(await service.getActiveSessionCount()).toBe(3);
  });

  it('lets a role have as many as it likes', async () => {
    const { directory, service } = openHost({
      policy: { maxSessionsPerUser: 1, byRole: { admin: { maxSessionsPerUser: null } } },
    });
    await directory.putUser({ ...alice, role: 'admin' });

    for (let n = 0; n < 5; n += 1) await service.createSession(alice.id);

    expect(await service.getActiveSessionCount()).toBe(5);
  });
});
