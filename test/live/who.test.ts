import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Principal } from '../../src/session/principal.ts';
import { alice, aria, bob, borin, cato, MINUTE, NOT_STRINGS, SECOND } from '../session/fixture.ts';
import { type LiveHost, NotedConnection, openLiveHost } from './fixture.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('who', () => {
  it('lists the players of a world by name, however idle, and how idle they are', async () => {
    const host = openLiveHost();
    await play(host, bob.id, cato.id);
    await play(host, alice.id, aria.id);

    await host.pass(45 * MINUTE);

    expect(await host.live.who('mist')).toMatchObject([
      { characterName: 'Aria', role: 'player', idleMs: 45 * MINUTE, isLinkDead: false },
      { characterName: 'Cato', role: 'player', idleMs: 45 * MINUTE, isLinkDead: false },
    ]);
    expect(await host.live.who('stone')).toEqual([]);
  });

  it('lists who plays without a connection while he is active', async () => {
    const host = openLiveHost();
    const { token } = await host.service.createSession(alice.id);
    await host.service.selectCharacter(token, aria.id);

    await host.pass(30 * MINUTE - SECOND);
    expect(await host.live.who('mist')).toHaveLength(1);
    expect(await host.live.who('mist', { activeWithinMs: MINUTE })).toEqual([]);
    await host.pass(SECOND);

    expect(await host.live.who('mist')).toEqual([]);
    expect(await host.live.who('mist', { activeWithinMs: 0 })).toHaveLength(1);
  });

  it.each(NOT_STRINGS)('rejects %s for a world with a TypeError', async (_, worldId) => {
    await expect(openLiveHost().live.who(worldId)).rejects.toBeInstanceOf(TypeError);
  });

  it.each([-1, 0.5, NaN, '5', null])('rejects a window of %s with a TypeError', async (window) => {
    const options = { activeWithinMs: window as number };

    await expect(openLiveHost().live.who('mist', options)).rejects.toBeInstanceOf(TypeError);
  });
});

describe('who hides', () => {
  it('is left out of lists and counts, and is there again when he shows himself', async () => {
    const host = openLiveHost();
    const { token } = await play(host, alice.id, aria.id);

    await host.live.hide(token);
    expect(await host.live.who('mist')).toEqual([]);
    expect(await host.live.countPresent()).toMatchObject({ players: 0, sessions: 0 });
    await host.live.hide(token, false);

    expect(await host.live.who('mist')).toMatchObject([{ characterName: 'Aria', isHidden: false }]);
  });

  it.each([
    ['himself', alice.id, 'admin', true],
    ['a player', bob.id, 'player', false],
    ['one of a lower rank', bob.id, 'worldbuilder', false],
    ['one of his rank', bob.id, 'admin', true],
    ['one of a higher rank', bob.id, 'superuser', true],
    ['one of a role that nobody knows', bob.id, 'stranger', false],
  ])('is seen by %s or not', async (_, userId, role, isSeen) => {
    const host = openLiveHost();
    await host.directory.putUser({ ...alice, role: 'admin' });
    const hidden = await play(host, alice.id, aria.id);
    await host.live.hide(hidden.token);
    const viewer: Principal = { ...hidden.principal, userId, role };

    const present = await host.live.who('mist', { viewer });

    expect(present.map(({ characterName }) => characterName)).toEqual(isSeen ? ['Aria'] : []);
  });

  it('has to be in a live session', async () => {
    const host = openLiveHost();
    const { token, session } = await host.service.createSession(alice.id);
    await host.service.removeSession(session.id);

    await expect(host.live.hide(token)).rejects.toMatchObject({ status: 401, reason: 'kicked' });
    await expect(host.live.hide('mas_nonsense')).rejects.toMatchObject({ status: 401, reason: null });
  });

  it('is told when his session ends while he hides', async () => {
    const host = openLiveHost({
      async around(method, call) {
        if (method === 'hideSession') await host.service.removeSession(session.id);
        return call();
      },
    });
    const { token, session } = await host.service.createSession(alice.id);

    await expect(host.live.hide(token)).rejects.toMatchObject({ status: 401, reason: 'kicked' });
  });

  it('says so by true or false', async () => {
    const host = openLiveHost();
    const { token } = await host.service.createSession(alice.id);

    await expect(host.live.hide(token, 'no' as never)).rejects.toBeInstanceOf(TypeError);
  });
});

describe('countPresent', () => {
  it('counts players once, and their sessions in each world', async () => {
    const host = openLiveHost();
    await play(host, alice.id, aria.id);
    await play(host, alice.id, borin.id);
    await play(host, bob.id, cato.id);
    await host.service.createSession(bob.id);

    expect(await host.live.countPresent()).toEqual({
      players: 2,
      sessions: 3,
      worlds: new Map([
        ['mist', { players: 2, sessions: 2 }],
        ['stone', { players: 1, sessions: 1 }],
      ]),
    });
  });

  it('counts nobody where nobody is', async () => {
    expect(await openLiveHost().live.countPresent()).toEqual({ players: 0, sessions: 0, worlds: new Map() });
  });
});

async function play(host: LiveHost, userId: string, characterId: string) {
  const { token } = await host.service.createSession(userId);
  await host.live.attach(token, new NotedConnection());
  await host.service.selectCharacter(token, characterId);

  return { token, principal: await host.service.validateSession(token) };
}
