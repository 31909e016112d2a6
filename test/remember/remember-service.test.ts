import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { MaintenanceError, SessionStoreError, UserNotAvailableError } from '../../src/errors.ts';
import { LocalSessionEvents, type SessionEvent } from '../../src/live/session-events.ts';
import { type RememberFamily, RememberService } from '../../src/remember/index.ts';
import { defineRoles } from '../../src/roles/roles.ts';
import {
  alice,
  aria,
  bob,
  DAY,
  errorOf,
  MINUTE,
  NOT_STRINGS,
  REFUSED,
  refusalOf,
  SECOND,
  withWrongSecret,
} from '../session/fixture.ts';
import { openRemembering, type RememberingHost, type RememberingHostOptions } from './fixture.ts';

describe('signing in', () => {
  it('remembers nobody who does not wish it', async () => {
    const { remember, service } = openRemembering();

    const { rememberToken, token } = await remember.signIn(alice.id, { clientType: 'web' });

    expect(rememberToken).toBeNull();
    expect(await service.validateSession(token)).toMatchObject({ session: { clientType: 'web' } });
  });

  it('gives who wishes it a token of another kind than a session has', async () => {
    const { remember } = openRemembering();

    const { rememberToken, session } = await remember.signIn(alice.id, { remember: true });

    expect(rememberToken).toMatch(/^mar_[0-9a-f-]{36}\.[\w-]{43}$/);
    expect(rememberToken).not.toContain(session.id);
  });

  it.each(['worldbuilder', 'admin', 'superuser', 'unheard of'])('never remembers staff: %s', async (role) => {
    const { directory, remember, service } = openRemembering();
    await directory.putUser({ ...alice, role });

    const { rememberToken, token } = await remember.signIn(alice.id, { remember: true });

    expect(rememberToken).toBeNull();
    await expect(service.validateSession(token)).resolves.toBeDefined();
  });

  it('remembers whom the host says', async () => {
    const { directory, remember } = openRemembering({
      remember: { mayRemember: (role) => role === 'admin' },
    });
    await directory.putUser({ ...bob, role: 'admin' });

    expect((await remember.signIn(alice.id, { remember: true })).rememberToken).toBeNull();
    expect((await remember.signIn(bob.id, { remember: true })).rememberToken).not.toBeNull();
  });

  it('remembers nobody by a rule that gives a promise', async () => {
    const { remember } = openRemembering({ remember: { mayRemember: (async () => false) as never } });

    expect((await remember.signIn(alice.id, { remember: true })).rememberToken).toBeNull();
  });

  it('remembers all of the lowest rank of a table of the host', async () => {
    const roles = defineRoles({
      permissions: [],
      roles: {
        guest: { rank: 0, permissions: [] },
        player: { rank: 0, permissions: [] },
        wizard: { rank: 5, permissions: [] },
      },
    });
    const { remember } = openRemembering({ roles });

    expect((await remember.signIn(alice.id, { remember: true })).rememberToken).not.toBeNull();
  });

  it('leaves no session behind if the client cannot be remembered', async () => {
    const { errors, remember, store } = openRemembering({
      around: (method, call) => (method === 'startFamily' ? Promise.reject(outage('not-applied')) : call()),
    });

    await expect(remember.signIn(alice.id, { remember: true })).rejects.toMatchObject({ status: 503 });

    expect(await store.countActiveSessions(0)).toBe(0);
    expect(errors).toEqual([]);
  });

  it('tells who is refused a session why, as ever', async () => {
    const { remember } = openRemembering();

    await expect(remember.signIn('nobody', { remember: true })).rejects.toBeInstanceOf(UserNotAvailableError);
    await expect(remember.signIn(alice.id, { remember: 'yes' as never })).rejects.toBeInstanceOf(TypeError);
  });
});

