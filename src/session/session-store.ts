import type { Character, User } from '../directory.ts';
import type { MaintenanceRecord } from '../maintenance/maintenance-store.ts';
import type { Ending, EndingCause } from './ending.ts';
import type { SeatPolicy, SessionPolicy } from './session-policy.ts';
import type { Session } from './session.ts';

/** What a store is given to create a session from. */
export interface NewSession {
  /** A fresh UUID, never used before. */
  readonly id: string;
  readonly userId: string;
  /** SHA-256 of the token's secret: 32 bytes. All that is ever stored of it. */
  readonly secretHash: Uint8Array;
  readonly clientType: string;
  /** Whether the user has shown his credentials for it, which makes `authenticatedAt` the time of creation. */
  readonly isAuthenticated: boolean;
  /** The store reads the user's role, and `termsFor(policy, role)` are the terms to create on. */
  readonly policy: SessionPolicy;
}

/** What became of a `createSession`. */
export type CreateSessionOutcome =
  | {
      readonly outcome: 'created';
      readonly session: Session;
      /** The user's sessions that ended to make room, oldest first; mostly empty. */
      readonly endings: readonly Ending[];
    }
  /** The user is unknown or disabled. Nothing was written. */
  | { readonly outcome: 'user_not_available' }
  /** As many live sessions as the terms allow, and they say `reject`. No session was created. */
  | { readonly outcome: 'session_limit_reached'; readonly limit: number }
  /** The game is closed to the user's role. No session was created, and none was ended. */
  | ({ readonly outcome: 'maintenance' } & MaintenanceRecord)
  /** A session with this id exists. It was not changed, and none was created. */
  | { readonly outcome: 'id_in_use' };

/** A session with all that a decision about it needs, read at one moment. */
export interface SessionRecord {
  readonly session: Session;
  readonly secretHash: Uint8Array;
  /** The session's user as the host knows him now; `null` if it knows him no more. */
  readonly user: User | null;
  /** The bound character as the host knows it now; `null` if none is bound, it is gone, or it belongs to another user. */
  readonly character: Character | null;
  /** Where its connections are; `null` if no node has any, and none waits for them. */
  readonly link: SessionLink | null;
  /** The store's time of this read. Expiry is judged by it and by no other clock. */
  readonly readAt: Date;
}

/** Where the connections of a session are. */
export interface SessionLink {
  /** The node that has them, or waits for the player to come back. */
  readonly nodeId: string;
  /** Since when it waits: the session is link-dead, and keeps its character. `null` while there are connections. */
  readonly linkDeadSince: Date | null;
}

/** How a session ended, with what its token is recognised by. */
export interface EndingRecord {
  readonly ending: Ending;
  readonly secretHash: Uint8Array;
}

/** What became of a `touchSession`. */
export type TouchOutcome =
  /** Activity is recorded as of this moment. */
  | { readonly outcome: 'touched'; readonly lastActiveAt: Date }
  /** The session lives, but another write holds it: nothing was recorded, and nothing is wrong. */
  | { readonly outcome: 'skipped' }
  /** There is no live session with this id. Nothing was written. */
  | { readonly outcome: 'ended' };

/** What a store is given to change the secret of a session. */
export interface SessionRenewal {
  readonly sessionId: string;
  /** SHA-256 of the secret that was presented. */
  readonly secretHash: Uint8Array;
  /** SHA-256 of the one in its place. */
  readonly newSecretHash: Uint8Array;
}

/** What a store is given to bind a character. */
export interface CharacterSelection {
  readonly sessionId: string;
  /** The user whose session this is. */
  readonly userId: string;
  readonly characterId: string;
  readonly seatPolicy: SeatPolicy;
}

/** What became of a `selectCharacter`. */
export type SelectCharacterOutcome =
  | {
      readonly outcome: 'selected';
      readonly session: Session;
      readonly character: Character;
      /** The session that was taken over, if one was. */
      readonly endings: readonly Ending[];
    }
  /** The character is unknown, not this user's, or its world is gone. Nothing was changed. */
  | { readonly outcome: 'character_not_available' }
  /** Another live session of the user plays it, and the policy is `reject`. Nothing was changed. */
  | { readonly outcome: 'character_in_use' }
  /** There is no live session with this id. Nobody was taken over for it. */
  | { readonly outcome: 'session_ended' };

/** A character in play. */
export interface ActiveCharacter {
  readonly characterId: string;
  readonly characterName: string;
  readonly worldId: string;
  readonly userId: string;
  readonly role: string;
  readonly sessionId: string;
  readonly lastActiveAt: Date;
}

