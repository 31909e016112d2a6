import { describe, expect, it } from 'vitest';
import { InvalidSessionError, ReauthenticationRequiredError } from '../../src/errors.ts';
import { LocalSessionEvents, type SessionEvent } from '../../src/live/session-events.ts';
import type { Principal } from '../../src/session/principal.ts';
import { alice, aria, bob, errorOf, MINUTE, NOT_STRINGS, openHost, REFUSED } from './fixture.ts';

describe('reauthenticate', () => {
  it('mints another token for the same session, which keeps its character', async () => {
    const { service } = openHost();
    const { token, session } = await service.createSession(alice.id);
    await service.selectCharacter(token, aria.id);

    const renewed = await service.reauthenticate(token);

    expect(renewed.token).not.toBe(token);
    expect(renewed.session.id).toBe(session.id);
    expect(await service.validateSessionForGame(renewed.token)).toMatchObject({ characterId: aria.id });
  });

  it('leaves the old token worth nothing, without a reason', async () => {
    const { service } = openHost();
    const { token } = await service.createSession(alice.id);

    await service.reauthenticate(token);

    await expect(service.validateSession(token)).rejects.toMatchObject(REFUSED);
    await expect(service.reauthenticate(token)).rejects.toMatchObject(REFUSED);
    expect(await service.logout(token)).toBe(false);
  });

  it('tells the holder of the last token why the session ended, and nobody before him', async () => {
    const { service } = openHost();
    const { token, session } = await service.createSession(alice.id);
    const renewed = await service.reauthenticate(token);
    await service.removeSession(session.id);

    await expect(service.validateSession(renewed.token)).rejects.toMatchObject({ reason: 'kicked' });
    await expect(service.validateSession(token)).rejects.toMatchObject({ reason: null });
  });

  it('gives a token to one of those who come at once', async () => {
    const { service } = openHost();
    const { token } = await service.createSession(alice.id);

    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => service.reauthenticate(token)));

    const [won, ...more] = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value.token] : []));
    expect(more).toEqual([]);
    await expect(service.validateSession(won)).resolves.toBeDefined();
  });

  it.each([...NOT_STRINGS, ['a token that was made up', 'mas_x'] as const])(
    'is refused for %s',
    async (_, value) => {
      const { service } = openHost();

      await expect(service.reauthenticate(value)).rejects.toMatchObject(REFUSED);
    },
  );

  it('is refused to a user who is disabled, and to one whose session ends meanwhile', async () => {
    const { directory, service } = openHost();
    const { token } = await service.createSession(alice.id);
    await directory.putUser({ ...alice, disabled: true });
    await expect(service.reauthenticate(token)).rejects.toMatchObject({ reason: 'banned' });

    const ending = openHost({
      around(method, call) {
        if (method === 'renewSession') void ending.service.removeSession(other.session.id);
        return call();
      },
    });
    const other = await ending.service.createSession(alice.id);
    await expect(ending.service.reauthenticate(other.token)).rejects.toMatchObject({ reason: 'kicked' });
  });
});

