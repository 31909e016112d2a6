import { describe, expect, it } from 'vitest';
import type { ValidateOptions } from '../../src/session/session-service.ts';
import {
  alice,
  aria,
  DAY,
  type Host,
  MINUTE,
  openCountedHost,
  openHost,
  REFUSED,
  SECOND,
  withWrongSecret,
} from './fixture.ts';

const EXPIRED = { ...REFUSED, reason: 'expired' } as const;

describe('the idle deadline', () => {
  it('is the first instant at which the session is refused', async () => {
    const { clock, service } = openHost();
    const { token } = await service.createSession(alice.id);

    clock.advance(480 * MINUTE - 1);
    await expect(service.validateSession(token, { touch: false })).resolves.toBeDefined();
    clock.advance(1);
    await expect(service.validateSession(token)).rejects.toMatchObject(EXPIRED);
  });

  it('moves on with each validate', async () => {
    const { clock, service } = openHost();
    const { token } = await service.createSession(alice.id);

    for (let n = 0; n < 10; n += 1) {
      clock.advance(480 * MINUTE - 1);
      await service.validateSession(token);
    }

    clock.advance(480 * MINUTE);
    await expect(service.validateSession(token)).rejects.toMatchObject(EXPIRED);
  });

  it('does not move with a validate that says `touch: false`', async () => {
    const { clock, service } = openHost();
    const { token } = await service.createSession(alice.id);
    clock.advance(480 * MINUTE - 1);
    await service.validateSession(token, { touch: false });

    clock.advance(1);

    await expect(service.validateSession(token)).rejects.toMatchObject(EXPIRED);
  });

  it('does not move where sliding is off, whatever is done', async () => {
    const { clock, service } = openHost({ policy: { idleTimeoutMs: 10 * MINUTE, slidingExpiration: false } });
    const { token } = await service.createSession(alice.id);
    clock.advance(9 * MINUTE);
    await service.validateSession(token);

    clock.advance(MINUTE - 1);
    await expect(service.validateSession(token)).resolves.toBeDefined();
    clock.advance(1);
    await expect(service.validateSession(token)).rejects.toMatchObject(EXPIRED);
  });

  it('still records activity where sliding is off', async () => {
    const { clock, service } = openHost({ policy: { slidingExpiration: false } });
    const { token } = await service.createSession(alice.id);
    clock.advance(60 * MINUTE);

    await service.validateSession(token);

    expect(await service.getActiveSessionCount()).toBe(1);
  });

  it('does not come back with a clock that is set back', async () => {
    const { clock, service } = openHost();
    const { token } = await service.createSession(alice.id);
    clock.advance(480 * MINUTE);
    await expect(service.validateSession(token)).rejects.toMatchObject(EXPIRED);

    clock.advance(-DAY);

    await expect(service.validateSession(token)).rejects.toMatchObject(EXPIRED);
  });
});

describe('the absolute deadline', () => {
  it('is the first instant at which even an active session is refused', async () => {
    const { clock, service } = openHost({
      policy: { idleTimeoutMs: 60 * MINUTE, absoluteTimeoutMs: 100 * MINUTE },
    });
    const { token } = await service.createSession(alice.id);
    clock.advance(50 * MINUTE);
    await service.validateSession(token);

    clock.advance(50 * MINUTE - 1);
    await expect(service.validateSession(token)).resolves.toBeDefined();
    clock.advance(1);
    await expect(service.validateSession(token)).rejects.toMatchObject(EXPIRED);
  });

  it('is 30 days by default', async () => {
    const { clock, service } = openHost();
    const { token } = await service.createSession(alice.id);
    for (let n = 1; n < 120; n += 1) {
      clock.advance(DAY / 4);
      await service.validateSession(token);
    }

    clock.advance(DAY / 4 - 1);
    await expect(service.validateSession(token)).resolves.toBeDefined();
    clock.advance(1);
    await expect(service.validateSession(token)).rejects.toMatchObject(EXPIRED);
  });
});

