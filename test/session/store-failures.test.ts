import { principalOf } from '../../src/session/principal.ts';
import { definePolicy } from '../../src/session/session-policy.ts';
import type { Session } from '../../src/session/session.ts';
import { newSession } from '../../src/stores/memory/new-session.ts';
import { describe, expect, it } from 'vitest';
import { InvalidSessionError, SessionStoreError } from '../../src/errors.ts';
import { MemoryDirectory } from '../../src/stores/memory/memory-directory.ts';
import {
  alice,
  aria,
  type Around,
  errorOf,
  type Host,
  MINUTE,
  openHost,
  REFUSED,
  withWrongSecret,
} from './fixture.ts';

const UNAVAILABLE = { code: 'store_unavailable', status: 503 } as const;

type Call = (host: Host, token: string, id: string) => Promise<unknown>;

const TOKEN_CALLS: Readonly<Record<string, Call>> = {
  validateSession: ({ service }, token) => service.validateSession(token),
  validateSessionForGame: ({ service }, token) => service.validateSessionForGame(token),
  validateSessionWithPermission: ({ service }, token) => service.validateSessionWithPermission(token, 'chat'),
  getUsernameFromSession: ({ service }, token) => service.getUsernameFromSession(token),
  getUsernameAndRoleFromSession: ({ service }, token) => service.getUsernameAndRoleFromSession(token),
  selectCharacter: ({ service }, token) => service.selectCharacter(token, aria.id),
  releaseCharacter: ({ service }, token) => service.releaseCharacter(token),
  logout: ({ service }, token) => service.logout(token),
  reauthenticate: ({ service }, token) => service.reauthenticate(token),
};

const OTHER_CALLS: Readonly<Record<string, Call>> = {
  createSession: ({ service }) => service.createSession(alice.id),
  checkSession: ({ service }, _token, id) => service.checkSession(id),
  removeSession: ({ service }, _, id) => service.removeSession(id),
  removeSessionsForUser: ({ service }) => service.removeSessionsForUser(alice.id),
  credentialsChanged: ({ service }) => service.credentialsChanged(alice.id),
  requireRecentAuthentication: ({ service }, _, id) =>
    service.requireRecentAuthentication(principalOf(sessionWith(id), alice), 1_000),
  removeSessionsForCharacter: ({ service }) => service.removeSessionsForCharacter(aria.id),
  clearAllSessions: ({ service }) => service.clearAllSessions(),
  cleanupExpiredSessions: ({ service }) => service.cleanupExpiredSessions(),
  getActiveSessionCount: ({ service }) => service.getActiveSessionCount(),
  getActiveCharacters: ({ service }) => service.getActiveCharacters('mist'),
};

const CALLS = { ...TOKEN_CALLS, ...OTHER_CALLS };

describe('a store that cannot answer', () => {
  it('is tried with every method of the service', () => {
    const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(openHost().service));

    expect(new Set(Object.keys(CALLS))).toEqual(new Set(methods.filter((name) => name !== 'constructor')));
  });

  it.each(Object.entries(CALLS))('lets its error out of %s as it is', async (_, call) => {
    const outage = new SessionStoreError('no route to host', { retryable: true, outcome: 'unknown' });
    const { host, token, id, fail } = await failing(() => true, outage);
    fail();

    expect(await errorOf(call(host, token, id))).toBe(outage);
  });

  it.each(Object.entries(CALLS))('rejects in %s, though the store throws at once', async (_, call) => {
    let isDown = false;
    const { host, token, id } = await playing(
      openHost({
        around(_method, answer) {
          if (isDown)
            throw new SessionStoreError('no route to host', { retryable: true, outcome: 'unknown' });

          return answer();
        },
      }),
    );
    isDown = true;

    const promise = call(host, token, id);

    await expect(promise).rejects.toMatchObject(UNAVAILABLE);
  });

  it.each(Object.entries(TOKEN_CALLS))(
    'is no refusal in %s of a token with a wrong secret either',
    async (_, call) => {
      const { host, token, id, fail } = await failing(() => true);
      fail();

      await expect(call(host, withWrongSecret(token), id)).rejects.toMatchObject(UNAVAILABLE);
    },
  );

  it.each(Object.entries(TOKEN_CALLS))(
    'is no refusal in %s when the reason of an end cannot be read',
    async (_, call) => {
      const { host, token, id, fail } = await failing((method) => method === 'findEnding');
      await host.service.removeSession(id);
      fail();

      await expect(call(host, token, id)).rejects.toMatchObject(UNAVAILABLE);
    },
  );

  it.each(Object.entries(TOKEN_CALLS))(
    'is no refusal in %s when an expired session cannot be ended',
    async (_, call) => {
      const { host, token, id, fail } = await failing((method) => method === 'expireSession');
      host.clock.advance(480 * MINUTE);
      fail();

      await expect(call(host, token, id)).rejects.toMatchObject(UNAVAILABLE);
    },
  );

  it.each(Object.entries(TOKEN_CALLS))(
    'is no refusal in %s when the session of a banned user cannot be ended',
    async (_, call) => {
      const { host, token, id, fail } = await failing((method) => method === 'endSession');
      await host.directory.putUser({ ...alice, disabled: true });
      fail();

      await expect(call(host, token, id)).rejects.toMatchObject(UNAVAILABLE);
    },
  );

  it('is no valid session when a touch that is due cannot be written', async () => {
    const { host, token, fail } = await failing((method) => method === 'touchSession');
    host.clock.advance(MINUTE);
    fail();

    await expect(host.service.validateSession(token)).rejects.toMatchObject(UNAVAILABLE);
    await expect(host.service.validateSession(token, { touch: false })).resolves.toBeDefined();
  });

  it('leaves a session valid that it could not end, and a retry ends it', async () => {
    const { host, token, id, fail, recover } = await failing((method) => method === 'endSession');
    fail();
    await expect(host.service.removeSession(id)).rejects.toMatchObject(UNAVAILABLE);
    await expect(host.service.validateSession(token)).resolves.toBeDefined();

    recover();

    expect(await host.service.removeSession(id)).toBe(true);
  });
});

