import type { Ending, EndingCause } from '../session/ending.ts';

/** What a store is given to remember a client. */
export interface NewRememberFamily {
  /** A fresh UUID. */
  readonly id: string;
  /** The session that was signed in to be remembered. */
  readonly sessionId: string;
  /** SHA-256 of the secret of the first token: 32 bytes. All that is ever stored of it. */
  readonly secretHash: Uint8Array;
  /** How long each token may lie unused, in milliseconds. */
  readonly idleTimeoutMs: number;
  /** How long the family lives whatever its use, in milliseconds. */
  readonly absoluteTimeoutMs: number;
}

/** A client that is remembered: the tokens that followed each other there, while it lasts. Holds nothing secret. */
export interface RememberFamily {
  /** UUID in lower-case canonical form. Public, as a session's is. */
  readonly id: string;
  readonly userId: string;
  /** What the client was said to be when it signed in. */
  readonly clientType: string;
  readonly createdAt: Date;
  /** When its present token was issued. */
  readonly lastUsedAt: Date;
  /** How long that token may lie unused; fixed at the sign-in. */
  readonly idleTimeoutMs: number;
  /** The family ends here whatever its use; fixed at the sign-in. */
  readonly absoluteExpiresAt: Date;
}

/** A token that its family knows, read at one moment. */
export interface RememberRecord {
  readonly family: RememberFamily;
  /** When the token was redeemed for its successor; `null` for the present one. */
  readonly usedAt: Date | null;
  /** The store's time of this read. */
  readonly readAt: Date;
}

/** What a store is given to redeem a token. */
export interface Redemption {
  readonly familyId: string;
  /** Of the token that is presented. */
  readonly secretHash: Uint8Array;
  /** Of the one that is to follow it. */
  readonly successorHash: Uint8Array;
  /** For how long after its first use a token gives the same successor again, in milliseconds. */
  readonly graceMs: number;
  /** The session that was started for it. */
  readonly sessionId: string;
}

/**
 * What became of a `redeemToken`:
 *
 * - `rotated`: the token was the present one, and is used now; the successor is in its place;
 * - `repeated`: it was used within the grace, and this is the successor that it got then;
 * - `reused`: it was used before that. Nothing was written;
 * - `unknown`: the family or the session does not live, or the family knows no such token, or this is not
 *   its successor. Nothing was written.
 */
export type RedeemOutcome = 'rotated' | 'repeated' | 'reused' | 'unknown';

/** What was ended with a family. */
export interface FamilyEnd {
  /** Whether it was live. */
  readonly wasLive: boolean;
  /** The live sessions that hung on it, in any order. */
  readonly endings: readonly Ending[];
}

/**
 * PORT. Which clients are remembered, for a store that also has their sessions. Every method is one
 * atomic operation, the store is the clock, and `SessionStoreError` alone escapes: all as in
 * `SessionStore`. Beside that:
 *
 * - **A family is live** until its present token has lain unused for its idle time, or its absolute
 *   end has come; from that very instant on it is not. What is not live is unknown in every method.
 * - **It keeps the hash of every token that it had**, so that a used one is recognised until the end.
 * - **A session hangs on one family at most**, by `startFamily` or `redeemToken`. When a session ends
 *   for one of `FORGETTING_REASONS`, its family ends in the same step, with whatever ends sessions.
 *   `endSessionsForUser` for such a reason ends all families of the user, but that of a session that is
 *   kept; `endAllSessions` all that there are.
 * - **`cleanupExpiredSessions` forgets families** that are not live any more.
 *
 * `describeRememberStore` from `mud-auth/testing` checks all this of an implementation.
 */
export interface RememberStore {
  /**
   * Remembers the client of a live session, for the session's user, from now on; `null` if the session
   * does not live, and nothing was written then.
   */
  startFamily(family: NewRememberFamily): Promise<RememberFamily | null>;

  /** A token of a live family by the hash of its secret; `null` if there is none. Writes nothing. */
  findToken(familyId: string, secretHash: Uint8Array): Promise<RememberRecord | null>;

  /**
   * Puts the successor in the place of the present token, and hangs the session on the family, whose
   * absolute end is the session's then, if it is the earlier one. Of calls
   * at once for one token, from whatever processes, one rotates. The others see what it did: if they
   * give the same successor within the grace they repeat, and their sessions hang on the family too.
   */
  redeemToken(redemption: Redemption): Promise<RedeemOutcome>;

  /** Ends a family, and the live sessions that hang on it, in one step: what hangs itself on it meanwhile, too. */
  endFamily(familyId: string, cause: EndingCause): Promise<FamilyEnd>;
}
