import type { ActiveCharacter, GamePrincipal, Principal, SessionService } from 'mud-auth';
import type { Accounts } from './accounts.ts';
import { Player, type Screen } from './player.ts';
import { findWorld, type Room, WORLDS } from './worlds.ts';

/** The game: its accounts, its sessions, and who is connected to this process. */
export class Game {
  readonly sessions: SessionService;
  readonly accounts: Accounts;
  readonly #visits = new Map<Player, Promise<void>>();
  #isClosing = false;

  constructor(sessions: SessionService, accounts: Accounts) {
    this.sessions = sessions;
    this.accounts = accounts;
  }

  /** Those connected to this process, logged in or not. */
  get players(): readonly Player[] {
    return [...this.#visits.keys()];
  }

  /** Who was last seen in each session that has a connection here, by session id. */
  connectedSessions(): ReadonlyMap<string, Principal> {
    const sessions = new Map<string, Principal>();
    for (const { lastSeen, isClosed } of this.players) {
      if (lastSeen !== null && !isClosed) sessions.set(lastSeen.session.id, lastSeen);
    }

    return sessions;
  }

  /** Takes in a new connection, which is there for as long as the visit lasts. */
  welcome(screen: Screen, visit: (player: Player) => Promise<void>): void {
    const player = new Player(screen);
    const whole = visit(player)
      .catch((error: unknown) => console.error(error))
      .finally(() => this.#visits.delete(player));
    this.#visits.set(player, whole);
    if (this.#isClosing) player.close();
  }

  /** All characters in play, however long ago they last did something. */
  async charactersInPlay(): Promise<readonly ActiveCharacter[]> {
    const worlds = WORLDS.map(({ id }) => this.sessions.getActiveCharacters(id, { activeWithinMs: 0 }));

    return (await Promise.all(worlds)).flat();
  }

  /** Where a character is; `null` if that room was never built. */
  async roomOf({ worldId, characterId }: GamePrincipal): Promise<Room | null> {
    const roomId = await this.accounts.roomOf(characterId);

    return findWorld(worldId)?.rooms.find((room) => room.id === roomId) ?? null;
  }

  /** What a character sees. */
  async describeRoom(me: GamePrincipal): Promise<string> {
    const room = await this.roomOf(me);
    if (room === null) return 'You are nowhere at all.';

    const neighbours = await this.accounts.neighboursOf(me.characterId);
    const inPlay = await this.sessions.getActiveCharacters(me.worldId);
    const here = inPlay.filter(({ characterId }) => neighbours.has(characterId));

    return [
      room.title,
      room.text,
      `Exits: ${[...room.exits.keys()].join(', ')}.`,
      ...here.map(({ characterName }) => `${characterName} is here.`),
    ].join('\n');
  }

  /** Says something to everybody else in the room. */
  async tellRoom(me: GamePrincipal, text: string): Promise<void> {
    const neighbours = await this.accounts.neighboursOf(me.characterId);
    for (const player of this.players) {
      if (neighbours.has(player.lastSeen?.session.characterId ?? '')) player.print(text);
    }
  }

  /** Lets connections see at once what may have happened to their sessions. */
  async recheck(isConcerned: (player: Player) => boolean): Promise<void> {
    const concerned = this.players.filter((player) => player.token !== null && isConcerned(player));
    await Promise.all(concerned.map((player) => player.recheck(this.sessions)));
  }

  /** As `recheck`, for all connections in one session. */
  async recheckSession(sessionId: string): Promise<void> {
    await this.recheck((player) => player.lastSeen?.session.id === sessionId);
  }

  /** To be called now and then: what ended without this process hearing of it comes out here. */
  async sweep(): Promise<void> {
    try {
      await this.sessions.cleanupExpiredSessions();
      await this.recheck(() => true);
    } catch (error) {
      console.error(error);
    }
  }

  /** Sends everybody home. Their sessions stay. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const player of this.players) {
      player.print('The game is going down. Your session stays: come back and resume it.');
      player.close();
    }
    await Promise.all(this.#visits.values());
  }
}
