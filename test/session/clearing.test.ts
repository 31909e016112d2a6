import { describe, expect, it } from 'vitest';
import { alice, aria, bob, cato, MINUTE, openHost, REFUSED } from './fixture.ts';

describe('clearAllSessions', () => {
  it('ends every session there is, and counts them', async () => {
    const { service } = openHost();
    const created = [];
    for (const { id } of [alice, alice, bob]) created.push(await service.createSession(id));

    expect(await service.clearAllSessions()).toBe(3);

    for (const { token } of created) {
      await expect(service.validateSession(token)).rejects.toMatchObject({ ...REFUSED, reason: 'cleared' });
    }
    expect(await service.getActiveSessionCount({ activeWithinMs: 0 })).toBe(0);
    expect(await service.clearAllSessions()).toBe(0);
  });

  it('counts no expired session, which stays expired', async () => {
    const { clock, service } = openHost();
    const expired = await service.createSession(alice.id);
    clock.advance(1);
    await service.createSession(bob.id);
    clock.advance(480 * MINUTE - 1);

    expect(await service.clearAllSessions()).toBe(1);
    await expect(service.validateSession(expired.token)).rejects.toMatchObject({ reason: 'expired' });
  });

  it('leaves the users and characters of the host alone', async () => {
    const { directory, service } = openHost();
    const { token } = await service.createSession(alice.id);
    await service.selectCharacter(token, aria.id);

    await service.clearAllSessions();

    expect(await directory.findUser(alice.id)).toEqual(alice);
    expect(await directory.findCharacter(aria.id)).toEqual(aria);
    const again = await service.createSession(alice.id);
    await expect(service.selectCharacter(again.token, aria.id)).resolves.toBeDefined();
  });

  it('takes everybody out of the worlds', async () => {
    const { service } = openHost();
    const { token } = await service.createSession(bob.id);
    await service.selectCharacter(token, cato.id);

    await service.clearAllSessions();

    expect(await service.getActiveCharacters('mist')).toEqual([]);
  });
});

describe('cleanupExpiredSessions', () => {
  it('clears away what has expired at this instant, and only that', async () => {
    const { clock, service, store } = openHost();
    const first = await service.createSession(alice.id);
    clock.advance(1);
    const second = await service.createSession(alice.id);

    clock.advance(480 * MINUTE - 1);

    expect(await service.cleanupExpiredSessions()).toBe(1);
    expect(await store.findSession(first.session.id)).toBeNull();
    await expect(service.validateSession(second.token)).resolves.toBeDefined();
    expect(await service.cleanupExpiredSessions()).toBe(0);
  });
});
