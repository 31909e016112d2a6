import { MaintenanceError, SessionLimitError, UserNotAvailableError } from '../errors.ts';
import { requireBoolean, requireString } from './arguments.ts';
import type { CreateSessionOutcome, NewSession } from './session-store.ts';
import { cleanClientType, type Session } from './session.ts';

/** What a host may say of a new session. */
export interface CreateSessionOptions {
  /** What the client is, such as "telnet". Control characters are removed, 64 characters kept. */
  readonly clientType?: string;
  /**
   * `false` for a user who was recognised, by a remember token say, and has not shown his credentials
   * now: the session does not count as recently authenticated. Default `true`.
   */
  readonly authenticated?: boolean;
}

/** A new session. The token is shown here and never again: it goes to the client and nowhere else. */
export interface CreatedSession {
  readonly token: string;
  readonly session: Session;
}

/**
 * What is stored of the client of a new session.
 *
 * @throws TypeError for what is not as it should be.
 */
export function clientOf({
  clientType = '',
  authenticated = true,
}: CreateSessionOptions): Pick<NewSession, 'clientType' | 'isAuthenticated'> {
  requireString('clientType', clientType);
  requireBoolean('authenticated', authenticated);

  return { clientType: cleanClientType(clientType), isAuthenticated: authenticated };
}

/** Why there is no session. */
export function refusedSignIn(
  refused: Exclude<CreateSessionOutcome, { readonly outcome: 'created' }>,
): Error {
  switch (refused.outcome) {
    case 'user_not_available':
      return new UserNotAvailableError();
    case 'session_limit_reached':
      return new SessionLimitError(refused.limit);
    case 'maintenance': {
      const { message, expectedEnd } = refused.maintenance;
      return new MaintenanceError(message, expectedEnd, refused.readAt);
    }
    case 'id_in_use':
      return new TypeError('generateSessionId returned the id of a session that exists already.');
  }
}
