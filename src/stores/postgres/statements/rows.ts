import { type AliasedRawBuilder, sql } from 'kysely';
import type { Ending, EndingReason } from '../../../session/ending.ts';
import type { Session } from '../../../session/session.ts';
import { epochMs } from './fragments.ts';

// Outputs are cast to text, boolean, float8 or bytea: nothing that a host's type parsers, or the
// column types of its views, could change.

/** A session as statements return it. */
export interface SessionRow {
  readonly id: string;
  readonly user_id: string;
  readonly character_id: string | null;
  readonly client_type: string;
  readonly created_at: number;
  readonly last_active_at: number;
  readonly idle_timeout_ms: number;
  readonly absolute_expires_at: number;
}

/** The columns of a {@link SessionRow}, from a row `s`. */
export const sessionColumns: readonly [
  AliasedRawBuilder<string, 'id'>,
  AliasedRawBuilder<string, 'user_id'>,
  AliasedRawBuilder<string | null, 'character_id'>,
  AliasedRawBuilder<string, 'client_type'>,
  AliasedRawBuilder<number, 'created_at'>,
  AliasedRawBuilder<number, 'last_active_at'>,
  AliasedRawBuilder<number, 'idle_timeout_ms'>,
  AliasedRawBuilder<number, 'absolute_expires_at'>,
] = [
  sql<string>`s.id::text`.as('id'),
  sql<string>`s.user_id`.as('user_id'),
  sql<string | null>`s.character_id`.as('character_id'),
  sql<string>`s.client_type`.as('client_type'),
  epochMs(sql`s.created_at`).as('created_at'),
  epochMs(sql`s.last_active_at`).as('last_active_at'),
  sql<number>`s.idle_timeout_ms::float8`.as('idle_timeout_ms'),
  epochMs(sql`s.absolute_expires_at`).as('absolute_expires_at'),
];

export function toSession(row: SessionRow): Session {
  return {
    id: row.id,
    userId: row.user_id,
    characterId: row.character_id,
    clientType: row.client_type,
    createdAt: new Date(row.created_at),
    lastActiveAt: new Date(row.last_active_at),
    idleTimeoutMs: row.idle_timeout_ms,
    absoluteExpiresAt: new Date(row.absolute_expires_at),
  };
}

/** An ending as statements return it. */
export interface EndingRow {
  readonly session_id: string;
  readonly user_id: string;
  readonly reason: string;
  readonly actor_id: string | null;
  readonly ended_at: number;
}

/** The columns of an {@link EndingRow}, from a row `e`. */
export const endingColumns: readonly [
  AliasedRawBuilder<string, 'session_id'>,
  AliasedRawBuilder<string, 'user_id'>,
  AliasedRawBuilder<string, 'reason'>,
  AliasedRawBuilder<string | null, 'actor_id'>,
  AliasedRawBuilder<number, 'ended_at'>,
] = [
  sql<string>`e.session_id::text`.as('session_id'),
  sql<string>`e.user_id`.as('user_id'),
  sql<string>`e.reason`.as('reason'),
  sql<string | null>`e.actor_id`.as('actor_id'),
  epochMs(sql`e.ended_at`).as('ended_at'),
];

export function toEnding(row: EndingRow): Ending {
  return {
    sessionId: row.session_id,
    userId: row.user_id,
    // Only reasons of this type are ever written.
    reason: row.reason as EndingReason,
    actorId: row.actor_id,
    endedAt: new Date(row.ended_at),
  };
}

/** How many rows a statement was about. */
export interface Count {
  readonly count: number;
}

export function countOf([row]: readonly Count[]): number {
  return row?.count ?? 0;
}
