import { type RawBuilder, sql } from 'kysely';
import type { AtMoment, Param } from './statement.ts';

/**
 * The time, in whole milliseconds, since a `Date` has no more. Read once in a statement: unlike
 * `now()`, `clock_timestamp()` does not stand still while a transaction waits for a lock.
 */
export function now(param: Param<AtMoment>): RawBuilder<Date> {
  return sql<Date>`pg_catalog.date_trunc('milliseconds', coalesce(${param('now', 'timestamptz')}, pg_catalog.clock_timestamp()))`;
}

/**
 * Makes the commit of this statement wait for the disk where the host has let commits not wait: what
 * was acknowledged survives a crash. A column for a CTE that is read.
 */
export const durably: RawBuilder<unknown> = sql`
  case when pg_catalog.current_setting('synchronous_commit') = 'off'
    then pg_catalog.set_config('synchronous_commit', 'on', true) end as durably`;

/**
 * Lets the commit of this statement not wait for the disk: for what a crash may undo, since it is
 * said again or found out soon. A column for a CTE that is read.
 */
export const hastily: RawBuilder<unknown> = sql`
  pg_catalog.set_config('synchronous_commit', 'off', true) as hastily`;

/** A time as seconds since the epoch, which no host's settings write or read differently. */
export function epoch(time: RawBuilder<unknown>): RawBuilder<string> {
  return sql<string>`extract(epoch from ${time})`;
}

/** So many milliseconds, as an interval. */
export function interval(ms: RawBuilder<number | string>): RawBuilder<unknown> {
  return sql`${ms}::double precision * interval '1 millisecond'`;
}

/** Whether who has this role may sign in now: the game is open, or not closed to it. */
export function isAdmitted(schema: string, role: RawBuilder<unknown>): RawBuilder<boolean> {
  return sql<boolean>`not exists (
    select from ${sql.table(`${schema}.maintenance`)} as m where not (${role} collate "C" = any (m.admitted_roles))
  )`;
}

/**
 * Whether this statement sees what was committed before it got its locks. Where the host's default is
 * stricter, a statement that is a transaction of its own may have waited with an older view.
 */
export const seesTheLatest: RawBuilder<boolean> = sql<boolean>`pg_catalog.current_setting('transaction_isolation') = 'read committed'`;

// What follows speaks of a session in a row `s` at the time in a row `mud_auth_clock`, a name
// that no relation of a host has.

const expiresAt = sql<Date>`least(s.last_active_at + s.idle_timeout_ms::double precision * interval '1 millisecond', s.absolute_expires_at)`;

/** `isExpired` in SQL: from the very instant of a deadline on. */
export const isExpired: RawBuilder<boolean> = sql<boolean>`${expiresAt} <= mud_auth_clock.now`;

/** The contrary of {@link isExpired}. */
export const isLive: RawBuilder<boolean> = sql<boolean>`${expiresAt} > mud_auth_clock.now`;

/** The contrary of `isFamilyOver` in SQL, of a row `f`. */
export function isFamilyLive(at: RawBuilder<unknown> = sql`mud_auth_clock.now`): RawBuilder<boolean> {
  return sql<boolean>`(least(f.last_used_at + f.idle_timeout_ms::double precision * interval '1 millisecond', f.absolute_expires_at) > ${at})`;
}

/** `isActiveWithin` in SQL. */
export function isActiveWithin(windowMs: RawBuilder<number>): RawBuilder<boolean> {
  return sql<boolean>`(${windowMs} = 0 or mud_auth_clock.now - s.last_active_at < ${interval(windowMs)})`;
}
