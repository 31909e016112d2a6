import { describe, expect, it } from 'vitest';
import { SessionService } from '../../src/session/session-service.ts';
import type { SessionServiceOptions } from '../../src/session/session-service-options.ts';
import { alice, aria, bob, DAY, MINUTE, NOT_STRINGS, openHost } from './fixture.ts';

const UUID_V7 = '01890a5d-ac96-774b-bcce-b302099a8057';

describe('SessionService', () => {
  it('asks for a store', () => {
    const withoutStore = {} as SessionServiceOptions;

    expect(() => new SessionService(withoutStore)).toThrow(TypeError);
  });

  it('refuses a policy that is impossible', () => {
    expect(() => openHost({ policy: { idleTimeoutMs: 0 } })).toThrow(TypeError);
  });
});

describe('createSession', () => {
  it('mints a token of the session id and 43 characters of base64url', async () => {
    const { service } = openHost();

    const { token, session } = await service.createSession(alice.id);

    expect(token).toMatch(/^mas_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[A-Za-z0-9_-]{43}$/);
    expect(token.startsWith(`mas_${session.id}.`)).toBe(true);
  });

  it('mints another id and another secret each time', async () => {
    const { service } = openHost();

    const created = [];
    for (let n = 0; n < 50; n += 1) created.push(await service.createSession(alice.id));

    expect(new Set(created.map(({ session }) => session.id)).size).toBe(50);
    expect(new Set(created.map(({ token }) => token.split('.')[1])).size).toBe(50);
  });

  it('mints a UUID of version 4 unless told otherwise', async () => {
    const { service } = openHost();

    const { session } = await service.createSession(alice.id);

    expect(session.id).toMatch(/^.{14}4.{4}[89ab].{16}$/);
  });

  it('starts an account-only session, on the default terms', async () => {
    const { clock, service } = openHost();

    const { session } = await service.createSession(alice.id, { clientType: 'telnet' });

    expect(session).toEqual({
      id: session.id,
      userId: alice.id,
      characterId: null,
      clientType: 'telnet',
      createdAt: clock.now(),
      lastActiveAt: clock.now(),
      idleTimeoutMs: 480 * MINUTE,
      absoluteExpiresAt: new Date(clock.now().getTime() + 30 * DAY),
      authenticatedAt: clock.now(),
    });
  });

  it('returns a token that validates as the session', async () => {
    const { service } = openHost();
    const { token, session } = await service.createSession(alice.id);

    const principal = await service.validateSession(token);

    expect(principal.session).toEqual(session);
  });

  it('takes the terms of the role that the user has now', async () => {
    const { directory, service } = openHost({
      policy: { byRole: { admin: { idleTimeoutMs: 5 * MINUTE, absoluteTimeoutMs: DAY } } },
    });
    await directory.putUser({ ...alice, role: 'admin' });

    const { session } = await service.createSession(alice.id);

    expect(session.idleTimeoutMs).toBe(5 * MINUTE);
    expect(session.absoluteExpiresAt.getTime() - session.createdAt.getTime()).toBe(DAY);
  });

  it('keeps the terms of a session whose user changes roles later', async () => {
    const { directory, service } = openHost({ policy: { byRole: { admin: { idleTimeoutMs: MINUTE } } } });
    const { token } = await service.createSession(alice.id);
    await directory.putUser({ ...alice, role: 'admin' });

    const { session } = await service.validateSession(token);

    expect(session.idleTimeoutMs).toBe(480 * MINUTE);
  });

  it.each([
    ['who is unknown', 'user-99'],
    ['without an id', ''],
    ['called __proto__', '__proto__'],
    ['with a NUL in the id', '\0'],
    ['with half a character in the id', '\uD800'],
  ])('refuses a user %s', async (_, userId) => {
    const { service } = openHost();

    await expect(service.createSession(userId)).rejects.toMatchObject({
      code: 'user_not_available',
      status: 403,
    });
  });

  it('refuses a user who is disabled, and stores nothing', async () => {
    const { directory, service } = openHost();
    await directory.putUser({ ...alice, disabled: true });

    await expect(service.createSession(alice.id)).rejects.toMatchObject({
      code: 'user_not_available',
      status: 403,
    });
    expect(await service.getActiveSessionCount()).toBe(0);
  });

  it.each(NOT_STRINGS)('finds %s for a user id a mistake', async (_, userId) => {
    const { service } = openHost();

    await expect(service.createSession(userId)).rejects.toThrow(TypeError);
  });
});

