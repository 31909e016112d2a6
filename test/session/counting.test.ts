import { describe, expect, it } from 'vitest';
import type { ActivityOptions } from '../../src/session/presence.ts';
import type { Character, User } from '../../src/directory.ts';
import { alice, aria, bob, borin, cato, type Host, MINUTE, NOT_STRINGS, openHost } from './fixture.ts';

describe('getActiveSessionCount', () => {
  it('counts the sessions of the last 30 minutes, less the instant', async () => {
    const { clock, service } = openHost();
    await service.createSession(alice.id);
    clock.advance(1);
    await service.createSession(bob.id);

    clock.advance(30 * MINUTE - 2);
    expect(await service.getActiveSessionCount()).toBe(2);
    clock.advance(1);
    expect(await service.getActiveSessionCount()).toBe(1);
    clock.advance(1);
    expect(await service.getActiveSessionCount()).toBe(0);
  });

  it('counts a session again that becomes active', async () => {
    const { clock, service } = openHost();
    const { token } = await service.createSession(alice.id);
    clock.advance(60 * MINUTE);
    expect(await service.getActiveSessionCount()).toBe(0);

    await service.validateSession(token);

    expect(await service.getActiveSessionCount()).toBe(1);
  });

  it('takes the window of the policy', async () => {
    const { clock, service } = openHost({ policy: { activeWindowMs: 5 * MINUTE } });
    await service.createSession(alice.id);

    clock.advance(5 * MINUTE - 1);
    expect(await service.getActiveSessionCount()).toBe(1);
    clock.advance(1);
    expect(await service.getActiveSessionCount()).toBe(0);
  });

  it('takes the window of the call before that of the policy', async () => {
    const { clock, service } = openHost();
    await service.createSession(alice.id);
    clock.advance(1_000);

    expect(await service.getActiveSessionCount({ activeWithinMs: 1_001 })).toBe(1);
    expect(await service.getActiveSessionCount({ activeWithinMs: 1_000 })).toBe(0);
  });

  it('counts every live session without a window, and no expired one', async () => {
    const { clock, service } = openHost();
    await service.createSession(alice.id);

    clock.advance(480 * MINUTE - 1);
    expect(await service.getActiveSessionCount({ activeWithinMs: 0 })).toBe(1);
    clock.advance(1);
    expect(await service.getActiveSessionCount({ activeWithinMs: 0 })).toBe(0);
  });

  it('has no window where the policy says 0', async () => {
    const { clock, service } = openHost({ policy: { activeWindowMs: 0 } });
    await service.createSession(alice.id);

    clock.advance(479 * MINUTE);

    expect(await service.getActiveSessionCount()).toBe(1);
  });
});

describe('getActiveCharacters', () => {
  it('says who plays whom in the world', async () => {
    const host = openHost();
    const id = await play(host, alice, aria);

    expect(await host.service.getActiveCharacters('mist')).toEqual([
      {
        characterId: aria.id,
        characterName: 'Aria',
        worldId: 'mist',
        userId: alice.id,
        role: 'player',
        sessionId: id,
        lastActiveAt: host.clock.now(),
      },
    ]);
  });

  it('sorts by name, upper case first, in the order of code units', async () => {
    const host = openHost();
    const names = ['zoe', 'Ähre', 'aria', 'Zed', 'Ber', 'borin', 'Bertha'];
    for (const [n, name] of names.entries()) {
      const character = { id: `character-${10 + n}`, userId: alice.id, name, worldId: 'mist' };
      await host.directory.putCharacter(character);
      await play(host, alice, character);
    }

    const characters = await host.service.getActiveCharacters('mist');

    expect(characters.map(({ characterName }) => characterName)).toEqual([
      'Ber',
      'Bertha',
      'Zed',
      'aria',
      'borin',
      'zoe',
      'Ähre',
    ]);
  });

  it('sorts those of one name by session', async () => {
    let next = 9;
    const generateSessionId = (): string => `01890a5d-ac96-774b-bcce-b30209${next--}99999`;
    const host = openHost({ generateSessionId });
    const ids = [];
    for (let n = 0; n < 5; n += 1) {
      const character = { id: `character-${10 + n}`, userId: alice.id, name: 'Aria', worldId: 'mist' };
      await host.directory.putCharacter(character);
      ids.push(await play(host, alice, character));
    }

    const characters = await host.service.getActiveCharacters('mist');

    expect(characters.map(({ sessionId }) => sessionId)).toEqual(ids.toReversed());
  });

  it('lists nobody of another world', async () => {
    const host = openHost();
    await play(host, alice, borin);
    await play(host, bob, cato);

    const inStone = await host.service.getActiveCharacters('stone');

    expect(inStone.map(({ characterName }) => characterName)).toEqual(['Borin']);
    for (const world of ['', 'moon', '__proto__'])
      expect(await host.service.getActiveCharacters(world)).toEqual([]);
  });

  it('lists nobody who is disabled, gone, or whose character is', async () => {
    const host = openHost();
    await play(host, alice, aria);
    await play(host, bob, cato);

    await host.directory.putUser({ ...alice, disabled: true });
    await host.directory.deleteCharacter(cato.id);

    expect(await host.service.getActiveCharacters('mist')).toEqual([]);
  });

  it('lists those of the window: 30 minutes by default, less the instant', async () => {
    const host = openHost();
    await play(host, alice, aria);

    host.clock.advance(30 * MINUTE - 1);
    expect(await host.service.getActiveCharacters('mist')).toHaveLength(1);
    host.clock.advance(1);
    expect(await host.service.getActiveCharacters('mist')).toEqual([]);
    expect(await host.service.getActiveCharacters('mist', { activeWithinMs: 0 })).toHaveLength(1);
    expect(await host.service.getActiveCharacters('mist', { activeWithinMs: 30 * MINUTE + 1 })).toHaveLength(
      1,
    );
  });

  it('lists nobody at the very instant his session expires', async () => {
    const host = openHost();
    await play(host, alice, aria);

    host.clock.advance(480 * MINUTE - 1);
    expect(await host.service.getActiveCharacters('mist', { activeWithinMs: 0 })).toHaveLength(1);
    host.clock.advance(1);
    expect(await host.service.getActiveCharacters('mist', { activeWithinMs: 0 })).toEqual([]);
  });

  it.each(NOT_STRINGS)('finds %s for a world id a mistake', async (_, worldId) => {
    const { service } = openHost();

    await expect(service.getActiveCharacters(worldId)).rejects.toThrow(TypeError);
  });
});

describe.each<[string, (host: Host, options: ActivityOptions) => Promise<unknown>]>([
  ['getActiveSessionCount', ({ service }, options) => service.getActiveSessionCount(options)],
  ['getActiveCharacters', ({ service }, options) => service.getActiveCharacters('mist', options)],
])('the window of %s', (_, count) => {
  it.each([-1, 0.5, NaN, Infinity, 2 ** 53, '1000', null, [1_000], {}, 10n])(
    'may not be %o',
    async (activeWithinMs) => {
      // What a host without types might pass.
      const options = { activeWithinMs } as unknown as ActivityOptions;

      await expect(count(openHost(), options)).rejects.toThrow(TypeError);
    },
  );
});

async function play({ service }: Host, user: User, character: Character): Promise<string> {
  const { token, session } = await service.createSession(user.id);
  await service.selectCharacter(token, character.id);

  return session.id;
}
