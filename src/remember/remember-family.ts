import type { Session } from '../session/session.ts';
import type { RememberFamily } from './remember-store.ts';

/** Whether a family has reached one of its ends: from that very instant on it is unknown. */
export function isFamilyOver(family: RememberFamily, at: Date): boolean {
  const idleExpiresAt = family.lastUsedAt.getTime() + family.idleTimeoutMs;

  return at.getTime() >= Math.min(idleExpiresAt, family.absoluteExpiresAt.getTime());
}

/** The session as it hangs on the family, whose absolute end it does not outlive. */
export function endingWith({ absoluteExpiresAt }: RememberFamily, session: Session): Session {
  return absoluteExpiresAt.getTime() < session.absoluteExpiresAt.getTime()
    ? { ...session, absoluteExpiresAt: new Date(absoluteExpiresAt) }
    : session;
}

/** Whether a token that was used then still gives the same successor. */
export function isWithinGrace(usedAt: Date, graceMs: number, at: Date): boolean {
  return at.getTime() - usedAt.getTime() < graceMs;
}
