import {
  canManage,
  InvalidSessionError,
  mudRoles,
  type Principal,
  type Session,
  sessionExpiresAt,
} from 'mud-auth';
import type { Game } from './game.ts';
import type { Player } from './player.ts';

export async function sessions(game: Game, player: Player): Promise<void> {
  const me = await game.sessions.validateSession(player.token);

  player.print('Your sessions with a connection to this server:');
  for (const { userId, session } of game.live.principals) {
    if (userId !== me.userId) continue;
    const mark = session.id === me.session.id ? '*' : ' ';
    player.print(`${mark} ${describe(session)}`);
  }
}

export async function token(game: Game, player: Player): Promise<void> {
  const { session } = await game.sessions.validateSession(player.token);
  if (player.clientType === 'web') return player.print('Your browser keeps the token for you.');

  player.print(`Keep this secret: until ${minute(sessionExpiresAt(session))} whoever has it is you.`);
  player.print(`resume ${player.token}`);
}

/** Everybody who is there, on whatever server, and those who are choosing a character on this one. */
export async function everybody(game: Game, player: Player): Promise<void> {
  const me = await game.sessions.validateSessionWithPermission(player.token, 'kick_users');

  player.print(`Active sessions: ${await game.sessions.getActiveSessionCount()}`);
  for (const { sessionId, characterName, role } of await game.charactersFor(me)) {
    player.print(`  ${sessionId} ${characterName} (${role})`);
  }
  for (const { session, username, role } of game.live.principals) {
    if (session.characterId === null) player.print(`  ${session.id} ${username} (${role}), choosing`);
  }
}

export async function kick(game: Game, player: Player, target: string): Promise<void> {
  const me = await game.sessions.validateSessionWithPermission(player.token, 'kick_users');
  const found = await findSession(game, me, target.toLowerCase());
  if (found === null) return player.print('No such character or session. Try: everybody');
  if (!canManage(mudRoles, me.role, found.role)) return player.print('Only those who rank below you.');

  const wasLive = await game.sessions.removeSession(found.sessionId, { actorId: me.userId });
  player.print(wasLive ? `You kicked ${found.name}.` : `${found.name} was gone already.`);
}

export async function hide(game: Game, player: Player): Promise<void> {
  await setHidden(game, player, true);
}

export async function show(game: Game, player: Player): Promise<void> {
  await setHidden(game, player, false);
}

/** Who closes the game has to have logged in so lately: the keyboard may have been left alone. */
const RECENTLY_MS = 15 * 60_000;

/** Closes the game to all below an administrator. */
export async function close(game: Game, player: Player, message: string): Promise<void> {
  const me = await game.sessions.validateSessionWithPermission(player.token, 'stop_server');
  await game.sessions.requireRecentAuthentication(me, RECENTLY_MS);
  const ended = await game.maintenance.start({
    admit: 'admin',
    message: message === '' ? 'The game is closed for repairs.' : message,
    endSessions: true,
    actorId: me.userId,
  });

  player.print(`The game is closed. Sessions that ended: ${ended}. To open it: open`);
}

export async function open(game: Game, player: Player): Promise<void> {
  await game.sessions.validateSessionWithPermission(player.token, 'stop_server');

  player.print((await game.maintenance.end()) ? 'The game is open.' : 'It was open.');
}

async function setHidden(game: Game, player: Player, isHidden: boolean): Promise<void> {
  await game.sessions.validateSessionWithPermission(player.token, 'kick_users');
  await game.live.hide(player.token, isHidden);

  player.print(isHidden ? 'Who ranks below you does not see you in lists.' : 'Everybody sees you.');
}

function describe(session: Session): string {
  const { id, clientType, createdAt } = session;

  return `${id} ${clientType}, since ${minute(createdAt)}, ends ${minute(sessionExpiresAt(session))}`;
}

function minute(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

interface FoundSession {
  readonly sessionId: string;
  readonly name: string;
  readonly role: string;
}

/** By the name of a character, or by the id of a session, on whatever server that is. */
async function findSession(game: Game, me: Principal, wanted: string): Promise<FoundSession | null> {
  const present = await game.charactersFor(me);
  const playing = present.find(({ characterName }) => characterName.toLowerCase() === wanted);
  if (playing !== undefined) return { ...playing, name: playing.characterName };

  try {
    const { principal } = await game.sessions.checkSession(wanted);
    return { sessionId: wanted, name: principal.username, role: principal.role };
  } catch (error) {
    if (error instanceof InvalidSessionError || error instanceof TypeError) return null;
    throw error;
  }
}
