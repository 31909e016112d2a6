import { type GamePrincipal, InvalidSessionError } from 'mud-auth';
import type { Game } from './game.ts';
import type { Player } from './player.ts';
import { cleanLine } from './words.ts';
import { findWorld } from './worlds.ts';

/** What somebody gives at the door. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** Whether he wishes to come back without them. */
  readonly remember: boolean;
}

/** Starts a session for who knows the password. */
export async function logIn(
  game: Game,
  player: Player,
  { username, password, remember }: Credentials,
): Promise<void> {
  if (player.token !== null) return player.print('You are logged in already.');

  try {
    const userId = await game.accounts.login(cleanLine(username), password);
    if (userId === null) return player.refuse();

    const { clientType } = player;
    const { token, rememberToken } = await game.remember.signIn(userId, { clientType, remember });
    player.keepRememberToken(rememberToken);
    await goOn(game, player, token);
    if (remember && rememberToken === null) player.print('Staff are not remembered.');
  } catch (error) {
    player.explain(error);
  }
}

/** Starts a new session for who was remembered. */
export async function comeBack(game: Game, player: Player, rememberToken: string): Promise<void> {
  if (player.token !== null) return player.print('You are logged in already.');

  try {
    const { clientType } = player;
    const remembered = await game.remember.redeem(rememberToken, { clientType }).catch((error: unknown) => {
      if (error instanceof InvalidSessionError) player.keepRememberToken(null);
      throw error;
    });
    player.keepRememberToken(remembered.rememberToken);
    await goOn(game, player, remembered.token);
  } catch (error) {
    player.explain(error);
  }
}

/** Goes on with a session that was started before: before the connection dropped, before a restart. */
export async function resume(game: Game, player: Player, token: string): Promise<void> {
  if (player.token !== null) return player.print('You are logged in already.');

  try {
    await goOn(game, player, token);
  } catch (error) {
    player.explain(error);
  }
}

export async function play(game: Game, player: Player, name: string): Promise<void> {
  const { userId } = await game.sessions.validateSession(player.token);
  const mine = await game.accounts.charactersOf(userId);
  const wanted = mine.find((character) => character.name.toLowerCase() === name.toLowerCase());
  if (wanted === undefined)
    return player.print(`Yours are ${mine.map((character) => character.name).join(', ')}.`);

  // Another session of this user may lose the character to this one, and its connection with it.
  await arrive(game, player, await game.sessions.selectCharacter(player.token, wanted.id));
}

/** Ends the session, and so its connections. One that merely drops does not. */
export async function quit(game: Game, player: Player): Promise<void> {
  await game.sessions.logout(player.token);
}

async function goOn(game: Game, player: Player, token: string): Promise<void> {
  const attachment = await game.live.attach(token, player);
  const { username, role, userId, session } = attachment.principal;
  player.enter(token, attachment);
  player.print(`Welcome, ${username} (${role}).`);

  if (session.characterId !== null) {
    await arrive(game, player, await game.sessions.validateSessionForGame(token));
    return;
  }
  player.print('Choose a character:');
  for (const { name, worldId } of await game.accounts.charactersOf(userId)) {
    player.print(`  play ${name} (in ${findWorld(worldId)?.name ?? worldId})`);
  }
}

async function arrive(game: Game, player: Player, me: GamePrincipal): Promise<void> {
  player.characterId = me.characterId;
  player.print(`You are ${me.characterName}, in ${findWorld(me.worldId)?.name ?? me.worldId}.`);
  player.print(await game.describeRoom(me));
  await game.tellRoom(me.characterId, `${me.characterName} arrives.`);
}