describe('coming back', () => {
  it('gives a new session and the token that follows', async () => {
    const { remember, service } = openRemembering();
    const first = await signedIn(remember);

    const second = await remember.redeem(first.rememberToken, { clientType: 'web' });

    expect(second.session.id).not.toBe(first.session.id);
    expect(second.rememberToken).not.toBe(first.rememberToken);
    expect(second.rememberToken.slice(0, 41)).toBe(first.rememberToken.slice(0, 41));
    expect(await service.validateSession(second.token)).toMatchObject({ userId: alice.id });
  });

  it('leaves the sessions alone that there are', async () => {
    const { remember, service } = openRemembering();
    const first = await signedIn(remember);

    await remember.redeem(first.rememberToken);

    await expect(service.validateSession(first.token)).resolves.toBeDefined();
  });

  it('does not count as recently authenticated, as a sign-in does', async () => {
    const { clock, remember } = openRemembering();
    const first = await signedIn(remember);

    const second = await remember.redeem(first.rememberToken);

    expect(first.session.authenticatedAt).toEqual(clock.now());
    expect(second.session.authenticatedAt).toBeNull();
  });

  it('is on the rights that the user has now', async () => {
    const { directory, remember, service } = openRemembering({ remember: { mayRemember: () => true } });
    const first = await signedIn(remember);
    await directory.putUser({ ...alice, username: 'alicia', role: 'worldbuilder' });

    const { token } = await remember.redeem(first.rememberToken);

    expect(await service.validateSession(token)).toMatchObject({ username: 'alicia', role: 'worldbuilder' });
  });

  it('works from one day to the next until the absolute end, which never moves', async () => {
    const { clock, remember } = openRemembering();
    let { rememberToken } = await signedIn(remember);
    for (let day = 0; day < 29; day += 1) {
      clock.advance(DAY);
      ({ rememberToken } = await remember.redeem(rememberToken));
    }

    clock.advance(DAY - 1);
    ({ rememberToken } = await remember.redeem(rememberToken));
    clock.advance(1);

    await expect(remember.redeem(rememberToken)).rejects.toMatchObject(REFUSED);
  });

  it('is refused after fourteen days without', async () => {
    const { clock, remember } = openRemembering();
    const { rememberToken } = await signedIn(remember);
    clock.advance(14 * DAY - 1);
    const { rememberToken: successor } = await remember.redeem(rememberToken);
    clock.advance(14 * DAY);

    await expect(remember.redeem(successor)).rejects.toMatchObject(REFUSED);
  });

  it('gives all who come at once with one token, and those whose answer was lost, the same one', async () => {
    const { clock, remember, service } = openRemembering();
    const { rememberToken } = await signedIn(remember);

    const racers = await Promise.all(Array.from({ length: 20 }, () => remember.redeem(rememberToken)));
    clock.advance(10 * SECOND - 1);
    const late = await remember.redeem(rememberToken);

    expect(new Set([...racers, late].map((one) => one.rememberToken)).size).toBe(1);
    for (const { token } of [...racers, late]) await service.validateSession(token);
  });

  it('goes on from the successor that all got', async () => {
    const { remember } = openRemembering();
    const { rememberToken } = await signedIn(remember);
    const [one, other] = await Promise.all([remember.redeem(rememberToken), remember.redeem(rememberToken)]);

    const next = await remember.redeem(one.rememberToken);

    expect((await remember.redeem(other.rememberToken)).rememberToken).toBe(next.rememberToken);
  });

  it('stays possible where there can be no session now', async () => {
    const { clock, mode, remember, store } = openRemembering();
    const { rememberToken } = await signedIn(remember);
    await mode.start({ admit: 'admin', message: 'Back soon.' });

    await expect(remember.redeem(rememberToken)).rejects.toBeInstanceOf(MaintenanceError);
    clock.advance(MINUTE);
    await expect(remember.redeem(rememberToken)).rejects.toBeInstanceOf(MaintenanceError);
    await mode.end();

    await expect(remember.redeem(rememberToken)).resolves.toBeDefined();
    expect(await store.countActiveSessions(0)).toBe(2);
  });

  it('stays possible where the limit is reached', async () => {
    const { clock, remember } = openRemembering({
      policy: { maxSessionsPerUser: 1, sessionLimitPolicy: 'reject' },
    });
    const { rememberToken } = await signedIn(remember);

    await expect(remember.redeem(rememberToken)).rejects.toMatchObject({ code: 'session_limit_reached' });
    clock.advance(DAY); // the session that was in the way has expired

    await expect(remember.redeem(rememberToken)).resolves.toBeDefined();
  });

  it('gives no session that outlives the absolute end of the client', async () => {
    const { clock, remember, service } = openRemembering();
    let { rememberToken, session } = await signedIn(remember);
    for (const days of [13, 13, 3]) {
      clock.advance(days * DAY);
      ({ rememberToken, session } = await remember.redeem(rememberToken));
    }

    expect(session.absoluteExpiresAt.getTime() - clock.now().getTime()).toBe(DAY);
    expect((await service.checkSession(session.id)).principal.session).toEqual(session);
  });

  it.each(['maintenance', 'replaced'] as const)(
    'is a 503, and costs nobody his token, when the new session ends at once: %s',
    async (reason) => {
      let begun: string | null = null;
      const host = openRemembering({
        async around(method, call) {
          if (begun !== null && (method === 'findSession' || method === 'redeemToken')) {
            await host.store.endSession(begun, { reason, actorId: null });
            begun = null;
          }
          const result = await call();
          if (method === 'createSession' && isWatched)
            begun = (result as { session: { id: string } }).session.id;
          return result;
        },
      });
      let isWatched = false;
      const { rememberToken } = await signedIn(host.remember);
      isWatched = true;

      await expect(host.remember.redeem(rememberToken)).rejects.toMatchObject({
        status: 503,
        retryable: true,
      });
      isWatched = false;

      await expect(host.remember.redeem(rememberToken)).resolves.toBeDefined();
    },
  );

  it('is over when the session is kicked before its holder has it', async () => {
    const host = openRemembering({
      async around(method, call) {
        if (method === 'redeemToken')
          for (const one of newest.splice(0)) await host.service.removeSession(one);
        const result = await call();
        if (method === 'createSession') newest.push((result as { session: { id: string } }).session.id);
        return result;
      },
    });
    const newest: string[] = [];
    const { rememberToken } = await signedIn(host.remember);

    await expect(host.remember.redeem(rememberToken)).rejects.toMatchObject(REFUSED);
    await expect(host.remember.redeem(rememberToken)).rejects.toMatchObject(REFUSED);
  });

  it('is over for a user who is disabled on the way, also when he is enabled again', async () => {
    const host = openRemembering({
      async around(method, call) {
        const result = await call();
        if (method === 'createSession' && isWatched)
          await host.directory.putUser({ ...alice, disabled: true });
        return result;
      },
    });
    let isWatched = false;
    const { rememberToken } = await signedIn(host.remember);
    isWatched = true;

    await expect(host.remember.redeem(rememberToken)).rejects.toMatchObject({ status: 401 });
    isWatched = false;
    await host.directory.putUser(alice);

    await expect(host.remember.redeem(rememberToken)).rejects.toMatchObject(REFUSED);
  });

  it.each(['not-applied', 'unknown'] as const)(
    'costs nobody his token when the store fails (%s) on the way',
    async (outcome) => {
      const failing = new Set<string>();
      const { remember } = openRemembering({
        async around(method, call) {
          const result = outcome === 'unknown' ? await call() : null;
          if (failing.delete(method)) throw outage(outcome);
          return result ?? call();
        },
      });
      let { rememberToken } = await signedIn(remember);

      for (const method of ['findToken', 'createSession', 'findSession', 'redeemToken']) {
        failing.add(method);
        await expect(remember.redeem(rememberToken)).rejects.toMatchObject({ status: 503 });

        ({ rememberToken } = await remember.redeem(rememberToken));
      }
    },
  );

  it('leaves no session behind when the store fails before the token is used, whatever it did', async () => {
    let fails = false;
    const { remember, store } = openRemembering({
      around: (method, call) =>
        method === 'findSession' && fails ? Promise.reject(outage('unknown')) : call(),
    });
    const { rememberToken } = await signedIn(remember);
    fails = true;

    await expect(remember.redeem(rememberToken)).rejects.toMatchObject({ status: 503 });

    expect(await store.countActiveSessions(0)).toBe(1);
  });

  it('leaves no session behind when the store has applied nothing', async () => {
    let fails = true;
    const { remember, store } = openRemembering({
      around: (method, call) =>
        method === 'redeemToken' && fails ? Promise.reject(outage('not-applied')) : call(),
    });
    const { rememberToken } = await signedIn(remember);

    await expect(remember.redeem(rememberToken)).rejects.toMatchObject({ status: 503 });

    expect(await store.countActiveSessions(0)).toBe(1);
    fails = false;
    await expect(remember.redeem(rememberToken)).resolves.toBeDefined();
  });
});

