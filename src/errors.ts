import type { EndingReason } from './session/ending.ts';

/** The stable contract of an {@link AuthError}: branch on this, not on the message. */
export type AuthErrorCode =
  | 'session_invalid'
  | 'permission_denied'
  | 'reauthentication_required'
  | 'user_not_available'
  | 'session_not_found'
  | 'character_not_selected'
  | 'character_not_available'
  | 'character_in_use'
  | 'session_limit_reached'
  | 'maintenance'
  | 'store_unavailable';

/**
 * What a player, or the state of the world, can cause. Carries the HTTP status that a host answers
 * with, and nothing secret: it may be logged and shown. A programmer's mistake is a `TypeError`
 * instead.
 */
export abstract class AuthError extends Error {
  /** Stable, machine-readable name of what happened. */
  abstract readonly code: AuthErrorCode;
  /** HTTP status (RFC 9110) for a host to translate to. */
  abstract readonly status: number;
}

/**
 * The token is not that of a live session. Unknown, wrong, malformed and of another kind are one
 * and the same error; only the holder of an ended session's right secret gets a `reason`.
 */
export class InvalidSessionError extends AuthError {
  override readonly name = 'InvalidSessionError';
  readonly code = 'session_invalid';
  readonly status = 401;
  /** Why the session ended, or `null` when that is unknown or not the caller's to know. */
  readonly reason: EndingReason | null;

  constructor(reason: EndingReason | null = null) {
    super(reason === null ? 'The session is not valid.' : `The session has ended: ${reason}.`);
    this.reason = reason;
  }
}

/** The session is valid, its user's role lacks the permission. */
export class PermissionDeniedError extends AuthError {
  override readonly name = 'PermissionDeniedError';
  readonly code = 'permission_denied';
  readonly status = 403;
  /** The permission that was wanted. */
  readonly permission: string;

  constructor(permission: string) {
    super(`This needs the permission ${JSON.stringify(permission)}.`);
    this.permission = permission;
  }
}

/** The session is valid, and its user has to show his credentials again before this. */
export class ReauthenticationRequiredError extends AuthError {
  override readonly name = 'ReauthenticationRequiredError';
  readonly code = 'reauthentication_required';
  readonly status = 403;

  constructor() {
    super('Sign in again before you do this.');
  }
}

/** No session can be created for this user: unknown, or disabled. */
export class UserNotAvailableError extends AuthError {
  override readonly name = 'UserNotAvailableError';
  readonly code = 'user_not_available';
  readonly status = 403;

  constructor() {
    super('The user is unknown or disabled.');
  }
}

/** No live session has this id, or none that the caller may manage. */
export class SessionNotFoundError extends AuthError {
  override readonly name = 'SessionNotFoundError';
  readonly code = 'session_not_found';
  readonly status = 404;

  constructor() {
    super('There is no such session.');
  }
}

/** The session is valid, but plays no character yet. */
export class CharacterNotSelectedError extends AuthError {
  override readonly name = 'CharacterNotSelectedError';
  readonly code = 'character_not_selected';
  readonly status = 409;

  constructor() {
    super('Select a character first.');
  }
}

/** The character is unknown, not this user's, or its world is gone: three cases that look alike. */
export class CharacterNotAvailableError extends AuthError {
  override readonly name = 'CharacterNotAvailableError';
  readonly code = 'character_not_available';
  readonly status = 409;

  constructor() {
    super('The character is not available.');
  }
}

/** Another live session plays the character, and the seat policy is `reject`. */
export class CharacterInUseError extends AuthError {
  override readonly name = 'CharacterInUseError';
  readonly code = 'character_in_use';
  readonly status = 409;

  constructor() {
    super('The character is being played in another session.');
  }
}

/** The user has as many live sessions as the policy allows, and the policy is `reject`. */
export class SessionLimitError extends AuthError {
  override readonly name = 'SessionLimitError';
  readonly code = 'session_limit_reached';
  readonly status = 409;
  /** How many live sessions the user may have. */
  readonly limit: number;

  constructor(limit: number) {
    super(`The limit of ${limit} live ${limit === 1 ? 'session' : 'sessions'} is reached.`);
    this.limit = limit;
  }
}

/** The game is closed to the user's role. It says nothing about who he is: never a 401. */
export class MaintenanceError extends AuthError {
  override readonly name = 'MaintenanceError';
  readonly code = 'maintenance';
  readonly status = 503;
  /** When it is expected to be over; `null` if nobody knows. */
  readonly expectedEnd: Date | null;
  /** For `Retry-After` (RFC 9110, section 10.2.3), in seconds: until the expected end, or a minute. */
  readonly retryAfterSeconds: number;

  /** The message is the host's own, for players. */
  constructor(message: string, expectedEnd: Date | null, now: Date) {
    super(message);
    const leftMs = expectedEnd === null ? 0 : expectedEnd.getTime() - now.getTime();
    this.expectedEnd = expectedEnd;
    this.retryAfterSeconds = leftMs > 0 ? Math.ceil(leftMs / 1_000) : 60;
  }
}

/** What is known of a failed {@link SessionStoreError}. */
export interface SessionStoreFailure {
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;
  /** `not-applied`: nothing was written. `unknown`: a write may have happened. */
  readonly outcome: 'not-applied' | 'unknown';
  /** The SQLSTATE, where a database said one. */
  readonly sqlState?: string | null;
  /** What went wrong. A store leaves out of it whatever quotes its rows. */
  readonly cause?: unknown;
}

/**
 * The store could not answer, so nobody knows whether the session is valid. Never a 401: a host
 * keeps its connections and tries again. Every call but `createSession`, `reauthenticate`
 * and `redeem` may be repeated safely.
 */
export class SessionStoreError extends AuthError {
  override readonly name: string = 'SessionStoreError';
  readonly code = 'store_unavailable';
  readonly status = 503;
  readonly retryable: boolean;
  readonly outcome: 'not-applied' | 'unknown';
  readonly sqlState: string | null;
  /** For `Retry-After` (RFC 9110, section 10.2.3), in seconds; `null` when a retry cannot help. */
  readonly retryAfterSeconds: number | null;

  constructor(message: string, failure: SessionStoreFailure) {
    super(message, failure.cause === undefined ? undefined : { cause: failure.cause });
    this.retryable = failure.retryable;
    this.outcome = failure.outcome;
    this.sqlState = failure.sqlState ?? null;
    this.retryAfterSeconds = failure.retryable ? 1 : null;
  }
}
