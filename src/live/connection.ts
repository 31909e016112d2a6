import type { Principal } from '../session/principal.ts';
import type { ConnectionEnd } from './connection-end.ts';

/** A deadline that comes near. */
export interface ExpiryWarning {
  /** What would end the session. The player moves `idle` on by doing something; nobody moves `absolute`. */
  readonly deadline: 'absolute' | 'idle';
  readonly expiresInMs: number;
}

/**
 * What hangs off a session: a socket, a stream. The host makes it of what it has. Whatever its
 * functions throw, and however long they take, no other connection is harmed.
 */
export interface Connection {
  /** To tell the player, and to close. Called once at most, and never after `detach`. */
  close(end: ConnectionEnd): Promise<void> | void;
  /** The session ends soon. Called once for each deadline. */
  expiresSoon?(warning: ExpiryWarning): Promise<void> | void;
  /** The user has another role or name than at the last look. */
  changed?(principal: Principal): Promise<void> | void;
}
