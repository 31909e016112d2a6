import { canManage, hasPermission, mudRoles, type Session, sessionExpiresAt } from 'mud-auth';
import type { Game } from './game.ts';
import type { Player } from './player.ts';

export async function sessions(game: Game, player: Player): Promise<void> {
  const me = await game.sessions.validateSession(player.token);

  player.print('Your sessions with a connection here:');
  await game.recheck((other) => other.lastSeen?.userId === me.userId);
  for (const { userId, session } of game.connectedSessions().values()) {
    if (userId !== me.userId) continue;
    const mark = session.id === me.session.id ? '*' : ' ';
    player.print(`${mark} ${describe(session)}`);
  }
  if (hasPermission(mudRoles, me.role, 'kick_users')) await listEverybody(game, player);
}

export async function kick(game: Game, player: Player, target: string): Promise<void> {
  const me = await game.sessions.validateSessionWithPermission(player.token, 'kick_users');
  const found = await findSession(game, target);
  if (found === null) return player.print('No such character or session. Try: sessions');
  if (!canManage(mudRoles, me.role, found.role)) return player.print('Only those who rank below you.');

  const wasLive = await game.sessions.removeSession(found.sessionId, { actorId: me.userId });
  await game.recheckSession(found.sessionId);
  player.print(wasLive ? `You kicked ${found.name}.` : `${found.name} was gone already.`);
}

export async function token(game: Game, player: Player): Promise<void> {
  const { session } = await game.sessions.validateSession(player.token);
  if (player.clientType === 'web') return player.print('Your browser keeps the token for you.');

  player.print(`Keep this secret: until ${minute(sessionExpiresAt(session))} whoever has it is you.`);
  player.print(`resume ${player.token}`);
}

function describe(session: Session): string {
  const { id, clientType, createdAt } = session;

  return `${id} ${clientType}, since ${minute(createdAt)}, ends ${minute(sessionExpiresAt(session))}`;
}

function minute(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

async function listEverybody(game: Game, player: Player): Promise<void> {
  player.print(`Everybody (active sessions: ${await game.sessions.getActiveSessionCount()}):`);
  for (const { sessionId, characterName, role } of await game.charactersInPlay()) {
    player.print(`  ${sessionId} ${characterName} (${role})`);
  }
  for (const { session, username, role } of game.connectedSessions().values()) {
    if (session.characterId === null) player.print(`  ${session.id} ${username} (${role}), choosing`);
  }
}

interface FoundSession {
  readonly sessionId: string;
  readonly name: string;
  readonly role: string;
}

async function findSession(game: Game, target: string): Promise<FoundSession | null> {
  const wanted = target.toLowerCase();
  const inPlay = (await game.charactersInPlay()).find(
    ({ sessionId, characterName }) => sessionId === wanted || characterName.toLowerCase() === wanted,
  );
  if (inPlay !== undefined) return { ...inPlay, name: inPlay.characterName };

  await game.recheckSession(wanted); // the role may have changed since it was last seen
  const choosing = game.connectedSessions().get(wanted);

  return choosing === undefined ? null : { ...choosing, sessionId: wanted, name: choosing.username };
}
