import { type RawBuilder, sql } from 'kysely';
import { lifetimeMs, type SessionTerms } from '../../../session/session-policy.ts';
import type { NewSession } from '../../../session/session-store.ts';
import { endingCtes } from './ending-statements.ts';
import { durably, interval, isExpired, isLive, now } from './fragments.ts';
import { endingColumns, type EndingRow, timeColumn } from './rows.ts';
import { type Param, Statement } from './statement.ts';

/** What is stored of a new session on whatever terms. */
export interface NewSessionParams {
  readonly id: string;
  readonly user: string;
  readonly secretHash: Uint8Array;
  readonly clientType: string;
}

/** A session to insert. */
interface InsertParams extends NewSessionParams {
  readonly idleTimeoutMs: number;
  readonly lifetimeMs: number;
}

/** All that is not known of a new session beforehand. */
interface CreatedRow {
  readonly created_at: string;
}

/** `created_at` is null where nothing was created, the columns of an ending where nothing was ended. */
type CreatedWithinLimitRow = { readonly [Column in keyof (CreatedRow & EndingRow)]: string | null } & {
  /** How many lived before. */
  readonly living: string;
};

/** The statements by which sessions begin. */
export interface CreatingStatements {
  readonly insertSession: Statement<InsertParams, CreatedRow>;
  /**
   * For a user who is locked. Ends his expired sessions, and the oldest living ones beyond so many;
   * then inserts one, unless there are as many as the limit still. A row for each living session
   * that it ended, oldest first; one row if there was none.
   */
  readonly insertWithinLimit: Statement<
    InsertParams & { limit: number; keep: number },
    CreatedWithinLimitRow
  >;
}

/** The columns of a new session, in the order in which statements give them. */
export function insertInto(schema: string): RawBuilder<unknown> {
  return sql`insert into ${sql.table(`${schema}.sessions`)} (
    id, user_id, secret_hash, client_type, created_at, last_active_at, idle_timeout_ms, absolute_expires_at
  )`;
}

export function creatingStatements(schema: string): CreatingStatements {
  const sessions = sql.table(`${schema}.sessions`);

  const insert = (param: Param<InsertParams>): RawBuilder<unknown> => sql`
    ${insertInto(schema)}
    select
      ${param('id', 'uuid')}, ${param('user', 'text')}, ${param('secretHash', 'bytea')},
      ${param('clientType', 'text')}, mud_auth_clock.now, mud_auth_clock.now,
      ${param('idleTimeoutMs', 'bigint')}, mud_auth_clock.now + ${interval(param('lifetimeMs', 'bigint'))}
    from mud_auth_clock`;

  return {
    insertSession: new Statement(
      (param) => sql<CreatedRow>`
        with mud_auth_clock as (
          select ${now(param)} as now, ${durably}
        )
        ${insert(param)} returning ${timeColumn(sql`created_at`, 'created_at')}`,
    ),

    // What a touch under way saves from expiring is not deleted, and so leaves no place. No sub-plan of
    // the DELETE may read the CTE of the clock: run for the first time when a row is checked again after
    // a wait, it would give that a second row.
    insertWithinLimit: new Statement((param) => {
      const ofUser = sql`s.user_id = ${param('user', 'text')}`;
      const tooMany = sql`s.id in (
        select r.id from (
          select s.id, pg_catalog.row_number() over (order by s.created_at desc, s.id desc) as place
          from ${sessions} as s where ${ofUser} and ${isLive}
        ) as r
        where r.place > ${param('keep', 'bigint')}
      )`;

      return sql<CreatedWithinLimitRow>`
        ${endingCtes(schema, param, {
          which: sql`${ofUser} and (${isExpired} or ${tooMany})`,
          reason: sql`'replaced'`,
          actor: sql`null::text`,
        })}, inserted as (
          ${insert(param)}
          where (select pg_catalog.count(*) from ${sessions} as s where ${ofUser})
            - (select pg_catalog.count(*) from gone) < ${param('limit', 'bigint')}
          returning created_at
        )
        select ${timeColumn(sql`i.created_at`, 'created_at')}, ${sql.join([...endingColumns])},
          (select pg_catalog.count(*) from ${sessions} as s, mud_auth_clock where ${ofUser} and ${isLive})::text as living
        from (select) as nothing
          left join inserted as i on true
          left join (
            select r.*, g.created_at from remembered as r join gone as g on g.id = r.session_id
            where r.reason <> 'expired'
          ) as e on true
        order by e.created_at, e.session_id`;
    }),
  };
}

export function paramsOfNew({ id, userId, secretHash, clientType }: NewSession): NewSessionParams {
  return { id, user: userId, secretHash, clientType };
}

export function paramsOfTerms(terms: SessionTerms): Pick<InsertParams, 'idleTimeoutMs' | 'lifetimeMs'> {
  return { idleTimeoutMs: terms.idleTimeoutMs, lifetimeMs: lifetimeMs(terms) };
}
