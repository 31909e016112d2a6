import type { PresentCharacter } from 'mud-auth/live';
import type { Game } from './game.ts';
import type { Player } from './player.ts';

export async function look(game: Game, player: Player): Promise<void> {
  const me = await game.sessions.validateSessionForGame(player.token);

  player.print(await game.describeRoom(me));
}

export async function say(game: Game, player: Player, text: string): Promise<void> {
  const me = await game.sessions.validateSessionForGame(player.token);
  if (text === '') return player.print('Say what?');

  player.print(`You say: ${text}`);
  await game.tellRoom(me.characterId, `${me.characterName} says: ${text}`);
}

export async function move(game: Game, player: Player, direction: string): Promise<void> {
  const me = await game.sessions.validateSessionForGame(player.token);
  const here = await game.roomOf(me);
  const there = here?.exits.get(direction.toLowerCase());
  if (there === undefined) return player.print('There is no way in that direction.');

  await game.tellRoom(me.characterId, `${me.characterName} leaves.`);
  await game.accounts.saveRoom(me.characterId, there);
  await game.tellRoom(me.characterId, `${me.characterName} arrives.`);
  player.print(await game.describeRoom(me));
}

export async function who(game: Game, player: Player): Promise<void> {
  const me = await game.sessions.validateSessionForGame(player.token);

  for (const present of await game.live.who(me.worldId, { viewer: me })) player.print(describe(present));
}

function describe({ characterName, role, idleMs, isLinkDead, isHidden }: PresentCharacter): string {
  const idleMinutes = Math.floor(idleMs / 60_000);
  const notes = [
    role,
    ...(idleMinutes > 0 ? [`idle for ${idleMinutes} min`] : []),
    ...(isLinkDead ? ['link-dead'] : []),
    ...(isHidden ? ['hidden'] : []),
  ];

  return `${characterName} (${notes.join(', ')})`;
}