describe('a token that comes again after the grace', () => {
  it('ends all that hangs on it before it is refused', async () => {
    const { clock, remember, service } = openRemembering();
    const first = await signedIn(remember);
    const second = await remember.redeem(first.rememberToken);
    clock.advance(10 * SECOND);

    await expect(remember.redeem(first.rememberToken)).rejects.toMatchObject(REFUSED);

    await expect(remember.redeem(second.rememberToken)).rejects.toMatchObject(REFUSED);
    for (const { token } of [first, second])
      await expect(service.validateSession(token)).rejects.toMatchObject({ reason: 'reuse_detected' });
  });

  it('leaves the other clients and sessions of the user alone', async () => {
    const { clock, remember, service } = openRemembering();
    const first = await signedIn(remember);
    const other = await signedIn(remember);
    await remember.redeem(first.rememberToken);
    clock.advance(10 * SECOND);

    await expect(remember.redeem(first.rememberToken)).rejects.toMatchObject(REFUSED);

    await expect(service.validateSession(other.token)).resolves.toBeDefined();
    await expect(remember.redeem(other.rememberToken)).resolves.toBeDefined();
  });

  it('is told to connections on every node, and once to the host', async () => {
    const events = new LocalSessionEvents();
    const heard: SessionEvent[] = [];
    events.subscribe({ heard: (event) => void heard.push(event), missed() {} });
    const told: RememberFamily[] = [];
    const { clock, remember } = openRemembering({
      events,
      remember: { onReuse: (family) => void told.push(family) },
    });
    const first = await signedIn(remember);
    const { session } = await remember.redeem(first.rememberToken);
    clock.advance(10 * SECOND);

    await errorOf(remember.redeem(first.rememberToken));
    await errorOf(remember.redeem(first.rememberToken));

    expect(heard.map((event) => ('sessionId' in event ? event.sessionId : '')).toSorted()).toEqual(
      [first.session.id, session.id].toSorted(),
    );
    expect(heard).toMatchObject([{ reason: 'reuse_detected' }, { reason: 'reuse_detected' }]);
    expect(told).toMatchObject([{ userId: alice.id, clientType: 'web' }]);
  });

  it('is refused though the host fails when it is told', async () => {
    const { clock, errors, remember } = openRemembering({
      remember: {
        onReuse: () => {
          throw new Error('the mail server is down');
        },
      },
    });
    const first = await signedIn(remember);
    await remember.redeem(first.rememberToken);
    clock.advance(10 * SECOND);

    await expect(remember.redeem(first.rememberToken)).rejects.toMatchObject(REFUSED);

    await setImmediate();
    expect(errors).toMatchObject([{ message: 'the mail server is down' }]);
  });

  it('says 503, and is known the next time, if the end cannot be written', async () => {
    let fails = true;
    const { clock, remember, service } = openRemembering({
      around: (method, call) =>
        method === 'endFamily' && fails ? Promise.reject(outage('unknown')) : call(),
    });
    const first = await signedIn(remember);
    await remember.redeem(first.rememberToken);
    clock.advance(10 * SECOND);

    await expect(remember.redeem(first.rememberToken)).rejects.toMatchObject({ status: 503 });
    fails = false;
    await expect(remember.redeem(first.rememberToken)).rejects.toMatchObject(REFUSED);

    await expect(service.validateSession(first.token)).rejects.toMatchObject({ reason: 'reuse_detected' });
  });

  it.each<[string, RememberingHostOptions['remember']]>([
    ['a key', { key: undefined as never }],
    ['a grace', { graceMs: 0 }],
  ])('is reuse at once without %s', async (_, settings) => {
    const { remember, service } = openRemembering({ remember: settings ?? {} });
    const first = await signedIn(remember);
    const second = await remember.redeem(first.rememberToken);

    await expect(remember.redeem(first.rememberToken)).rejects.toMatchObject(REFUSED);

    await expect(service.validateSession(second.token)).rejects.toMatchObject({ reason: 'reuse_detected' });
  });

  it('is no reuse on a node with another key, which gives nothing and ends nothing', async () => {
    const host = openRemembering();
    const { rememberToken } = await signedIn(host.remember);
    const { rememberToken: successor } = await host.remember.redeem(rememberToken);
    const other = new RememberService({
      sessions: host.service,
      store: host.families,
      key: 'another key of at least thirty-two bytes',
    });

    await expect(other.redeem(rememberToken)).rejects.toMatchObject(REFUSED);

    await expect(other.redeem(successor)).resolves.toBeDefined();
    expect(await host.store.countActiveSessions(0)).toBe(3);
  });
});

