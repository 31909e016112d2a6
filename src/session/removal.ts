import { requireString } from './arguments.ts';
import type { EndingCause, RemovalReason } from './ending.ts';

/** Why sessions are removed. */
export interface RemoveOptions {
  /** What the holder is told. Default `kicked`. */
  readonly reason?: RemovalReason;
  /** The id of the user on whose authority it is done, for the record. Default none. */
  readonly actorId?: string;
}

/** What a change of credentials leaves alone. */
export interface CredentialsChangedOptions extends Pick<RemoveOptions, 'actorId'> {
  /** The public id of the session in which it was done, which is kept with its client. Default none. */
  readonly keepSessionId?: string;
}

const REMOVAL_REASONS: readonly string[] = [
  'logged_out',
  'kicked',
  'banned',
  'credentials_changed',
] satisfies readonly RemovalReason[];

const MAX_ACTOR_ID_LENGTH = 255;

/** @throws TypeError for a reason that is not a host's to give, or an actor who cannot be one. */
export function causeOf({ reason = 'kicked', actorId }: RemoveOptions): EndingCause {
  if (!REMOVAL_REASONS.includes(reason)) {
    throw new TypeError(`reason must be one of: ${REMOVAL_REASONS.join(', ')}.`);
  }
  if (actorId !== undefined) {
    requireString('actorId', actorId);
    if (actorId.length > MAX_ACTOR_ID_LENGTH || actorId.includes('\0') || !actorId.isWellFormed()) {
      throw new TypeError('actorId must be the id of a user: it is kept with every ending.');
    }
  }

  return { reason, actorId: actorId ?? null };
}