describe('a touch', () => {
  it.each([
    ['a minute', {}, MINUTE],
    ['the interval of the policy', { touchIntervalMs: 5 * SECOND }, 5 * SECOND],
    ['a tenth of the idle time, where that is less', { idleTimeoutMs: 5 * MINUTE }, 30 * SECOND],
    ['a tenth of the idle time, to the millisecond above', { idleTimeoutMs: 15 }, 2],
    ['the interval, where a tenth of the idle time is more', { idleTimeoutMs: 11 * MINUTE }, MINUTE],
  ])('is due after %s, and not before', async (_, policy, interval) => {
    const { calls, ...host } = openCountedHost({ policy });
    const { token, session } = await host.service.createSession(alice.id);

    host.clock.advance(interval - 1);
    expect((await host.service.validateSession(token)).session.lastActiveAt).toEqual(session.createdAt);
    expect(calls).not.toContain('touchSession');
    host.clock.advance(1);
    expect((await host.service.validateSession(token)).session.lastActiveAt).toEqual(host.clock.now());
    expect(calls).toContain('touchSession');
  });

  it('is due so long after the last one, not after the creation', async () => {
    const { calls, ...host } = openCountedHost();
    const { token } = await host.service.createSession(alice.id);
    host.clock.advance(MINUTE);
    await host.service.validateSession(token);

    host.clock.advance(MINUTE - 1);
    await host.service.validateSession(token);
    expect(calls.filter((method) => method === 'touchSession').length).toBe(1);
    host.clock.advance(1);
    await host.service.validateSession(token);
    expect(calls.filter((method) => method === 'touchSession').length).toBe(2);
  });

  it('is due at every validate with an interval of 0', async () => {
    const { calls, ...host } = openCountedHost({ policy: { touchIntervalMs: 0 } });
    const { token } = await host.service.createSession(alice.id);

    for (let n = 0; n < 3; n += 1) await host.service.validateSession(token);

    expect(calls.filter((method) => method === 'touchSession').length).toBe(3);
  });

  it('goes by the idle time of the session, whatever that of the role is by now', async () => {
    const { calls, ...host } = openCountedHost({
      policy: { byRole: { admin: { idleTimeoutMs: 10 * SECOND } } },
    });
    const { token } = await host.service.createSession(alice.id);
    await host.directory.putUser({ ...alice, role: 'admin' });
    host.clock.advance(MINUTE - 1);

    await host.service.validateSession(token);

    expect(calls).not.toContain('touchSession');
  });

  it.each<[string, (host: Host, token: string, options: ValidateOptions) => Promise<unknown>]>([
    ['validateSession', ({ service }, token, options) => service.validateSession(token, options)],
    [
      'validateSessionForGame',
      ({ service }, token, options) => service.validateSessionForGame(token, options),
    ],
    [
      'validateSessionWithPermission',
      ({ service }, token, options) => service.validateSessionWithPermission(token, 'chat', options),
    ],
  ])('is made by %s, unless it is told not to', async (_, validate) => {
    const { calls, ...host } = openCountedHost();
    const { token } = await host.service.createSession(alice.id);
    await host.service.selectCharacter(token, aria.id);
    host.clock.advance(60 * MINUTE);

    await validate(host, token, { touch: false });
    expect(calls).not.toContain('touchSession');
    await validate(host, token, {});
    expect(calls).toContain('touchSession');
  });

  it.each<[string, (host: Host, token: string) => Promise<unknown>]>([
    ['selectCharacter', ({ service }, token) => service.selectCharacter(token, aria.id)],
    ['releaseCharacter', ({ service }, token) => service.releaseCharacter(token)],
  ])('is made by %s, which is the doing of the player', async (_, act) => {
    const host = openCountedHost();
    const { token } = await host.service.createSession(alice.id);
    host.clock.advance(60 * MINUTE);

    await act(host, token);

    const { session } = await host.service.validateSession(token, { touch: false });
    expect(session.lastActiveAt).toEqual(host.clock.now());
  });

  it.each<[string, (host: Host, token: string) => Promise<unknown>]>([
    ['getUsernameFromSession', ({ service }, token) => service.getUsernameFromSession(token)],
    ['getUsernameAndRoleFromSession', ({ service }, token) => service.getUsernameAndRoleFromSession(token)],
    ['logout', ({ service }, token) => service.logout(token)],
  ])('is never made by %s', async (_, look) => {
    const { calls, ...host } = openCountedHost({ policy: { touchIntervalMs: 0 } });
    const { token } = await host.service.createSession(alice.id);
    host.clock.advance(60 * MINUTE);

    await look(host, token);

    expect(calls).toContain('findSession');
    expect(calls).not.toContain('touchSession');
  });

  it('is made of a session whose role lacks the permission: asking is activity too', async () => {
    const { calls, ...host } = openCountedHost();
    const { token } = await host.service.createSession(alice.id);
    host.clock.advance(60 * MINUTE);

    await expect(host.service.validateSessionWithPermission(token, 'ban_users')).rejects.toThrow();

    expect(calls).toContain('touchSession');
  });

  it('is not made by a wrong secret, nor of a user who is disabled or gone', async () => {
    const { calls, ...host } = openCountedHost({ policy: { touchIntervalMs: 0 } });
    const { token } = await host.service.createSession(alice.id);

    await expect(host.service.validateSession(withWrongSecret(token))).rejects.toThrow();
    await host.directory.deleteUser(alice.id);
    await expect(host.service.validateSession(token)).rejects.toThrow();
    await host.directory.putUser({ ...alice, disabled: true });
    await expect(host.service.validateSession(token)).rejects.toThrow();

    expect(calls).not.toContain('touchSession');
  });
});
