import { type RawBuilder, sql } from 'kysely';
import { lifetimeMs, type SessionTerms } from '../../../session/session-policy.ts';
import type { NewSession } from '../../../session/session-store.ts';
import type { Session } from '../../../session/session.ts';
import { endingCtes } from './ending-statements.ts';
import { durably, interval, isAdmitted, isExpired, isLive, now, seesTheLatest } from './fragments.ts';
import { endingColumns, type PerhapsEnding, type SessionRow, timesColumn, toSession } from './rows.ts';
import { type Param, Statement } from './statement.ts';

/** What is stored of a new session on whatever terms. */
export interface NewSessionParams {
  readonly id: string;
  readonly user: string;
  readonly secretHash: Uint8Array;
  readonly clientType: string;
  /** `true` or `false`. */
  readonly authenticated: string;
}

/** A session to insert. */
interface InsertParams extends NewSessionParams {
  readonly role: string;
  readonly idleTimeoutMs: number;
  readonly lifetimeMs: number;
}

/** A {@link SessionRow}, but for what is known of a new session beforehand. */
export type CreatedRow = Pick<SessionRow, 'id' | 'times'>;

/** `times` is null where nothing was created. */
type CreatedWithinLimitRow = PerhapsEnding & {
  readonly times: string | null;
  /** How many lived before. */
  readonly living: string;
  /** Whether the game is open to the role: if not, nobody was ended. */
  readonly is_admitted: boolean;
};

/** The statements by which sessions begin. */
export interface CreatingStatements {
  /** No row if the game is closed to the role, or the statement cannot tell. */
  readonly insertSession: Statement<InsertParams, CreatedRow>;
  /** For a user who is locked. Inserts a session if he has fewer than the limit, and none to be ended. */
  readonly insertBelowLimit: Statement<InsertParams & { limit: number }, CreatedRow>;
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

/** What is known of a new session beforehand, as a statement says it. */
export type NewRow = { readonly [Name in keyof NewSessionParams]: RawBuilder<NewSessionParams[Name]> };

/** A session to insert: what is known of it, how long it lives, in milliseconds, and the rows that this takes. */
export interface Insertion {
  readonly row: NewRow;
  readonly idleTimeoutMs: RawBuilder<unknown>;
  readonly lifetimeMs: RawBuilder<number | string>;
  /** A row for each that is inserted, with the clock's. */
  readonly from: RawBuilder<unknown>;
}

/** Inserts sessions, and returns a {@link CreatedRow} for each. */
export function inserting(
  schema: string,
  { row, idleTimeoutMs, lifetimeMs: life, from }: Insertion,
): RawBuilder<unknown> {
  return sql`insert into ${sql.table(`${schema}.sessions`)} as s (
      id, user_id, secret_hash, client_type, created_at, last_active_at, idle_timeout_ms, absolute_expires_at,
      authenticated_at
    )
    select
      ${row.id}, ${row.user}, ${row.secretHash}, ${row.clientType}, mud_auth_clock.now, mud_auth_clock.now,
      ${idleTimeoutMs}, mud_auth_clock.now + ${interval(life)},
      case when ${row.authenticated} then mud_auth_clock.now end
    from ${from}
    returning s.id::text, ${timesColumn()}`;
}

/** The one session that a statement is given. */
export function givenRow(param: Param<NewSessionParams>): NewRow {
  return {
    id: param('id', 'uuid'),
    user: param('user', 'text'),
    secretHash: param('secretHash', 'bytea'),
    clientType: param('clientType', 'text'),
    authenticated: param('authenticated', 'boolean'),
  };
}

/** The session that was inserted. */
export function toNewSession(
  { id, userId, clientType }: NewSession,
  { times }: Pick<CreatedRow, 'times'>,
): Session {
  return toSession({ id, user_id: userId, character_id: null, client_type: clientType, times });
}

export function creatingStatements(schema: string): CreatingStatements {
  const sessions = sql.table(`${schema}.sessions`);
  const isOpen = (param: Param<{ role: string }>): RawBuilder<boolean> =>
    isAdmitted(schema, param('role', 'text'));

  const insert = (param: Param<InsertParams>, where: RawBuilder<unknown> = sql`true`): RawBuilder<unknown> =>
    inserting(schema, {
      row: givenRow(param),
      idleTimeoutMs: param('idleTimeoutMs', 'bigint'),
      lifetimeMs: param('lifetimeMs', 'bigint'),
      from: sql`mud_auth_clock where ${where} and ${isOpen(param)}`,
    });

  return {
    insertSession: new Statement(
      (param) => sql<CreatedRow>`
        with mud_auth_clock as (
          select ${now(param)} as now, ${durably}
        )
        ${insert(param, seesTheLatest)}`,
    ),

    insertBelowLimit: new Statement((param) => {
      const hasRoom = sql`(
        select pg_catalog.count(*) < ${param('limit', 'bigint')} and coalesce(pg_catalog.bool_and(${isLive}), true)
        from ${sessions} as s where s.user_id = ${param('user', 'text')}
      )`;

      return sql<CreatedRow>`
        with mud_auth_clock as (
          select ${now(param)} as now
        )
        ${insert(param, hasRoom)}`;
    }),

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

      const isBelowLimit = sql`
        (select pg_catalog.count(*) from ${sessions} as s where ${ofUser})
          - (select pg_catalog.count(*) from gone) < ${param('limit', 'bigint')}`;

      return sql<CreatedWithinLimitRow>`
        ${endingCtes(schema, param, {
          which: sql`${ofUser} and (${isExpired} or (${tooMany} and ${isOpen(param)}))`,
          reason: sql`'replaced'`,
          actor: sql`null::text`,
        })}, inserted as (
          ${insert(param, isBelowLimit)}
        )
        select i.times, ${sql.join([...endingColumns])},
          (select pg_catalog.count(*) from ${sessions} as s, mud_auth_clock where ${ofUser} and ${isLive})::text as living,
          ${isOpen(param)} as is_admitted
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

export function paramsOfNew({
  id,
  userId,
  secretHash,
  clientType,
  isAuthenticated,
}: NewSession): NewSessionParams {
  return { id, user: userId, secretHash, clientType, authenticated: String(isAuthenticated) };
}

export function paramsOfTerms(terms: SessionTerms): Pick<InsertParams, 'idleTimeoutMs' | 'lifetimeMs'> {
  return { idleTimeoutMs: terms.idleTimeoutMs, lifetimeMs: lifetimeMs(terms) };
}
