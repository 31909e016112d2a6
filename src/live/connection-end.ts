import type { EndingReason } from '../session/ending.ts';

/**
 * Why a connection is to be closed: its session has ended, or
 *
 * - `invalid`: its session is gone, and nobody knows why;
 * - `reconnected`: the player has come back to his session on another connection;
 * - `shutdown`: this process goes down, and the session stays;
 * - `offline`: the store has been out of reach for too long, and the session may live.
 */
export type ConnectionEndReason = EndingReason | 'invalid' | 'offline' | 'reconnected' | 'shutdown';

/** The end of a connection, as it is told to whoever holds it. */
export interface ConnectionEnd {
  readonly reason: ConnectionEndReason;
  /** A sentence for the player. */
  readonly message: string;
}

const MESSAGES: Readonly<Record<ConnectionEndReason, string>> = {
  expired: 'Your session has expired. Please log in again.',
  logged_out: 'You have logged out.',
  replaced: 'You have logged in elsewhere, and this session had to make room.',
  taken_over: 'Your character is being played from another connection.',
  kicked: 'You have been sent out of the game.',
  banned: 'Your account is closed.',
  credentials_changed: 'Your password was changed. Please log in again.',
  cleared: 'All players were sent out of the game. Please log in again.',
  maintenance: 'The game is closed for maintenance. Please come back later.',
  reuse_detected:
    'Your saved sign-in was used from somewhere else, so all of it was ended. Please log in again.',
  invalid: 'Your session is no longer valid. Please log in again.',
  offline: 'The game has lost touch with its database. Please come back in a little while.',
  reconnected: 'You have reconnected from elsewhere.',
  shutdown: 'The game is going down. Your session stays: come back and resume it.',
};

const messageByReason: ReadonlyMap<string, string> = new Map(Object.entries(MESSAGES));

/** The host may have words of its own. */
export function connectionEnd(reason: ConnectionEndReason, message?: string): ConnectionEnd {
  // Another version may have written a reason that this one does not know.
  return { reason, message: message ?? messageByReason.get(reason) ?? MESSAGES.invalid };
}