describe('createSession with generateSessionId', () => {
  it('takes a UUID of version 7', async () => {
    const { service } = openHost({ generateSessionId: () => UUID_V7 });

    const { token, session } = await service.createSession(alice.id);

    expect(session.id).toBe(UUID_V7);
    expect((await service.validateSession(token)).session.id).toBe(UUID_V7);
  });

  it.each([
    ['nothing', ''],
    ['a counter', '42'],
    ['upper case', UUID_V7.toUpperCase()],
    ['braces', `{${UUID_V7}}`],
    ['no dashes', UUID_V7.replaceAll('-', '')],
    ['a line break behind it', `${UUID_V7}\n`],
    ['a digit too many', `${UUID_V7}0`],
    ['a digit that is none', UUID_V7.replace('a', 'g')],
    ['undefined', undefined],
    ['a number', 7],
    ['a list of one', [UUID_V7]],
    ['an object that reads as a UUID', { toString: () => UUID_V7 }],
  ])('finds %s a mistake', async (_, id) => {
    // What a host without types might return.
    const { service } = openHost({ generateSessionId: () => id as string });

    await expect(service.createSession(alice.id)).rejects.toThrow(TypeError);
    expect(await service.getActiveSessionCount()).toBe(0);
  });

  it('finds an id in use a mistake, and leaves its session alone', async () => {
    const { service } = openHost({ generateSessionId: () => UUID_V7, policy: { maxSessionsPerUser: 1 } });
    const { token } = await service.createSession(alice.id);

    await expect(service.createSession(alice.id)).rejects.toThrow(TypeError);
    await expect(service.createSession(bob.id)).rejects.toThrow(TypeError);

    expect((await service.validateSession(token)).username).toBe('alice');
    expect(await service.getActiveSessionCount()).toBe(1);
  });
});

describe('createSession with a clientType', () => {
  it.each([
    ['keeps plain text', 'Mudlet 4.17', 'Mudlet 4.17'],
    ['keeps other scripts', 'Müdlet 日本語 🐉', 'Müdlet 日本語 🐉'],
    ['takes off the space around it', '  telnet\t', 'telnet'],
    ['takes out line breaks', 'tel\r\nnet', 'telnet'],
    ['takes out NUL, backspace and DEL', 't\0e\bl\u007fnet', 'telnet'],
    ['takes out what a terminal obeys', '\u001b[31mred\u001b[0m', '[31mred[0m'],
    ['takes out the one-byte escape of C1', '\u009b31mred\u0085', '31mred'],
    ['takes out bidi controls', 'a\u202eb\u202cc\u2066d\u2069e\u200ff\u061cg', 'abcdefg'],
    ['takes out the line and paragraph separators of Unicode', 'a\u2028b\u2029c', 'abc'],
    ['replaces lone surrogates', 'a\ud800b\udc00', 'a\ufffdb\ufffd'],
    ['keeps 64 characters', 'x'.repeat(64), 'x'.repeat(64)],
    ['cuts the 65th', `${'x'.repeat(64)}y`, 'x'.repeat(64)],
    ['cuts a megabyte', 'x'.repeat(1_048_576), 'x'.repeat(64)],
    [
      'counts what is left, not what was taken out',
      `${'\u001b'.repeat(100)}${'x'.repeat(100)}`,
      'x'.repeat(64),
    ],
    ['leaves no space where it cuts', `${'x'.repeat(63)} y`, 'x'.repeat(63)],
    ['looks no further than 256 characters', `${'\u001b'.repeat(256)}telnet`, ''],
    ['does not cut a character in half', `${'x'.repeat(63)}🐉`, `${'x'.repeat(63)}\ufffd`],
    ['may be empty', '', ''],
    ['has nothing left of nothing but controls', '\u001b\u0007 \r\n', ''],
  ])('%s', async (_, clientType, kept) => {
    const { service } = openHost();

    const { session } = await service.createSession(alice.id, { clientType });

    expect(session.clientType).toBe(kept);
  });

  it('is empty where the host says nothing', async () => {
    const { service } = openHost();

    const { session } = await service.createSession(alice.id);

    expect(session.clientType).toBe('');
  });

  it.each(NOT_STRINGS.filter(([title]) => title !== 'undefined'))(
    'finds %s a mistake',
    async (_, clientType) => {
      const { service } = openHost();

      await expect(service.createSession(alice.id, { clientType })).rejects.toThrow(TypeError);
      expect(await service.getActiveSessionCount()).toBe(0);
    },
  );

  it('never takes the authority of a session from what comes with it', async () => {
    const { service } = openHost();
    const forged = { userId: bob.id, role: 'superuser', id: UUID_V7, characterId: aria.id, idleTimeoutMs: 1 };

    const { session } = await service.createSession(alice.id, forged as object);

    expect(session).toMatchObject({ userId: alice.id, characterId: null, idleTimeoutMs: 480 * MINUTE });
    expect(session.id).not.toBe(UUID_V7);
  });
});
