/** An account of the host. */
export interface User {
  readonly id: string;
  readonly username: string;
  /** A name of the host's role table. An unknown one has no permission. */
  readonly role: string;
  /** A disabled user's sessions end at their next use, and no new one can be created. */
  readonly disabled: boolean;
}

/** What a user plays, in one world. */
export interface Character {
  readonly id: string;
  readonly userId: string;
  readonly name: string;
  /** The world that the character stands in; `null` when that world is gone. */
  readonly worldId: string | null;
}

/**
 * PORT. Who the users and characters are: the host owns them, a session store reads them through
 * this, live and at each use, so that a demotion or a ban acts at once. An implementation must not
 * cache. Whatever it throws, callers of the service see as a `SessionStoreError`, and so do they see
 * answers that are not wholly a user, or a character, with the id that was asked for.
 */
export interface Directory {
  /** The user with exactly this id, or `null`. An id that cannot be one is simply unknown. */
  findUser(userId: string): Promise<User | null>;

  /** The character with exactly this id, whoever owns it, or `null`. */
  findCharacter(characterId: string): Promise<Character | null>;
}
