import { describe, expect, it } from 'vitest';
import type { RemoveOptions } from '../../src/session/removal.ts';
import { newUuid } from '../../src/token.ts';
import {
  alice,
  aria,
  bob,
  borin,
  errorOf,
  type Host,
  MINUTE,
  NOT_STRINGS,
  openCountedHost,
  openHost,
  REFUSED,
} from './fixture.ts';

describe('removeSession', () => {
  it('is true once, and false from then on', async () => {
    const { service } = openHost();
    const { session } = await service.createSession(alice.id);

    expect(await service.removeSession(session.id)).toBe(true);
    expect(await service.removeSession(session.id)).toBe(false);
  });

  it('ends the one session', async () => {
    const { service } = openHost();
    const { token, session } = await service.createSession(alice.id);
    const other = await service.createSession(alice.id);

    await service.removeSession(session.id);

    await expect(service.validateSession(token)).rejects.toMatchObject({ ...REFUSED, reason: 'kicked' });
    await expect(service.validateSession(other.token)).resolves.toBeDefined();
  });

  it('is false for a session that has expired', async () => {
    const { clock, service } = openHost();
    const { session } = await service.createSession(alice.id);

    clock.advance(480 * MINUTE);

    expect(await service.removeSession(session.id)).toBe(false);
  });

  it('ends the session of a user whom the host no longer knows', async () => {
    const { directory, service } = openHost();
    const { session } = await service.createSession(alice.id);
    await directory.deleteUser(alice.id);

    expect(await service.removeSession(session.id)).toBe(true);
  });

  it.each(['', 'x', '__proto__', 'constructor', '\0', '\ud800', "' OR 1=1 --", 'f'.repeat(1_048_576)])(
    'is false for what is no session id (%#), and asks nothing of the store',
    async (sessionId) => {
      const { calls, service } = openCountedHost();

      expect(await service.removeSession(sessionId)).toBe(false);
      expect(calls).toEqual([]);
    },
  );

  it('is false for an unknown id, and for one in upper case', async () => {
    const { service } = openHost();
    const { session } = await service.createSession(alice.id);

    expect(await service.removeSession(newUuid())).toBe(false);
    expect(await service.removeSession(session.id.toUpperCase())).toBe(false);
    expect(await service.getActiveSessionCount()).toBe(1);
  });

  it.each<[string, (token: string) => string]>([
    ['a token', (token) => token],
    ['a remember token', (token) => token.replace('mas_', 'mar_')],
    ['a ticket', (token) => token.replace('mas_', 'mat_')],
    ['a token of a kind yet to come', (token) => token.replace('mas_', 'maz_')],
    ['half a token', (token) => token.slice(0, 60)],
    ['a token with a space before it', (token) => ` ${token}`],
    ['a token after a line break', (token) => `\r\n\t${token}`],
    ['a token in upper case', (token) => token.toUpperCase()],
    ['a token after its scheme', (token) => `Bearer ${token}`],
    ['a token in quotes', (token) => `"${token}"`],
  ])('finds %s a mistake, ends nothing, and does not repeat it', async (_, change) => {
    const { calls, service } = openCountedHost();
    const { token } = await service.createSession(alice.id);
    const mistaken = change(token);
    calls.length = 0;

    const error = await errorOf(service.removeSession(mistaken));

    expect(error).toBeInstanceOf(TypeError);
    expect(calls).toEqual([]);
    const said = `${error.message}\n${error.stack}\n${JSON.stringify(error)}`.toLowerCase();
    expect(said).not.toContain(mistaken.trim().slice(4).toLowerCase());
    expect(said).not.toContain(token.slice(41, 60).toLowerCase());
  });

  it.each(NOT_STRINGS)('finds %s for a session id a mistake', async (_, sessionId) => {
    const { service } = openHost();

    await expect(service.removeSession(sessionId)).rejects.toThrow(TypeError);
  });
});

describe('removeSessionsForUser', () => {
  it('ends every session of the user and of nobody else, and counts them', async () => {
    const { service } = openHost();
    const ofAlice = [await service.createSession(alice.id), await service.createSession(alice.id)];
    const ofBob = await service.createSession(bob.id);

    expect(await service.removeSessionsForUser(alice.id)).toBe(2);

    for (const { token } of ofAlice) {
      await expect(service.validateSession(token)).rejects.toMatchObject({ ...REFUSED, reason: 'kicked' });
    }
    await expect(service.validateSession(ofBob.token)).resolves.toBeDefined();
    expect(await service.removeSessionsForUser(alice.id)).toBe(0);
  });

  it('counts no expired session', async () => {
    const { clock, service } = openHost();
    await service.createSession(alice.id);
    clock.advance(1);
    await service.createSession(alice.id);
    clock.advance(480 * MINUTE - 1);

    expect(await service.removeSessionsForUser(alice.id)).toBe(1);
  });

  it.each(['user-99', '', '\0', '__proto__'])(
    'counts nothing for a user who is unknown (%#)',
    async (userId) => {
      const { service } = openHost();
      await service.createSession(alice.id);

      expect(await service.removeSessionsForUser(userId)).toBe(0);
      expect(await service.getActiveSessionCount()).toBe(1);
    },
  );

  it.each(NOT_STRINGS)('finds %s for a user id a mistake', async (_, userId) => {
    const { service } = openHost();

    await expect(service.removeSessionsForUser(userId)).rejects.toThrow(TypeError);
  });
});

