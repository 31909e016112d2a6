import { describe, expect, it } from 'vitest';
import { alice, aria, type Host, MINUTE, openHost, REFUSED } from './fixture.ts';

// What another caller, perhaps on another node, does between two steps of one call: it is played by
// a store around the store, which acts at exactly that moment.

describe('validateSession, while another call', () => {
  it('ends the session before the touch, is refused with the reason', async () => {
    const host: Host = openHost({
      async around(method, call) {
        if (method === 'touchSession') await host.service.removeSession(id);

        return call();
      },
    });
    const { token, session } = await host.service.createSession(alice.id);
    const { id } = session;
    host.clock.advance(MINUTE);

    await expect(host.service.validateSession(token)).rejects.toMatchObject({ ...REFUSED, reason: 'kicked' });
  });

  it('ends the session before the touch, and the ending is forgotten, is refused all the same', async () => {
    const host: Host = openHost({
      async around(method, call) {
        if (method === 'findEnding') return null;
        if (method === 'touchSession') await host.service.removeSession(id);

        return call();
      },
    });
    const { token, session } = await host.service.createSession(alice.id);
    const { id } = session;
    host.clock.advance(MINUTE);

    await expect(host.service.validateSession(token)).rejects.toMatchObject(REFUSED);
  });

  it('lets the deadline pass before the touch, is refused as expired', async () => {
    const host: Host = openHost({
      async around(method, call) {
        if (method === 'touchSession') host.clock.advance(1);

        return call();
      },
    });
    const { token } = await host.service.createSession(alice.id);
    host.clock.advance(480 * MINUTE - 1);

    await expect(host.service.validateSession(token)).rejects.toMatchObject({
      ...REFUSED,
      reason: 'expired',
    });
  });

  it('writes the session, succeeds with the touch skipped', async () => {
    const host = openHost({
      async around(method, call) {
        return method === 'touchSession' ? { outcome: 'skipped' } : call();
      },
    });
    const { token, session } = await host.service.createSession(alice.id);
    host.clock.advance(MINUTE);

    const principal = await host.service.validateSession(token);

    expect(principal.session).toEqual(session);
  });

  it('slides the session at its deadline, looks again and succeeds', async () => {
    let looks = 0;
    const host: Host = openHost({
      async around(method, call) {
        if (method === 'findSession') looks += 1;
        if (method !== 'expireSession') return call();

        host.clock.advance(-1); // The touch had begun before the deadline, and is committed now.
        await host.store.touchSession(id);
        host.clock.advance(1);

        return call();
      },
    });
    const { token, session } = await host.service.createSession(alice.id);
    const { id } = session;
    host.clock.advance(480 * MINUTE);

    const principal = await host.service.validateSession(token);

    expect(principal.session.lastActiveAt.getTime()).toBe(host.clock.now().getTime() - 1);
    expect(looks).toBe(2);
  });

  it('keeps the session from expiring at every look, is told after three that nobody knows', async () => {
    let looks = 0;
    const host = openHost({
      async around(method, call) {
        if (method === 'findSession') looks += 1;

        return method === 'expireSession' ? null : call();
      },
    });
    const { token } = await host.service.createSession(alice.id);
    host.clock.advance(480 * MINUTE);

    await expect(host.service.validateSession(token)).rejects.toMatchObject({
      code: 'store_unavailable',
      status: 503,
      retryable: true,
      outcome: 'not-applied',
    });
    expect(looks).toBe(3);
  });

  it('logs the session out at its deadline, is told how it ended', async () => {
    const host: Host = openHost({
      async around(method, call) {
        if (method !== 'expireSession') return call();

        host.clock.advance(-1);
        await host.service.removeSession(id);
        host.clock.advance(1);

        return call();
      },
    });
    const { token, session } = await host.service.createSession(alice.id);
    const { id } = session;
    host.clock.advance(480 * MINUTE);

    await expect(host.service.validateSession(token)).rejects.toMatchObject({ ...REFUSED, reason: 'kicked' });
  });

  it('says expired only when the store has ended the session', async () => {
    const { clock, service, store } = openHost();
    const { token, session } = await service.createSession(alice.id);
    clock.advance(480 * MINUTE);

    await expect(service.validateSession(token)).rejects.toMatchObject({ reason: 'expired' });

    expect(await store.findSession(session.id)).toBeNull();
    expect((await store.findEnding(session.id))?.ending.reason).toBe('expired');
  });

  it('kicks a session whose user is banned, keeps the reason that came first', async () => {
    const host: Host = openHost({
      async around(method, call) {
        if (method === 'endSession') await host.store.endSession(id, { reason: 'kicked', actorId: null });

        return call();
      },
    });
    const { token, session } = await host.service.createSession(alice.id);
    const { id } = session;
    await host.directory.putUser({ ...alice, disabled: true });

    await expect(host.service.validateSession(token)).rejects.toMatchObject({ ...REFUSED, reason: 'kicked' });
  });
});

describe('selectCharacter, while another call', () => {
  it('ends the session, is refused with the reason, and takes nobody over', async () => {
    const host: Host = openHost({
      async around(method, call) {
        if (method === 'selectCharacter' && armed) await host.service.removeSession(id);

        return call();
      },
    });
    let armed = false;
    const holder = await host.service.createSession(alice.id);
    await host.service.selectCharacter(holder.token, aria.id);
    const { token, session } = await host.service.createSession(alice.id);
    const { id } = session;
    armed = true;

    await expect(host.service.selectCharacter(token, aria.id)).rejects.toMatchObject({
      ...REFUSED,
      reason: 'kicked',
    });
    expect((await host.service.validateSessionForGame(holder.token)).characterId).toBe(aria.id);
  });

  it('is refused by a store that says "ended" and finds the session alive again', async () => {
    const { service } = openHost({
      async around(method, call) {
        return method === 'selectCharacter' ? { outcome: 'session_ended' } : call();
      },
    });
    const { token } = await service.createSession(alice.id);

    await expect(service.selectCharacter(token, aria.id)).rejects.toMatchObject(REFUSED);
  });
});

describe('logout, while another call', () => {
  it('ends the session, is false: it was not this one', async () => {
    const host: Host = openHost({
      async around(method, call) {
        if (method === 'endSession') await host.store.endSession(id, { reason: 'kicked', actorId: null });

        return call();
      },
    });
    const { token, session } = await host.service.createSession(alice.id);
    const { id } = session;

    expect(await host.service.logout(token)).toBe(false);
    await expect(host.service.validateSession(token)).rejects.toMatchObject({ reason: 'kicked' });
  });

  it('logs out too, is true for one of them', async () => {
    const { service } = openHost();
    const { token } = await service.createSession(alice.id);

    const outcomes = await Promise.all(Array.from({ length: 8 }, () => service.logout(token)));

    expect(outcomes.filter(Boolean)).toEqual([true]);
  });
});
