import type { Character, Directory, User } from '../directory.ts';
import { SessionStoreError } from '../errors.ts';
import type { PresentCharacter } from '../live/link-store.ts';
import type { ActiveCharacter } from '../session/session-store.ts';
import type { Session } from '../session/session.ts';

/** The user and the character of a session, as the host knows them now. */
export interface SessionPeople {
  readonly user: User | null;
  /** `null` also when the character belongs to another user by now. */
  readonly character: Character | null;
}

/** A list of those in play asks about so many sessions at a time. */
const AT_ONCE = 50;

/** The questions that a store asks of a host's directory, whose failures become the store's own. */
export class DirectoryReader {
  readonly #directory: Directory;

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  /** The user, if he exists and may sign in. */
  async findEnabledUser(userId: string): Promise<User | null> {
    const user = await this.#findUser(userId);

    return user === null || user.disabled ? null : user;
  }

  /** The character, if it exists, is this user's, and has a world to stand in. */
  async findPlayableCharacter(characterId: string, userId: string): Promise<Character | null> {
    const character = await this.#findCharacterOf(userId, characterId);

    return character === null || character.worldId === null ? null : character;
  }

  async peopleOf({ userId, characterId }: Session): Promise<SessionPeople> {
    const [user, character] = await Promise.all([
      this.#findUser(userId),
      characterId === null ? null : this.#findCharacterOf(userId, characterId),
    ]);

    return { user, character };
  }

  /** Those of the users who have none of these roles, or do not exist. */
  async usersWithOtherRoles(userIds: Iterable<string>, roles: readonly string[]): Promise<string[]> {
    const ids = [...userIds];
    const others: string[] = [];
    for (let first = 0; first < ids.length; first += AT_ONCE) {
      const some = ids.slice(first, first + AT_ONCE);
      const users = await Promise.all(some.map((userId) => this.#findUser(userId)));
      others.push(
        ...some.filter((_, index) => {
          const user = users[index] ?? null;
          return user === null || !roles.includes(user.role);
        }),
      );
    }

    return others;
  }

  /** Those of the sessions whose users play a character in the world, or (`null`) in any. */
  async activeCharactersIn(worldId: string | null, sessions: readonly Session[]): Promise<ActiveCharacter[]> {
    const found: ActiveCharacter[] = [];
    for (let first = 0; first < sessions.length; first += AT_ONCE) {
      const some = sessions.slice(first, first + AT_ONCE);
      const entries = await Promise.all(some.map((session) => this.#activeCharacterOf(worldId, session)));
      found.push(...entries.filter((entry) => entry !== null));
    }

    return found;
  }

  /** The same with how each is there, for sessions of which that is known. */
  async presentCharactersIn(
    worldId: string | null,
    sessions: readonly Session[],
    presenceBySession: ReadonlyMap<string, Pick<PresentCharacter, 'idleMs' | 'isLinkDead' | 'isHidden'>>,
  ): Promise<PresentCharacter[]> {
    const active = await this.activeCharactersIn(worldId, sessions);

    return active.flatMap((each) => {
      const presence = presenceBySession.get(each.sessionId);
      return presence === undefined ? [] : [{ ...each, ...presence }];
    });
  }

  async #activeCharacterOf(worldId: string | null, session: Session): Promise<ActiveCharacter | null> {
    const { id: sessionId, userId, characterId, lastActiveAt } = session;
    const character = characterId === null ? null : await this.#findCharacterOf(userId, characterId);
    if (character === null || character.worldId === null) return null;
    if (worldId !== null && character.worldId !== worldId) return null;

    const user = await this.findEnabledUser(userId);
    if (user === null) return null;

    return {
      characterId: character.id,
      characterName: character.name,
      worldId: character.worldId,
      userId,
      role: user.role,
      sessionId,
      lastActiveAt: new Date(lastActiveAt),
    };
  }

  async #findUser(userId: string): Promise<User | null> {
    const found = await this.#guarded(() => this.#directory.findUser(userId));
    if (found === null || isUser(found, userId)) return found;

    throw wrongShape('findUser', 'a User with this id');
  }

  async #findCharacterOf(userId: string, characterId: string): Promise<Character | null> {
    const found = await this.#guarded(() => this.#directory.findCharacter(characterId));
    if (found !== null && !isCharacter(found, characterId)) {
      throw wrongShape('findCharacter', 'a Character with this id');
    }

    return found?.userId === userId ? found : null;
  }

  // Hosts write directories, also in JavaScript: one that throws at once rejects like one that fails
  // later, and one that finds `undefined` has found nothing.
  async #guarded<T>(look: () => Promise<T | null>): Promise<T | null> {
    try {
      return (await look()) ?? null;
    } catch (cause) {
      if (cause instanceof SessionStoreError) throw cause;
      throw new SessionStoreError('The directory could not answer.', {
        retryable: true,
        outcome: 'not-applied',
        cause,
      });
    }
  }
}

// Whoever is let in by mistake is let in: what is not wholly a user is none.
function isUser(found: unknown, id: string): boolean {
  const { id: foundId, username, role, disabled }: { [Key in keyof User]?: unknown } = Object(found);

  return foundId === id && areStrings(username, role) && typeof disabled === 'boolean';
}

function isCharacter(found: unknown, id: string): boolean {
  const { id: foundId, userId, name, worldId }: { [Key in keyof Character]?: unknown } = Object(found);

  return foundId === id && areStrings(userId, name, worldId ?? '');
}

function areStrings(...values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === 'string');
}

function wrongShape(method: string, what: string): SessionStoreError {
  return new SessionStoreError(`The directory's ${method} must return ${what}, or null.`, {
    retryable: false,
    outcome: 'not-applied',
  });
}