describe('a token that opens nothing', () => {
  it('is refused in the same words, whatever is wrong with it', async () => {
    const { remember } = openRemembering();
    const { rememberToken, token } = await signedIn(remember);
    const wrong = [
      withWrongSecret(rememberToken),
      rememberToken.replace('mar_', 'mas_'),
      rememberToken.toUpperCase(),
      `${rememberToken} `,
      token,
      token.replace('mas_', 'mar_'),
      '',
      'x'.repeat(1_000_000),
      null,
      undefined,
    ];

    const refusals = await Promise.all(wrong.map((one) => refusalOf(remember.redeem(one))));

    expect(new Set(refusals).size).toBe(1);
    expect(JSON.parse(refusals[0] ?? '')).toMatchObject(REFUSED);
    await expect(remember.redeem(rememberToken)).resolves.toBeDefined();
  });

  it.each(NOT_STRINGS)('is refused: %s', async (_, value) => {
    const { remember } = openRemembering();

    await expect(remember.redeem(value)).rejects.toMatchObject(REFUSED);
    expect(await remember.revoke(value)).toBe(false);
  });

  it('asks nothing of the store where the shape is wrong', async () => {
    const calls: string[] = [];
    const { remember } = openRemembering({
      around(method, call) {
        calls.push(method);
        return call();
      },
    });

    await errorOf(remember.redeem('mar_x'));
    await remember.revoke('mar_x');

    expect(calls).toEqual([]);
  });

  it('never validates as a session, nor a session as it', async () => {
    const { remember, service } = openRemembering();
    const { rememberToken } = await signedIn(remember);

    for (const one of [rememberToken, rememberToken.replace('mar_', 'mas_')])
      await expect(service.validateSession(one)).rejects.toMatchObject(REFUSED);
    await expect(service.removeSession(rememberToken)).rejects.toBeInstanceOf(TypeError);
    expect(await service.logout(rememberToken)).toBe(false);
  });
});