describe('requireRecentAuthentication', () => {
  it('passes until the credentials are of that age, and not at that very instant', async () => {
    const { clock, service } = openHost();
    const { token } = await service.createSession(alice.id);
    const principal = await service.validateSession(token);

    clock.advance(5 * MINUTE - 1);
    await expect(service.requireRecentAuthentication(principal, 5 * MINUTE)).resolves.toBeUndefined();
    clock.advance(1);

    const error = await errorOf(service.requireRecentAuthentication(principal, 5 * MINUTE));
    expect(error).toBeInstanceOf(ReauthenticationRequiredError);
    expect(error).toMatchObject({ code: 'reauthentication_required', status: 403 });
  });

  it('passes again after reauthenticate, for the same principal', async () => {
    const { clock, service } = openHost();
    const { token } = await service.createSession(alice.id);
    const principal = await service.validateSession(token);
    clock.advance(10 * MINUTE);

    await service.reauthenticate(token);

    await expect(service.requireRecentAuthentication(principal, MINUTE)).resolves.toBeUndefined();
  });

  it('never passes for who was recognised, until he has shown his credentials', async () => {
    const { service } = openHost();
    const { token } = await service.createSession(alice.id, { authenticated: false });
    const principal = await service.validateSession(token);

    await expect(service.requireRecentAuthentication(principal, 2 ** 40)).rejects.toBeInstanceOf(
      ReauthenticationRequiredError,
    );
    await service.reauthenticate(token);

    await expect(service.requireRecentAuthentication(principal, MINUTE)).resolves.toBeUndefined();
  });

  it('does not go by what the principal said when it was made', async () => {
    const { clock, service } = openHost();
    const { token, session } = await service.createSession(alice.id);
    const principal = await service.validateSession(token);
    principal.session.authenticatedAt?.setTime(clock.now().getTime() + 10 * MINUTE);
    clock.advance(MINUTE);
    await expect(service.requireRecentAuthentication(principal, MINUTE)).rejects.toMatchObject({
      status: 403,
    });

    await service.removeSession(session.id);

    await expect(service.requireRecentAuthentication(principal, MINUTE)).rejects.toBeInstanceOf(
      InvalidSessionError,
    );
  });

  it('takes a principal from whatever made it', async () => {
    const { service } = openHost();
    const { token, session } = await service.createSession(alice.id);
    const game = await service.selectCharacter(token, aria.id);
    const { principal } = await service.checkSession(session.id);

    for (const one of [game, principal, await service.validateSessionForGame(token)])
      await expect(service.requireRecentAuthentication(one, MINUTE)).resolves.toBeUndefined();
  });

  it('takes nothing else for one, however much it looks like it', async () => {
    const { service } = openHost();
    const { token } = await service.createSession(alice.id);
    const principal = await service.validateSession(token);
    const forged: unknown[] = [
      { ...principal },
      structuredClone({ ...principal }),
      JSON.parse(JSON.stringify(principal)),
      Object.create(principal),
      new Proxy(principal, {}),
      token,
      null,
      undefined,
      {},
    ];

    for (const one of forged)
      await expect(service.requireRecentAuthentication(one as Principal, MINUTE)).rejects.toBeInstanceOf(
        TypeError,
      );
  });

  it.each([0, -1, 1.5, Number.NaN, Infinity, '60000', null])('takes no age of %s', async (age) => {
    const { service } = openHost();
    const principal = await service.validateSession((await service.createSession(alice.id)).token);

    await expect(service.requireRecentAuthentication(principal, age as number)).rejects.toBeInstanceOf(
      TypeError,
    );
  });
});

describe('credentialsChanged', () => {
  it('ends all sessions of the user by default, and of nobody else', async () => {
    const { service } = openHost();
    const mine = [await service.createSession(alice.id), await service.createSession(alice.id)];
    const other = await service.createSession(bob.id);

    expect(await service.credentialsChanged(alice.id)).toBe(2);

    for (const { token } of mine)
      await expect(service.validateSession(token)).rejects.toMatchObject({ reason: 'credentials_changed' });
    await expect(service.validateSession(other.token)).resolves.toBeDefined();
  });

  it('keeps the session in which it was done', async () => {
    const { service } = openHost();
    const [here, there] = [await service.createSession(alice.id), await service.createSession(alice.id)];

    expect(await service.credentialsChanged(alice.id, { keepSessionId: here.session.id })).toBe(1);

    await expect(service.validateSession(here.token)).resolves.toBeDefined();
    await expect(service.validateSession(there.token)).rejects.toMatchObject({ status: 401 });
  });

  it('keeps no session of another user', async () => {
    const { service } = openHost();
    await service.createSession(alice.id);
    const other = await service.createSession(bob.id);

    expect(await service.credentialsChanged(alice.id, { keepSessionId: other.session.id })).toBe(1);
  });

  it('is told to all nodes, with who did it', async () => {
    const events = new LocalSessionEvents();
    const heard: SessionEvent[] = [];
    events.subscribe({ heard: (event) => void heard.push(event), missed() {} });
    const { service } = openHost({ events });
    await service.createSession(alice.id);

    await service.credentialsChanged(alice.id, { actorId: bob.id });

    expect(heard).toEqual([
      { type: 'user_sessions_ended', userId: alice.id, reason: 'credentials_changed', actorId: bob.id },
    ]);
  });

  it('takes the public id of the session, and not its token', async () => {
    const { service } = openHost();
    const { token } = await service.createSession(alice.id);

    const error = await errorOf(service.credentialsChanged(alice.id, { keepSessionId: token }));

    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).not.toContain(token);
    await expect(service.validateSession(token)).resolves.toBeDefined();
  });
});