describe('a directory that cannot answer', () => {
  it.each([
    ['rejects', (): Promise<never> => Promise.reject(new Error('the host database is down'))],
    [
      'throws at once',
      (): never => {
        throw new Error('the host database is down');
      },
    ],
    ['rejects with what is no error', (): Promise<never> => Promise.reject('down')],
    ['rejects with a refusal of ours', (): Promise<never> => Promise.reject(new InvalidSessionError())],
  ])('and %s is a store that cannot answer, for whoever asks after users', async (_, answer) => {
    const { directory, host, token, id } = await onFallibleDirectory();
    directory.answer = answer;

    const failure = { ...UNAVAILABLE, retryable: true, outcome: 'not-applied' };
    for (const call of Object.values(TOKEN_CALLS))
      await expect(call(host, token, id)).rejects.toMatchObject(failure);
    await expect(host.service.createSession(alice.id)).rejects.toMatchObject(failure);
    await expect(host.service.getActiveCharacters('mist')).rejects.toMatchObject(failure);
  });

  it('and answers undefined has found nobody: a refusal, and no failure', async () => {
    const { directory, host, token } = await onFallibleDirectory();
    // What a host without types might answer where null is meant.
    directory.answer = () => Promise.resolve(undefined as never);

    await expect(host.service.createSession(alice.id)).rejects.toMatchObject({ code: 'user_not_available' });
    await expect(host.service.validateSession(token)).rejects.toMatchObject(REFUSED);
    expect(await host.service.getActiveCharacters('mist')).toEqual([]);
    expect(await host.service.getUsernameFromSession(token)).toBeNull();
  });

  it('keeps what the host threw as the cause', async () => {
    const { directory, host, token } = await onFallibleDirectory();
    const cause = new Error('the host database is down');
    directory.answer = () => Promise.reject(cause);

    await expect(host.service.validateSession(token)).rejects.toMatchObject({ cause });
  });

  it('lets a SessionStoreError of the host through as it is', async () => {
    const { directory, host, token } = await onFallibleDirectory();
    const outage = new SessionStoreError('read-only', {
      retryable: false,
      outcome: 'not-applied',
      sqlState: '25006',
    });
    directory.answer = () => Promise.reject(outage);

    expect(await errorOf(host.service.validateSession(token))).toBe(outage);
  });

  it('does not keep a session from being ended', async () => {
    const { directory, host, id } = await onFallibleDirectory();
    directory.answer = () => Promise.reject(new Error('the host database is down'));

    expect(await host.service.removeSession(id)).toBe(true);
    expect(await host.service.removeSessionsForUser(alice.id)).toBe(0);
    expect(await host.service.clearAllSessions()).toBe(0);
    expect(await host.service.getActiveSessionCount()).toBe(0);
  });

  it('ends no session: all is well when it answers again', async () => {
    const { directory, host, token } = await onFallibleDirectory();
    directory.answer = () => Promise.reject(new Error('the host database is down'));
    await expect(host.service.validateSession(token)).rejects.toMatchObject(UNAVAILABLE);

    directory.answer = null;

    await expect(host.service.validateSessionForGame(token)).resolves.toMatchObject({ characterId: aria.id });
  });
});

class FallibleDirectory extends MemoryDirectory {
  /** What it does in place of answering. */
  answer: (() => Promise<never>) | null = null;

  override findUser(userId: string): ReturnType<MemoryDirectory['findUser']> {
    return this.answer === null ? super.findUser(userId) : this.answer();
  }

  override findCharacter(characterId: string): ReturnType<MemoryDirectory['findCharacter']> {
    return this.answer === null ? super.findCharacter(characterId) : this.answer();
  }
}

async function onFallibleDirectory(): Promise<Playing & { readonly directory: FallibleDirectory }> {
  const directory = new FallibleDirectory({ users: [alice], characters: [aria] });

  return { ...(await playing(openHost({ directory }))), directory };
}

async function failing(
  fails: (method: Parameters<Around>[0]) => boolean,
  error = new SessionStoreError('no route to host', { retryable: true, outcome: 'unknown' }),
): Promise<Playing & { readonly fail: () => void; readonly recover: () => void }> {
  let isDown = false;
  const around: Around = (method, call) => (isDown && fails(method) ? Promise.reject(error) : call());

  return {
    ...(await playing(openHost({ around }))),
    fail: () => {
      isDown = true;
    },
    recover: () => {
      isDown = false;
    },
  };
}

function sessionWith(id: string): Session {
  const terms = definePolicy().terms;
  const input = { id, userId: alice.id, clientType: '', isAuthenticated: true };

  return newSession({ ...input, secretHash: new Uint8Array(), policy: definePolicy() }, terms, new Date());
}

interface Playing {
  readonly host: Host;
  readonly token: string;
  readonly id: string;
}

async function playing(host: Host): Promise<Playing> {
  const { token, session } = await host.service.createSession(alice.id);
  await host.service.selectCharacter(token, aria.id);

  return { host, token, id: session.id };
}