describe('a client is forgotten', () => {
  it('at its wish, with the sessions that hang on it', async () => {
    const { remember, service } = openRemembering();
    const { rememberToken, token } = await signedIn(remember);

    expect(await remember.revoke(rememberToken)).toBe(true);

    expect(await remember.revoke(rememberToken)).toBe(false);
    await expect(remember.redeem(rememberToken)).rejects.toMatchObject(REFUSED);
    await expect(service.validateSession(token)).rejects.toMatchObject({ reason: 'logged_out' });
  });

  it.each<[string, (host: RememberingHost, token: string, id: string) => Promise<unknown>]>([
    ['he logs out', ({ service }, token) => service.logout(token)],
    ['he is kicked', ({ service }, _, id) => service.removeSession(id)],
    [
      'his password was changed',
      ({ service }) => service.removeSessionsForUser(alice.id, { reason: 'credentials_changed' }),
    ],
    ['his character is kicked', ({ service }) => service.removeSessionsForCharacter(aria.id)],
    ['all sessions are cleared', ({ service }) => service.clearAllSessions()],
    [
      'he is disabled, also when he is enabled again',
      async ({ directory, service }, token) => {
        await directory.putUser({ ...alice, disabled: true });
        await errorOf(service.validateSession(token));
        await directory.putUser(alice);
      },
    ],
  ])('when %s', async (_, act) => {
    const host = openRemembering();
    const { rememberToken, session, token } = await signedIn(host.remember);
    await host.service.selectCharacter(token, aria.id);

    await act(host, token, session.id);

    await expect(host.remember.redeem(rememberToken)).rejects.toMatchObject(REFUSED);
  });

  it('who comes back while he is disabled, also when he is enabled again', async () => {
    const { directory, remember } = openRemembering();
    const { rememberToken } = await signedIn(remember);
    await directory.putUser({ ...alice, disabled: true });

    await expect(remember.redeem(rememberToken)).rejects.toBeInstanceOf(UserNotAvailableError);
    await directory.putUser(alice);

    await expect(remember.redeem(rememberToken)).rejects.toMatchObject(REFUSED);
  });

  it('who comes back as staff, and gets no session', async () => {
    const { directory, remember, store } = openRemembering();
    const { rememberToken } = await signedIn(remember);
    await directory.putUser({ ...alice, role: 'admin' });

    await expect(remember.redeem(rememberToken)).rejects.toMatchObject(REFUSED);
    await directory.putUser(alice);

    await expect(remember.redeem(rememberToken)).rejects.toMatchObject(REFUSED);
    expect(await store.countActiveSessions(0)).toBe(0);
  });

  it('not when his sessions end by time, by a limit, or for maintenance', async () => {
    const { clock, mode, remember } = openRemembering({ policy: { maxSessionsPerUser: 1 } });
    const { rememberToken } = await signedIn(remember);
    const second = await remember.redeem(rememberToken); // replaces the first
    await mode.start({ admit: 'admin', message: 'Back soon.', endSessions: true });
    await mode.end();
    const third = await remember.redeem(second.rememberToken);
    clock.advance(DAY); // the third has expired

    await expect(remember.redeem(third.rememberToken)).resolves.toBeDefined();
  });
});

