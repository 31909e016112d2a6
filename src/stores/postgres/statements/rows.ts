import { type AliasedRawBuilder, type RawBuilder, sql } from 'kysely';
import type { Ending, EndingReason } from '../../../session/ending.ts';
import type { Session } from '../../../session/session.ts';
import { epoch } from './fragments.ts';

// Outputs are text and boolean: nothing that a host's type parsers, the settings of
// its database (bytea_output, extra_float_digits) or the column types of its views could change.

/** A session as statements return it. */
export interface SessionRow {
  readonly id: string;
  readonly user_id: string;
  readonly character_id: string | null;
  readonly client_type: string;
  /** All its times in one column, since each column has its price: the idle time in milliseconds, then times as `epoch` writes them, or `-`. */
  readonly times: string;
}

type SessionColumns = readonly [
  AliasedRawBuilder<string, 'id'>,
  AliasedRawBuilder<string, 'user_id'>,
  AliasedRawBuilder<string | null, 'character_id'>,
  AliasedRawBuilder<string, 'client_type'>,
  AliasedRawBuilder<string, 'times'>,
];

/** The columns of a {@link SessionRow}, from a row `s`; its times may be followed by other words. */
export function sessionColumns(...moreWords: readonly RawBuilder<unknown>[]): SessionColumns {
  return [
    sql<string>`s.id::text`.as('id'),
    sql<string>`s.user_id`.as('user_id'),
    sql<string | null>`s.character_id`.as('character_id'),
    sql<string>`s.client_type`.as('client_type'),
    timesColumn(...moreWords),
  ];
}

/** The column `times` of a {@link SessionRow}, from a row `s`. */
export function timesColumn(
  ...moreWords: readonly RawBuilder<unknown>[]
): AliasedRawBuilder<string, 'times'> {
  const times = [sql`s.created_at`, sql`s.last_active_at`, sql`s.absolute_expires_at`].map(epoch);
  const perhaps = sql`coalesce(${epoch(sql`s.authenticated_at`)}::text, '-')`;

  return sql<string>`pg_catalog.concat_ws(' ', s.idle_timeout_ms, ${sql.join([...times, perhaps, ...moreWords])})`.as(
    'times',
  );
}

export function toSession(row: SessionRow, words: readonly string[] = row.times.split(' ')): Session {
  const [
    idleTimeoutMs = '',
    createdAt = '',
    lastActiveAt = '',
    absoluteExpiresAt = '',
    authenticatedAt = '-',
  ] = words;

  return {
    id: row.id,
    userId: row.user_id,
    characterId: row.character_id,
    clientType: row.client_type,
    createdAt: toTime(createdAt),
    lastActiveAt: toTime(lastActiveAt),
    idleTimeoutMs: Number(idleTimeoutMs),
    absoluteExpiresAt: toTime(absoluteExpiresAt),
    authenticatedAt: authenticatedAt === '-' ? null : toTime(authenticatedAt),
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

/** The same columns where there may be no ending. */
export type PerhapsEnding = { readonly [Column in keyof EndingRow]: string | null };

export function isEnding<Row extends PerhapsEnding>(row: Row): row is Row & EndingRow {
  return row.session_id !== null;
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
  timeColumn(sql`e.ended_at`, 'ended_at'),
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

/** A time as a column of its own. */
export function timeColumn<Name extends string>(
  time: RawBuilder<unknown>,
  name: Name,
): AliasedRawBuilder<string, Name> {
  return sql<string>`${epoch(time)}::text`.as(name);
}

/** The time of an `epoch`: whole milliseconds are stored, in which a `Date` counts too. */
export function toTime(seconds: string): Date {
  return new Date(Math.round(Number(seconds) * 1000));
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
