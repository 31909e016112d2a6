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
  /** The node that has its connections, or waits for the player to come back. */
  readonly nodeId: string | null;
  /** For how long the session has been link-dead; `null` if it is not. */
  readonly linkDeadForMs: number | null;
}

export function checkedSessionOf({ session, user, link, readAt }: LiveRecord): CheckedSession {
  const expiresAt = sessionExpiresAt(session);

  return {
    principal: principalOf(session, user),
    deadline: expiresAt.getTime() < session.absoluteExpiresAt.getTime() ? 'idle' : 'absolute',
    expiresAt,
    expiresInMs: expiresAt.getTime() - readAt.getTime(),
    nodeId: link?.nodeId ?? null,
    linkDeadForMs: link?.linkDeadSince ? readAt.getTime() - link.linkDeadSince.getTime() : null,
  };
}
