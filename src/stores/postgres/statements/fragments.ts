import { type RawBuilder, sql } from 'kysely';
import type { AtMoment, Param } from './statement.ts';

/**
 * The time, in whole milliseconds, since a `Date` has no more. Read once in a statement: unlike
 * `now()`, `clock_timestamp()` does not stand still while a transaction waits for a lock.
 */
export function now(param: Param<AtMoment>): RawBuilder<Date> {
  return sql<Date>`date_trunc('milliseconds', coalesce(${param('now', 'timestamptz')}, clock_timestamp()))`;
}

/**
 * Makes the commit of this statement wait for the disk where the host has let commits not wait: what
 * was acknowledged survives a crash. A column for a CTE that is read.
 */
export const durably: RawBuilder<unknown> = sql`
  case when current_setting('synchronous_commit') = 'off'
    then set_config('synchronous_commit', 'on', true) end as durably`;

/** A time as milliseconds since the epoch, which no host's settings write or read differently. */
export function epochMs(time: RawBuilder<unknown>): RawBuilder<string> {
  return sql<string>`(extract(epoch from ${time}) * 1000)::bigint::text`;
}

/** So many milliseconds, as an interval. */
export function interval(ms: RawBuilder<number>): RawBuilder<unknown> {
  return sql`${ms} * interval '1 millisecond'`;
}

// What follows speaks of a session in a row `s` at the time in a row `clock`.

const expiresAt = sql<Date>`least(s.last_active_at + s.idle_timeout_ms * interval '1 millisecond', s.absolute_expires_at)`;

/** `isExpired` in SQL: from the very instant of a deadline on. */
export const isExpired: RawBuilder<boolean> = sql<boolean>`${expiresAt} <= clock.now`;

/** The contrary of {@link isExpired}. */
export const isLive: RawBuilder<boolean> = sql<boolean>`${expiresAt} > clock.now`;

/** `isActiveWithin` in SQL. */
export function isActiveWithin(windowMs: RawBuilder<number>): RawBuilder<boolean> {
  return sql<boolean>`(${windowMs} = 0 or clock.now - s.last_active_at < ${interval(windowMs)})`;
}
