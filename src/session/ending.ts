/** Why a session ended. */
export type EndingReason =
  | 'expired'
  | 'logged_out'
  | 'replaced'
  | 'taken_over'
  | 'kicked'
  | 'banned'
  | 'credentials_changed'
  | 'cleared'
  | 'maintenance'
  | 'reuse_detected';

/** The reasons that a host may give when it removes sessions itself. */
export type RemovalReason = Extract<EndingReason, 'logged_out' | 'kicked' | 'banned' | 'credentials_changed'>;

/**
 * The reasons for which whoever is ended is not to come back by a remember token: the family of
 * tokens that his session hangs on ends with it.
 */
export const FORGETTING_REASONS: readonly EndingReason[] = [
  'logged_out',
  'kicked',
  'banned',
  'credentials_changed',
  'cleared',
  'reuse_detected',
];

/** Why sessions are ended, and on whose authority. */
export interface EndingCause {
  readonly reason: EndingReason;
  /** The id of the acting user; `null` when the host acts on its own. */
  readonly actorId: string | null;
}

/** How one session ended. Public: ids only. */
export interface Ending extends EndingCause {
  readonly sessionId: string;
  readonly userId: string;
  readonly endedAt: Date;
}

/** How long a store remembers an ending: 7 days, in milliseconds. */
export const ENDING_RETENTION_MS: number = 7 * 24 * 60 * 60 * 1000;
