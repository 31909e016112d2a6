import type { GamePrincipal, Principal, SessionService } from 'mud-auth';
import type { LiveSessions, MaintenanceMode, PresentCharacter } from 'mud-auth/live';
import type { RememberService } from 'mud-auth/remember';
import type { Accounts } from './accounts.ts';
import { Player, type Screen } from './player.ts';
import { findWorld, type Room, WORLDS } from './worlds.ts';

/** What a game is made of. */
export interface GameParts {
  readonly sessions: SessionService;
  readonly remember: RememberService;
  readonly live: LiveSessions;
  readonly maintenance: MaintenanceMode;
  readonly accounts: Accounts;
}

/** The game: its accounts, its sessions, and who is connected to this process. */
export class Game {
  readonly sessions: SessionService;
  readonly remember: RememberService;
  readonly live: LiveSessions;
  readonly maintenance: MaintenanceMode;
  readonly accounts: Accounts;
  readonly #visits = new Map<Player, Promise<void>>();
  #isClosing = false;

  constructor({ sessions, remember, live, maintenance, accounts }: GameParts) {
    this.sessions = sessions;
    this.remember = remember;
    this.live = live;
    this.maintenance = maintenance;
    this.accounts = accounts;
  }

  /** Takes in a new connection, which is there for as long as the visit lasts. */
  welcome(screen: Screen, visit: (player: Player) => Promise<void>): void {
    const player = new Player(screen);
    const whole = visit(player)
      .catch((error: unknown) => console.error(error))
      .finally(() => {
        player.detach();
        this.#visits.delete(player);
      });
    this.#visits.set(player, whole);
    if (this.#isClosing) player.close();
  }

  /** All characters that are there, in whatever world, as far as the viewer may see. */
  async charactersFor(viewer: Principal): Promise<readonly PresentCharacter[]> {
    const worlds = await Promise.all(WORLDS.map(({ id }) => this.live.who(id, { viewer })));

    return worlds.flat();
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
    const present = await this.live.who(me.worldId, { viewer: me });
    const here = present.filter(({ characterId }) => neighbours.has(characterId));

    return [
      room.title,
      room.text,
      `Exits: ${[...room.exits.keys()].join(', ')}.`,
      ...here.map(({ characterName, isLinkDead }) =>
        isLinkDead ? `${characterName} stares into the void.` : `${characterName} is here.`,
      ),
    ].join('\n');
  }

  /** Says something to everybody else in a character's room, of those who are connected to this process. */
  async tellRoom(characterId: string, text: string): Promise<void> {
    const neighbours = await this.accounts.neighboursOf(characterId);
    for (const player of this.#visits.keys()) {
      if (neighbours.has(player.characterId ?? '')) player.print(text);
    }
  }

  /** The same about somebody who is not here any more to do it himself. */
  async tellRoomOf({ session }: Principal, whatHappens: string): Promise<void> {
    if (session.characterId === null) return;

    const name = await this.accounts.nameOf(session.characterId);
    await this.tellRoom(session.characterId, `${name ?? 'Somebody'} ${whatHappens}`);
  }

  /** Lets nobody in any more, and waits for those who are on their way out. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.live.close();
    for (const player of this.#visits.keys()) player.close(); // those who have not logged in
    await Promise.all(this.#visits.values());
  }
}