/**
 * PORT. Where sessions live. Every method is one atomic operation: it happens wholly or not at all,
 * and no other call sees a part of it. What follows holds for all of them.
 *
 * - **Ended is for ever.** A session is absent, then live, then ended. No call brings one back.
 *   Writes other than `createSession` change a live row or nothing: never "insert or update".
 * - **The store is the clock.** It stamps `createdAt`, `lastActiveAt` and `endedAt` itself, to the
 *   millisecond. A session is expired from the very instant of a deadline on (`isExpired`), and an
 *   expired one counts as ended in every method, whether or not its row has been cleaned up.
 * - **An ending is remembered** in the step that ends the session, for `ENDING_RETENTION_MS`. A
 *   session found past its deadline ends as `expired`, whatever reason the caller gave, and does
 *   not count as ended by that call.
 * - **Absence is not an error.** Unknown ids, also ones of impossible shape, give `null`, `false`
 *   or 0. Ids are compared exactly.
 * - **Users and characters are read at each call**, never remembered.
 * - **`SessionStoreError` is the only error that may escape**, and means that the store could not
 *   do its work. After one with `outcome: 'unknown'` the write may have happened; all methods but
 *   `createSession` and `renewSession` may then be called again to the same effect.
 *
 * `describeSessionStore` from `mud-auth/testing` checks all this of an implementation.
 */
export interface SessionStore {
  /**
   * Creates a session, on the terms of the user's present role. Under a limit, two calls for one
   * user never both take the last place, from whatever process: the user is locked, then his
   * sessions are counted, then the row is written. Expired ones do not count, and are ended.
   * While the game is closed, only admitted roles get one.
   * `replace_oldest` ends the oldest by `createdAt`, then by id, with the reason `replaced`.
   */
  createSession(input: NewSession): Promise<CreateSessionOutcome>;

  /**
   * The session with this id, whether or not it has expired (compare `readAt`), or `null` once it
   * is ended. Does not touch it. The read begins after the call: a cached answer breaks every
   * promise of the library. Does not look at secrets; comparing them is the caller's work.
   */
  findSession(sessionId: string): Promise<SessionRecord | null>;

  /** How the session with this id ended; `null` if it never was, still lives, or ended long ago. */
  findEnding(sessionId: string): Promise<EndingRecord | null>;

  /**
   * Records activity in a live session: `lastActiveAt` becomes now, and the idle deadline follows.
   * Never waits for another writer of the session: it skips then. Whether the deadline has passed
   * is judged when the row is held for writing.
   */
  touchSession(sessionId: string): Promise<TouchOutcome>;

  /**
   * Gives a live session another secret in place of the one that was presented: from then on only the
   * new one opens it. Its user has shown his credentials, so `authenticatedAt` becomes now, and so does
   * `lastActiveAt`. `null`, and nothing is written, if no live session has that id and that secret: of
   * two calls at once, one gets the session.
   */
  renewSession(renewal: SessionRenewal): Promise<Session | null>;

  /**
   * Binds a character to a live session, in place of the one that it had. At most one live session
   * holds a character at any instant. Selecting the character that one already plays succeeds and
   * changes nothing. `take_over` ends the other holder with the reason `taken_over`. Holders of
   * another user (the character changed hands) lose the character whatever the policy, but live on.
   */
  selectCharacter(selection: CharacterSelection): Promise<SelectCharacterOutcome>;

  /** Makes a live session account-only again; `true` if a character was bound. If it was link-dead, it has no link any more. */
  releaseCharacter(sessionId: string): Promise<boolean>;

  /** Ends a live session; `null` if there is none. Of two calls at once, one gets the ending. */
  endSession(sessionId: string, cause: EndingCause): Promise<Ending | null>;

  /**
   * Ends a session if its deadline has passed; `null` if it lives or is gone. Whoever tells a
   * client "expired" calls this first, and only says so when this has ended it: a touch that was
   * under way at the deadline might otherwise bring back what was declared dead.
   */
  expireSession(sessionId: string): Promise<Ending | null>;

  /** Ends every live session of a user, but for one that may be kept; how many it ended. */
  endSessionsForUser(userId: string, cause: EndingCause, keptSessionId?: string | null): Promise<number>;

  /** Ends the live session that holds a character; `null` if there is none. */
  endSessionForCharacter(characterId: string, cause: EndingCause): Promise<Ending | null>;

  /**
   * Ends every live session; how many there were. Every session whose creation completed before
   * this does is gone after it, those that were being created meanwhile among them.
   */
  endAllSessions(cause: EndingCause): Promise<number>;

  /**
   * Ends all expired sessions, and forgets endings past their retention; how many sessions it
   * ended. Works in short steps that do not hold up other calls, and may run on several nodes at
   * once.
   */
  cleanupExpiredSessions(): Promise<number>;

  /** How many live sessions were active within the window (`isActiveWithin`). */
  countActiveSessions(activeWithinMs: number): Promise<number>;

  /**
   * The characters in play in a world now: bound in a live session that was active within the
   * window, still existing, their user's, and he not disabled. In no particular order.
   */
  listActiveCharacters(worldId: string, activeWithinMs: number): Promise<readonly ActiveCharacter[]>;
}
