import { lifetimeMs, type SessionTerms } from '../../session/session-policy.ts';
import type { NewSession } from '../../session/session-store.ts';
import type { Session } from '../../session/session.ts';

/** The session that is created from this, on these terms, at this time of the store. */
export function newSession(input: NewSession, terms: SessionTerms, createdAt: Date): Session {
  return {
    id: input.id,
    userId: input.userId,
    characterId: null,
    clientType: input.clientType,
    createdAt,
    lastActiveAt: new Date(createdAt),
    idleTimeoutMs: terms.idleTimeoutMs,
    absoluteExpiresAt: new Date(createdAt.getTime() + lifetimeMs(terms)),
    authenticatedAt: input.isAuthenticated ? new Date(createdAt) : null,
  };
}
