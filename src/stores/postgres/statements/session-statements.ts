import { sql } from 'kysely';
import { epochMs, interval, isActiveWithin, isLive, durably, now } from './fragments.ts';
import {
  type Count,
  hashColumn,
  endingColumns,
  type EndingRow,
  sessionColumns,
  type SessionRow,
} from './rows.ts';
import { compiler, Statement } from './statement.ts';

/** A session to insert. */
interface InsertParams {
  readonly id: string;
  readonly user: string;
  readonly secretHash: Uint8Array;
  readonly clientType: string;
  readonly idleTimeoutMs: number;
  readonly lifetimeMs: number;
  /** How many rows the user may have, this one included; null for no limit. */
  readonly limit: number | null;
}

interface TouchRow {
  readonly is_live: boolean;
  /** Null if the row was held by another writer, and skipped. */
  readonly touched_at: string | null;
}

/** The statements about living sessions that need nothing of the host's tables. */
export interface SessionStatements {
  readonly lockUser: Statement<{ user: string }, object>;
  /** Inserts a session unless the user has reached the limit: then it returns nothing. */
  readonly insertSession: Statement<InsertParams, SessionRow>;
  readonly touchSession: Statement<{ id: string }, TouchRow>;
  readonly findEnding: Statement<
    { id: string; retention: number },
    EndingRow & { readonly secret_hash: string }
  >;
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
  const lockName = sql.lit(`${schema}.user.`);

  return {
    lockUser: new Statement((param) =>
      compiler.selectNoFrom(
        sql`pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(${lockName} || ${param('user', 'text')}, 0))`.as(
          'locked',
        ),
      ),
    ),

    insertSession: new Statement((param) => {
      const limit = param('limit', 'bigint');
      const ofUser = sql`select pg_catalog.count(*) from ${sessions} as o where o.user_id = ${param('user', 'text')}`;

      return sql<SessionRow>`
        with mud_auth_clock as (
          select ${now(param)} as now, ${durably}
        )
        insert into ${sessions} as s (
          id, user_id, secret_hash, client_type, created_at, last_active_at, idle_timeout_ms,
          absolute_expires_at
        )
        select
          ${param('id', 'uuid')}, ${param('user', 'text')}, ${param('secretHash', 'bytea')},
          ${param('clientType', 'text')}, mud_auth_clock.now, mud_auth_clock.now, ${param('idleTimeoutMs', 'bigint')},
          mud_auth_clock.now + ${interval(param('lifetimeMs', 'bigint'))}
        from mud_auth_clock
        where ${limit} is null or (${ofUser}) < ${limit}
        returning ${sql.join([...sessionColumns])}`;
    }),

    // The row is locked without waiting, and only what was locked while it lived is written: a touch
    // neither waits past a deadline, nor deadlocks with a bulk ending, nor brings anything back.
    touchSession: new Statement((param) => {
      const id = param('id', 'uuid');

      return sql<TouchRow>`
        with mud_auth_clock as (
          select ${now(param)} as now
        ), free as materialized (
          select s.id from ${sessions} as s, mud_auth_clock where s.id = ${id} and ${isLive}
          for no key update of s skip locked
        ), touched as (
          update ${sessions} as s set last_active_at = greatest(s.last_active_at, mud_auth_clock.now) from mud_auth_clock, free where s.id = free.id
          returning s.last_active_at
        )
        select ${isLive} as is_live, ${epochMs(sql`(select last_active_at from touched)`)} as touched_at
        from ${sessions} as s, mud_auth_clock where s.id = ${id}`;
    }),

    findEnding: new Statement((param) =>
      db
        .selectFrom('session_endings as e')
        .where('e.session_id', '=', param('id', 'uuid'))
        .where(sql<boolean>`e.ended_at > ${now(param)} - ${interval(param('retention', 'bigint'))}`)
        .select(endingColumns)
        .select(hashColumn('e')),
    ),

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
        .returning(sessionColumns),
    ),

    releaseCharacter: new Statement((param) =>
      db
        .with('mud_auth_clock', (cte) => cte.selectNoFrom(now(param).as('now')))
        .updateTable('sessions as s')
        .from('mud_auth_clock')
        .set({ character_id: sql<null>`null` })
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
