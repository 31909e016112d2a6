/** A user's sign-in on one client, while it lives. Holds nothing secret. */
export interface Session {
  /** UUID in lower-case canonical form. Public: it names the session, it does not open it. */
  readonly id: string;
  readonly userId: string;
  /** The character that this session plays; `null` while it is account-only. */
  readonly characterId: string | null;
  /** What the host says the client is ("telnet", "web"), cleaned and cut; may be empty. */
  readonly clientType: string;
  readonly createdAt: Date;
  readonly lastActiveAt: Date;
  /** How long the session lives without activity; fixed at creation. */
  readonly idleTimeoutMs: number;
  /** The session ends here whatever its activity; fixed at creation. */
  readonly absoluteExpiresAt: Date;
  /** When its user last showed his credentials for it; `null` if he was recognised, by a remember token say. */
  readonly authenticatedAt: Date | null;
}

const MAX_CLIENT_TYPE_LENGTH = 64;

// A telnet viewer obeys ESC, a log obeys CR and LF, and bidi controls turn the text around them.
const CONTROL_CHARACTERS = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** When the session ends if nothing more is done in it: the nearer of its two deadlines. */
export function sessionExpiresAt(session: Session): Date {
  const idleExpiresAt = session.lastActiveAt.getTime() + session.idleTimeoutMs;

  return new Date(Math.min(idleExpiresAt, session.absoluteExpiresAt.getTime()));
}

/** Whether the session has reached a deadline: from that very instant on it is expired. */
export function isExpired(session: Session, at: Date): boolean {
  return at.getTime() >= sessionExpiresAt(session).getTime();
}

/** Whether the session was active less than `windowMs` ago; a window of 0 takes every session. */
export function isActiveWithin(session: Session, windowMs: number, at: Date): boolean {
  return windowMs === 0 || at.getTime() - session.lastActiveAt.getTime() < windowMs;
}

/** Whether its user has shown his credentials for it less than `maxAgeMs` ago. */
export function isAuthenticatedWithin({ authenticatedAt }: Session, maxAgeMs: number, at: Date): boolean {
  return authenticatedAt !== null && at.getTime() - authenticatedAt.getTime() < maxAgeMs;
}

/** Cuts a client type to 64 characters and takes out what a terminal or a log would obey. */
export function cleanClientType(text: string): string {
  return text
    .slice(0, 4 * MAX_CLIENT_TYPE_LENGTH)
    .replace(CONTROL_CHARACTERS, '')
    .trim()
    .slice(0, MAX_CLIENT_TYPE_LENGTH)
    .trimEnd()
    .toWellFormed();
}
