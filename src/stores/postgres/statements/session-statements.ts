import { type RawBuilder, sql } from 'kysely';
import { durably, hastily, interval, isActiveWithin, isLive, now } from './fragments.ts';
import { ENDING_RETENTION_MS } from '../../../session/ending.ts';
import { sessionsOf } from './record-statements.ts';
import {
  type Count,
  endingColumns,
  type EndingRow,
  hashColumn,
  sessionColumns,
  type SessionRow,
  timeColumn,
} from './rows.ts';
import { type AtMoment, compiler, type Param, Statement } from './statement.ts';
import type { StatementPair } from './statement-pair.ts';

export interface TouchRow {
  readonly id: string;
  readonly is_live: boolean;
  /** Null if the row was held by another writer, and skipped. */
  readonly touched_at: string | null;
}

/** An ending with the session that it is of, and what its token is recognised by. */
export interface FoundEndingRow extends EndingRow {
  readonly id: string;
  readonly secret_hash: string;
}

export interface LockParams {
  readonly user: string;
  readonly patienceMs: number;
}

/** The statements about living sessions that need nothing of the host's tables. */
export interface SessionStatements {
  /**
   * Locks a user until the end of the transaction. Neither this nor what follows waits for others
   * longer than it is told to, and the server lets go of the locks if this node falls silent.
   */
  readonly lockUser: Statement<LockParams, object>;
  /** The same, and how many sessions he had before the wait, the expired among them. */
  readonly lockUserCounting: Statement<LockParams, Count>;
  readonly touchSession: StatementPair<TouchRow>;
  readonly renewSession: Statement<{ id: string; hash: Uint8Array; newHash: Uint8Array }, SessionRow>;
  readonly findEnding: StatementPair<FoundEndingRow>;
  /** The session and whoever holds the character, locked until the end of the transaction. */
  readonly lockSeat: Statement<
    { id: string; user: string; character: string },
    { readonly id: string; readonly user_id: string; readonly holds: boolean }
  >;
  readonly bindCharacter: Statement<{ id: string; character: string }, SessionRow>;
  /** Takes the character from a session, live or not, if it has one. */
  readonly releaseCharacter: Statement<{ id: string }, { readonly is_live: boolean }>;
  readonly countActive: Statement<{ window: number }, Count>;
}