describe('removeSessionsForCharacter', () => {
  it('ends the session that plays the character, and no other', async () => {
    const { service } = openHost();
    const playing = await service.createSession(alice.id);
    const other = await service.createSession(alice.id);
    await service.selectCharacter(playing.token, aria.id);
    await service.selectCharacter(other.token, borin.id);

    expect(await service.removeSessionsForCharacter(aria.id)).toBe(1);

    await expect(service.validateSession(playing.token)).rejects.toMatchObject({
      ...REFUSED,
      reason: 'kicked',
    });
    await expect(service.validateSessionForGame(other.token)).resolves.toMatchObject({
      characterId: borin.id,
    });
    expect(await service.removeSessionsForCharacter(aria.id)).toBe(0);
  });

  it('ends the session though the character is deleted by now', async () => {
    const { directory, service } = openHost();
    const { token } = await service.createSession(alice.id);
    await service.selectCharacter(token, aria.id);
    await directory.deleteCharacter(aria.id);

    expect(await service.removeSessionsForCharacter(aria.id)).toBe(1);
  });

  it('counts nothing for a character that is unknown, not played, or released', async () => {
    const { service } = openHost();
    const { token } = await service.createSession(alice.id);
    await service.selectCharacter(token, aria.id);
    await service.releaseCharacter(token);

    for (const id of [aria.id, borin.id, 'character-99', '', '__proto__']) {
      expect(await service.removeSessionsForCharacter(id)).toBe(0);
    }
    await expect(service.validateSession(token)).resolves.toBeDefined();
  });

  it.each(NOT_STRINGS)('finds %s for a character id a mistake', async (_, characterId) => {
    const { service } = openHost();

    await expect(service.removeSessionsForCharacter(characterId)).rejects.toThrow(TypeError);
  });
});

describe.each<[string, (host: Host, sessionId: string, options?: RemoveOptions) => Promise<unknown>]>([
  ['removeSession', ({ service }, id, options) => service.removeSession(id, options)],
  ['removeSessionsForUser', ({ service }, _, options) => service.removeSessionsForUser(alice.id, options)],
  [
    'removeSessionsForCharacter',
    ({ service }, _, options) => service.removeSessionsForCharacter(aria.id, options),
  ],
])('the options of %s', (_, remove) => {
  it.each(['logged_out', 'kicked', 'banned', 'credentials_changed'] as const)(
    'may give the reason %s',
    async (reason) => {
      const { host, token, id } = await openPlaying();

      await remove(host, id, { reason });

      await expect(host.service.validateSession(token)).rejects.toMatchObject({ ...REFUSED, reason });
    },
  );

  it('may name whose doing it was, for the record', async () => {
    const { host, id } = await openPlaying();

    await remove(host, id, { actorId: bob.id });

    expect((await host.store.findEnding(id))?.ending).toMatchObject({ reason: 'kicked', actorId: bob.id });
  });

  it('name nobody by default', async () => {
    const { host, id } = await openPlaying();

    await remove(host, id);

    expect((await host.store.findEnding(id))?.ending).toMatchObject({ reason: 'kicked', actorId: null });
  });

  it.each(['expired', 'replaced', 'taken_over', 'cleared', '', 'KICKED', '__proto__', null, 1, ['kicked']])(
    'may not give the reason %o, and nothing is ended then',
    async (reason) => {
      const { host, id, token } = await openPlaying();
      // What a host without types might pass.
      const options = { reason } as unknown as RemoveOptions;

      await expect(remove(host, id, options)).rejects.toThrow(TypeError);
      await expect(host.service.validateSession(token)).resolves.toBeDefined();
    },
  );

  it.each(NOT_STRINGS.filter(([title]) => title !== 'undefined'))(
    'may not name %s as actor',
    async (__, actorId) => {
      const { host, id, token } = await openPlaying();

      await expect(remove(host, id, { actorId })).rejects.toThrow(TypeError);
      await expect(host.service.validateSession(token)).resolves.toBeDefined();
    },
  );
});

async function openPlaying(): Promise<{ host: Host; token: string; id: string }> {
  const host = openHost();
  const { token, session } = await host.service.createSession(alice.id);
  await host.service.selectCharacter(token, aria.id);

  return { host, token, id: session.id };
}
