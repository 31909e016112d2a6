import { type AliasedRawBuilder, sql } from 'kysely';
import type { Ending, EndingReason } from '../../../session/ending.ts';
import type { Session } from '../../../session/session.ts';
import { epochMs } from './fragments.ts';

// Outputs are text and boolean: nothing that a host's type parsers, the settings of
// its database (bytea_output, extra_float_digits) or the column types of its views could change.

/** A session as statements return it. */
export interface SessionRow {
  readonly id: string;
  readonly user_id: string;
  readonly character_id: string | null;
  readonly client_type: string;
  readonly created_at: string;
  readonly last_active_at: string;
  readonly idle_timeout_ms: string;
  readonly absolute_expires_at: string;
}

/** The columns of a {@link SessionRow}, from a row `s`. */
export const sessionColumns: readonly [
  AliasedRawBuilder<string, 'id'>,
  AliasedRawBuilder<string, 'user_id'>,
  AliasedRawBuilder<string | null, 'character_id'>,
  AliasedRawBuilder<string, 'client_type'>,
  AliasedRawBuilder<string, 'created_at'>,
  AliasedRawBuilder<string, 'last_active_at'>,
  AliasedRawBuilder<string, 'idle_timeout_ms'>,
  AliasedRawBuilder<string, 'absolute_expires_at'>,
] = [
  sql<string>`s.id::text`.as('id'),
  sql<string>`s.user_id`.as('user_id'),
  sql<string | null>`s.character_id`.as('character_id'),
  sql<string>`s.client_type`.as('client_type'),
  epochMs(sql`s.created_at`).as('created_at'),
  epochMs(sql`s.last_active_at`).as('last_active_at'),
  sql<string>`s.idle_timeout_ms::text`.as('idle_timeout_ms'),
  epochMs(sql`s.absolute_expires_at`).as('absolute_expires_at'),
];

export function toSession(row: SessionRow): Session {
  return {
    id: row.id,
    userId: row.user_id,
    characterId: row.character_id,
    clientType: row.client_type,
    createdAt: toTime(row.created_at),
    lastActiveAt: toTime(row.last_active_at),
    idleTimeoutMs: Number(row.idle_timeout_ms),
    absoluteExpiresAt: toTime(row.absolute_expires_at),
  };
}

/** An ending as statements return it. */
export interface EndingRow {
  readonly session_id: string;
  readonly user_id: string;
  readonly reason: string;
  readonly actor_id: string | null;
  readonly ended_at: string;
}

/** The columns of an {@link EndingRow}, from a row `e`. */
export const endingColumns: readonly [
  AliasedRawBuilder<string, 'session_id'>,
  AliasedRawBuilder<string, 'user_id'>,
  AliasedRawBuilder<string, 'reason'>,
  AliasedRawBuilder<string | null, 'actor_id'>,
  AliasedRawBuilder<string, 'ended_at'>,
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
    endedAt: toTime(row.ended_at),
  };
}

/** The time of {@link epochMs}. */
export function toTime(ms: string): Date {
  return new Date(Number(ms));
}

/** The column `secret_hash` of a row `s` or `e`, in hexadecimal: `bytea_output` is the host's to set. */
export function hashColumn(table: 's' | 'e'): AliasedRawBuilder<string, 'secret_hash'> {
  return sql<string>`pg_catalog.encode(${sql.ref(`${table}.secret_hash`)}, 'hex')`.as('secret_hash');
}

export function toHash({ secret_hash }: { readonly secret_hash: string }): Uint8Array {
  return Buffer.from(secret_hash, 'hex');
}

/** How many rows a statement was about. */
export interface Count {
  readonly count: string;
}

export function countOf([row]: readonly Count[]): number {
  return Number(row?.count ?? 0);
}