describe('a remember service', () => {
  it.each<[string, object]>([
    ['a key that is too short', { key: 'x'.repeat(31) }],
    ['a key that is none', { key: 7 }],
    ['a grace below zero', { graceMs: -1 }],
    ['an idle time of nothing', { idleTimeoutMs: 0 }],
    ['an absolute time without end', { absoluteTimeoutMs: Infinity }],
    ['an idle time that can never take effect', { idleTimeoutMs: 31 * DAY }],
    ['a rule that is none', { mayRemember: 'player' }],
    ['somebody to tell who is none', { onReuse: 1 }],
    ['an unknown setting', { ttl: 5 }],
  ])('is not built with %s, and does not repeat it', (_, settings) => {
    const build = (): unknown => openRemembering({ remember: settings });

    expect(build).toThrow(TypeError);
    expect(build).not.toThrow(/xxx/);
  });

  it.each(['sessions', 'store'])('needs %s', (name) => {
    expect(() => openRemembering({ remember: { [name]: {} } })).toThrow(name);
  });

  it('takes a key as bytes', async () => {
    const { remember } = openRemembering({ remember: { key: new Uint8Array(32) } });
    const { rememberToken } = await signedIn(remember);

    const [one, other] = [await remember.redeem(rememberToken), await remember.redeem(rememberToken)];

    expect(one.rememberToken).toBe(other.rememberToken);
  });
});

async function signedIn(remember: RememberingHost['remember']) {
  const created = await remember.signIn(alice.id, { clientType: 'web', remember: true });
  if (created.rememberToken === null) throw new Error('the client is not remembered');

  return { ...created, rememberToken: created.rememberToken };
}

function outage(outcome: 'not-applied' | 'unknown'): SessionStoreError {
  return new SessionStoreError('no route to host', { retryable: true, outcome });
}
