import { type RawBuilder, sql } from 'kysely';
import { type EndingCause, FORGETTING_REASONS } from '../../../session/ending.ts';
import { quoted } from '../identifiers.ts';
import { durably, interval, isExpired, isFamilyLive, now } from './fragments.ts';
import { type Count, endingColumns, type EndingRow, type PerhapsEnding } from './rows.ts';
import { type AtMoment, type Param, Statement } from './statement.ts';

/** Why and by whom sessions are ended, as statements take it. */
interface Cause {
  readonly reason: string;
  readonly actor: string | null;
}

export function paramsOf({ reason, actorId }: EndingCause): Cause {
  return { reason, actor: actorId };
}

/** How far a batch went. */
interface ExpiredBatch extends Count {
  /** How many were to be ended; some may have been changed at that moment. */
  readonly chosen: string;
  /** The place of the last row of the batch, as `(block,item)`; null if there was none. */
  readonly last: string | null;
  /** How many blocks the table has. */
  readonly blocks: string;
}

/** A family that began while its session was waited for, and could not be seen to be ended. */
interface Unforgotten {
  readonly unforgotten: string | null;
}

/** The statements by which sessions end. Each deletes rows and remembers their endings in one step. */
export interface EndingStatements {
  readonly endSession: Statement<Cause & { id: string }, EndingRow & Unforgotten>;
  readonly expireSession: Statement<{ id: string }, EndingRow>;
  readonly expireSessionsOfUser: Statement<{ user: string }, Count>;
  readonly endSessionsOfUser: Statement<Cause & { user: string; kept: string | null }, Count>;
  /**
   * One row always, without an ending if nothing was ended. `missed`: a takeover went first, and who
   * holds the character now was not seen.
   */
  readonly endSessionOfCharacter: Statement<
    Cause & { character: string },
    PerhapsEnding & Unforgotten & { readonly missed: boolean }
  >;
  readonly endAllSessions: Statement<Cause, Count>;
  /** Ends at most so many of the expired sessions in a part of the table, passing over those that another writer holds. */
  readonly endExpiredBatch: Statement<{ from: string; to: string; size: number }, ExpiredBatch>;
  /** Forgets some of the endings past their retention. */
  readonly forgetEndingsBatch: Statement<{ size: number; retention: number }, Count>;
  /** Forgets some of the families of remember tokens that are not live. */
  readonly forgetFamiliesBatch: Statement<{ size: number }, Count>;
  readonly forgetFamily: Statement<{ id: string }, object>;
  readonly forgetFamiliesOfUser: Statement<{ user: string; kept: string | null }, object>;
  readonly forgetAllFamilies: Statement<object, object>;
}

export function endingStatements(schema: string): EndingStatements {
  const sessions = sql.table(`${schema}.sessions`);
  const endings = sql.table(`${schema}.session_endings`);
  const families = sql.table(`${schema}.remember_families`);

  const endingFor = (
    param: Param<AtMoment & Cause>,
    which: RawBuilder<unknown>,
    forgets = false,
  ): RawBuilder<unknown> =>
    endingCtes(schema, param, {
      which,
      reason: param('reason', 'text'),
      actor: param('actor', 'text'),
      forgets,
    });
  const expiring = (
    param: Param<AtMoment>,
    which: RawBuilder<unknown>,
    batch: RawBuilder<unknown> = sql``,
  ): RawBuilder<unknown> =>
    endingCtes(schema, param, { which, reason: sql`'expired'`, actor: sql`null::text`, batch });

  const theEndings = sql`select ${sql.join([...endingColumns])} from remembered as e`;
  const unforgotten = sql`(
    select g.remember_family::text from gone as g where ${isForgetting(sql`g.reason`)} and not exists (select from forgotten)
  ) as unforgotten`;
  const theLivingCounted = sql`select pg_catalog.count(*)::text as count from remembered where reason <> 'expired'`;

  return {
    endSession: new Statement(
      (param) => sql<EndingRow & Unforgotten>`
        ${endingFor(param, sql`s.id = ${param('id', 'uuid')}`, true)}
        select ${sql.join([...endingColumns])}, ${unforgotten} from remembered as e`,
    ),

    expireSession: new Statement(
      (param) => sql<EndingRow>`
        ${expiring(param, sql`s.id = ${param('id', 'uuid')} and ${isExpired}`)}
        ${theEndings}`,
    ),

    expireSessionsOfUser: new Statement((param) => {
      const ofUser = sql`s.user_id = ${param('user', 'text')}`;

      return sql<Count>`
        ${expiring(param, sql`${ofUser} and ${isExpired}`)}
        select pg_catalog.count(*)::text as count from remembered`;
    }),

    endSessionsOfUser: new Statement(
      (param) => sql<Count>`
        ${endingFor(param, sql`s.user_id = ${param('user', 'text')} and s.id is distinct from ${param('kept', 'uuid')}`)}
        ${theLivingCounted}`,
    ),

    // The DELETE waits for a takeover and then finds its row gone; the look at the end goes by the
    // same old snapshot, in which the character was held.
    endSessionOfCharacter: new Statement((param) => {
      const held = sql`s.character_id = ${param('character', 'text')}`;

      return sql<PerhapsEnding & Unforgotten & { readonly missed: boolean }>`
        ${endingFor(param, held, true)}
        select ${sql.join([...endingColumns])}, ${unforgotten},
          e.session_id is null and exists (select from ${sessions} as s where ${held}) as missed
        from (select) as nothing left join remembered as e on true`;
    }),

    endAllSessions: new Statement((param) => sql<Count>`${endingFor(param, sql`true`)} ${theLivingCounted}`),

    // Materialized, or a plan may choose the batch anew for every row.
    endExpiredBatch: new Statement((param) => {
      const batch = sql`batch as materialized (
        select s.ctid from ${sessions} as s, mud_auth_clock
        where s.ctid >= ${param('from', 'tid')} and s.ctid < ${param('to', 'tid')} and ${isExpired}
        limit ${param('size', 'integer')} for update of s skip locked
      ),`;

      return sql<ExpiredBatch>`
        ${expiring(param, sql`s.ctid = any (array(select ctid from batch))`, batch)}
        select
          (select pg_catalog.count(*) from remembered)::text as count,
          (select pg_catalog.count(*) from batch)::text as chosen,
          (select pg_catalog.max(ctid) from batch)::text as last,
          (pg_catalog.pg_relation_size(${sql.lit(`${quoted(schema)}.sessions`)}) / pg_catalog.current_setting('block_size')::bigint)::text as blocks`;
    }),

    forgetEndingsBatch: new Statement(
      (param) => sql<Count>`
        with batch as materialized (
          select session_id from ${endings}
          where ended_at <= ${now(param)} - ${interval(param('retention', 'bigint'))}
          limit ${param('size', 'integer')} for update skip locked
        ), forgotten as (
          delete from ${endings} where session_id in (select session_id from batch) returning 1
        )
        select pg_catalog.count(*)::text as count from forgotten`,
    ),

    forgetFamiliesBatch: new Statement(
      (param) => sql<Count>`
        with mud_auth_clock as (
          select ${now(param)} as now
        ), batch as materialized (
          select f.id from ${families} as f, mud_auth_clock where not ${isFamilyLive()}
          limit ${param('size', 'integer')} for update of f skip locked
        ), forgotten as (
          delete from ${families} where id in (select id from batch) returning 1
        )
        select pg_catalog.count(*)::text as count from forgotten`,
    ),

    forgetFamily: new Statement(
      (param) => sql<object>`
        with mud_auth_commit as (select ${durably})
        delete from ${families} using mud_auth_commit where id = ${param('id', 'uuid')}`,
    ),

    forgetFamiliesOfUser: new Statement(
      (param) => sql<object>`
        delete from ${families} where user_id = ${param('user', 'text')} and id is distinct from (
          select s.remember_family from ${sessions} as s where s.id = ${param('kept', 'uuid')} and s.user_id = ${param('user', 'text')}
        )`,
    ),

    forgetAllFamilies: new Statement(() => sql<object>`delete from ${families}`),
  };
}

