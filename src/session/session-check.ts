import type { LiveRecord } from './session-resolver.ts';
import { type Principal, principalOf } from './principal.ts';
import { sessionExpiresAt } from './session.ts';

/** A live session as its store sees it at this moment. */
export interface CheckedSession {
  readonly principal: Principal;
  /** Which of its deadlines comes first. */
  readonly deadline: 'absolute' | 'idle';
  /** When that is, by the store's clock. */
  readonly expiresAt: Date;
  /** How far off that is. */
  readonly expiresInMs: number;
}

export function checkedSessionOf({ session, user, readAt }: LiveRecord): CheckedSession {
  const expiresAt = sessionExpiresAt(session);

  return {
    principal: principalOf(session, user),
    deadline: expiresAt.getTime() < session.absoluteExpiresAt.getTime() ? 'idle' : 'absolute',
    expiresAt,
    expiresInMs: expiresAt.getTime() - readAt.getTime(),
  };
}