export function sessionStatements(schema: string): SessionStatements {
  const db = compiler.withSchema(schema);
  const sessions = sql.table(`${schema}.sessions`);

  // The rows are locked without waiting, and only what was locked while it lived is written: a touch
  // neither waits past a deadline, nor deadlocks with a bulk ending, nor brings anything back. A crash may
  // lose the last of them, which ends a session a little earlier than it would have, and never later.
  const touch = (
    param: Param<AtMoment>,
    source: RawBuilder<unknown>,
    which: RawBuilder<unknown>,
  ): RawBuilder<TouchRow> => sql`
    with mud_auth_clock as (
      select ${now(param)} as now, ${hastily}
    ), free as materialized (
      select s.id from ${source} cross join mud_auth_clock where ${which} and ${isLive}
      for no key update of s skip locked
    ), touched as (
      update ${sessions} as s set last_active_at = greatest(s.last_active_at, mud_auth_clock.now)
      from mud_auth_clock, free where s.id = free.id
      returning s.id, s.last_active_at
    )
    select s.id::text, ${isLive} as is_live, ${timeColumn(sql`touched.last_active_at`, 'touched_at')}
    from ${source} cross join mud_auth_clock left join touched on touched.id = s.id
    where ${which}`;

  const findEnding = (param: Param<AtMoment>, which: RawBuilder<unknown>): RawBuilder<FoundEndingRow> => sql`
    select e.session_id::text as id, ${sql.join([...endingColumns])}, ${hashColumn('e')}
    from ${sql.table(`${schema}.session_endings`)} as e
    where ${which} and e.ended_at > ${now(param)} - ${interval(sql.lit(ENDING_RETENTION_MS))}`;

  return {
    lockUser: new Statement((param) => sql<object>`select ${lockingUser(schema, param)}`),

    lockUserCounting: new Statement(
      (param) => sql<Count>`select ${sessionsOfUser(schema, param)}, ${lockingUser(schema, param)}`,
    ),

    touchSession: {
      one: new Statement((param) => touch(param, sql`${sessions} as s`, sql`s.id = ${param('id', 'uuid')}`)),
      many: new Statement((param) =>
        touch(param, sql`${sessionsOf(sessions, param('ids', 'uuid[]'))} as s`, sql`true`),
      ),
    },

    renewSession: new Statement(
      (param) => sql<SessionRow>`
        with mud_auth_clock as (select ${now(param)} as now, ${durably})
        update ${sessions} as s set secret_hash = ${param('newHash', 'bytea')},
          authenticated_at = mud_auth_clock.now, last_active_at = greatest(s.last_active_at, mud_auth_clock.now)
        from mud_auth_clock
        where s.id = ${param('id', 'uuid')} and s.secret_hash = ${param('hash', 'bytea')} and ${isLive}
        returning ${sql.join([...sessionColumns()])}`,
    ),

    findEnding: {
      one: new Statement((param) => findEnding(param, sql`e.session_id = ${param('id', 'uuid')}`)),
      many: new Statement((param) => findEnding(param, sql`e.session_id = any (${param('ids', 'uuid[]')})`)),
    },

    lockSeat: new Statement((param) =>
      db
        .selectFrom('sessions as s')
        .where((eb) =>
          eb.or([
            eb.and([eb('s.id', '=', param('id', 'uuid')), eb('s.user_id', '=', param('user', 'text'))]),
            eb('s.character_id', '=', param('character', 'text')),
          ]),
        )
        .select([
          sql<string>`s.id::text`.as('id'),
          's.user_id',
          sql<boolean>`s.character_id is not distinct from ${param('character', 'text')}`.as('holds'),
        ])
        .forUpdate(),
    ),

    bindCharacter: new Statement((param) =>
      db
        .updateTable('sessions as s')
        .set({ character_id: param('character', 'text') })
        .where('s.id', '=', param('id', 'uuid'))
        .returning(sessionColumns()),
    ),

    releaseCharacter: new Statement((param) =>
      db
        .with('mud_auth_clock', (cte) => cte.selectNoFrom(now(param).as('now')))
        .updateTable('sessions as s')
        .from('mud_auth_clock')
        .set({
          character_id: sql<null>`null`,
          node_id: sql<string | null>`case when s.link_dead_since is null then s.node_id end`,
          link_dead_since: sql<null>`null`,
        })
        .where('s.id', '=', param('id', 'uuid'))
        .where('s.character_id', 'is not', null)
        .returning(isLive.as('is_live')),
    ),

    countActive: new Statement((param) =>
      db
        .with('mud_auth_clock', (cte) => cte.selectNoFrom(now(param).as('now')))
        .selectFrom(['sessions as s', 'mud_auth_clock'])
        .where(isLive)
        .where(isActiveWithin(param('window', 'bigint')))
        .select(sql<string>`pg_catalog.count(*)::text`.as('count')),
    ),
  };
}

/** How many sessions a user has, whether or not they have expired: by index alone. */
export function sessionsOfUser(schema: string, param: Param<{ user: string }>): RawBuilder<unknown> {
  return sql`(
    select pg_catalog.count(*) from ${sql.table(`${schema}.sessions`)} as s where s.user_id = ${param('user', 'text')}
  )::text as count`;
}

/**
 * Columns in the order in which they are written: the waits are bounded before there is one.
 */
export function lockingUser(schema: string, param: Param<LockParams>): RawBuilder<unknown> {
  return sql`
    ${boundedWaits(param)},
    ${durably},
    pg_catalog.pg_advisory_xact_lock(
      pg_catalog.hashtextextended(${sql.lit(`${schema}.user.`)} || ${param('user', 'text')}, 0)
    ) as locked`;
}

/**
 * Columns that let a transaction neither wait nor stand still for long, from then on. A host's own limit
 * stays, if it is shorter.
 */
export function boundedWaits(param: Param<{ patienceMs: number }>): RawBuilder<unknown> {
  const patience = param('patienceMs', 'integer');
  const isShorter = sql`pg_catalog.current_setting('lock_timeout')::interval between interval '1 ms' and ${interval(patience)}`;

  return sql`
    pg_catalog.set_config('idle_in_transaction_session_timeout', ${patience}::text, true) as stands,
    case when not ${isShorter} then pg_catalog.set_config('lock_timeout', ${patience}::text, true) end as waits`;
}