/** Which rows end, and why. */
interface EndingClause {
  readonly which: RawBuilder<unknown>;
  readonly reason: RawBuilder<string>;
  readonly actor: RawBuilder<string | null>;
  /** A CTE, with a comma, that `which` speaks of. */
  readonly batch?: RawBuilder<unknown>;
  /** Whether the families of remember tokens that they hang on end too, for the reasons that ask for it. */
  readonly forgets?: boolean;
}

/**
 * The CTEs `mud_auth_clock`, `gone` and `remembered`, by which rows are deleted and remembered. A
 * session found past its deadline ends as expired and by nobody, whatever the cause is. An ending
 * must not fail for an older one of the same id, so that one is overwritten.
 */
export function endingCtes(
  schema: string,
  param: Param<AtMoment>,
  { which, reason, actor, batch = sql``, forgets = false }: EndingClause,
): RawBuilder<unknown> {
  return sql`
    with mud_auth_clock as (
      select ${now(param)} as now, ${durably}
    ), ${batch} ${forgets ? familiesFirst(schema, which) : sql``} gone as (
      delete from ${sql.table(`${schema}.sessions`)} as s
      using mud_auth_clock ${forgets ? sql`, (select pg_catalog.count(*) from kin) as locked` : sql``} where ${which}
      returning s.id, s.user_id, s.secret_hash, s.created_at, s.remember_family, mud_auth_clock.now as ended_at,
        case when ${isExpired} then 'expired' else ${reason} end as reason,
        case when ${isExpired} then null else ${actor} end as actor_id
    ), remembered as (
      insert into ${sql.table(`${schema}.session_endings`)} (
        session_id, user_id, secret_hash, reason, actor_id, ended_at
      )
      select id, user_id, secret_hash, reason, actor_id, ended_at from gone
      on conflict (session_id) do update set
        user_id = excluded.user_id, secret_hash = excluded.secret_hash, reason = excluded.reason,
        actor_id = excluded.actor_id, ended_at = excluded.ended_at
      returning *
    )${forgets ? forgetting(schema) : sql``}`;
}

/** Families are locked before the sessions that hang on them, whoever ends which: else two could wait for each other. */
function familiesFirst(schema: string, which: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`kin as materialized (
      select f.id from ${sql.table(`${schema}.remember_families`)} as f
      where f.id in (select s.remember_family from ${sql.table(`${schema}.sessions`)} as s where ${which})
      for update of f
    ),`;
}

function forgetting(schema: string): RawBuilder<unknown> {
  return sql`, forgotten as (
      delete from ${sql.table(`${schema}.remember_families`)} as f using gone
      where f.id = gone.remember_family and ${isForgetting(sql`gone.reason`)}
      returning 1
    )`;
}

function isForgetting(reason: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`${reason} in (${sql.join(FORGETTING_REASONS.map((each) => sql.lit(each)))})`;
}
