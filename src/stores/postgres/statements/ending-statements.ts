import { type RawBuilder, sql } from 'kysely';
import type { EndingCause } from '../../../session/ending.ts';
import { interval, isExpired, isLive, durably, now } from './fragments.ts';
import { type Count, endingColumns, type EndingRow } from './rows.ts';
import { type AtMoment, type Param, Statement } from './statement.ts';

/** Why and by whom sessions are ended, as statements take it. */
interface Cause {
  readonly reason: string;
  readonly actor: string | null;
}

export function paramsOf({ reason, actorId }: EndingCause): Cause {
  return { reason, actor: actorId };
}

/** The statements by which sessions end. Each deletes rows and remembers their endings in one step. */
export interface EndingStatements {
  readonly endSession: Statement<Cause & { id: string }, EndingRow>;
  readonly expireSession: Statement<{ id: string }, EndingRow>;
  /** Ends a user's expired sessions, and the oldest living ones beyond so many: only these are returned. */
  readonly trimSessionsOfUser: Statement<{ user: string; keep: number }, EndingRow>;
  readonly endSessionsOfUser: Statement<Cause & { user: string }, Count>;
  /** `missed`: a takeover went first, and who holds the character now was not seen. */
  readonly endSessionsOfCharacter: Statement<
    Cause & { character: string },
    Count & { readonly missed: boolean }
  >;
  readonly endAllSessions: Statement<Cause, Count>;
  /** Ends some of the expired sessions, passing over those that another writer holds. */
  readonly endExpiredBatch: Statement<{ size: number }, Count>;
  /** Forgets some of the endings past their retention. */
  readonly forgetEndingsBatch: Statement<{ size: number; retention: number }, Count>;
}

export function endingStatements(schema: string): EndingStatements {
  const sessions = sql.table(`${schema}.sessions`);
  const endings = sql.table(`${schema}.session_endings`);

  // The CTEs `mud_auth_clock`, `gone` and `remembered` that all of them begin with. A session found past its
  // deadline ends as expired and by nobody, whatever the cause is. An ending must not fail for an
  // older one of the same id, so that one is overwritten.
  const ending = (
    param: Param<AtMoment>,
    which: RawBuilder<unknown>,
    reason: RawBuilder<string>,
    actor: RawBuilder<string | null>,
    batch: RawBuilder<unknown> = sql``,
  ): RawBuilder<unknown> => sql`
    with mud_auth_clock as (
      select ${now(param)} as now, ${durably}
    ), ${batch} gone as (
      delete from ${sessions} as s using mud_auth_clock where ${which}
      returning s.id, s.user_id, s.secret_hash, s.created_at, mud_auth_clock.now as ended_at,
        case when ${isExpired} then 'expired' else ${reason} end as reason,
        case when ${isExpired} then null else ${actor} end as actor_id
    ), remembered as (
      insert into ${endings} (session_id, user_id, secret_hash, reason, actor_id, ended_at)
      select id, user_id, secret_hash, reason, actor_id, ended_at from gone
      on conflict (session_id) do update set
        user_id = excluded.user_id, secret_hash = excluded.secret_hash, reason = excluded.reason,
        actor_id = excluded.actor_id, ended_at = excluded.ended_at
      returning *
    )`;

  const endingFor = (param: Param<AtMoment & Cause>, which: RawBuilder<unknown>): RawBuilder<unknown> =>
    ending(param, which, param('reason', 'text'), param('actor', 'text'));

  const nobody = sql<null>`null::text`;
  const expired = sql<string>`'expired'`;
  const replaced = sql<string>`'replaced'`;
  const theEndings = sql`select ${sql.join([...endingColumns])} from remembered as e`;
  const theLivingCounted = sql`select pg_catalog.count(*)::text as count from remembered where reason <> 'expired'`;

  return {
    endSession: new Statement(
      (param) => sql<EndingRow>`${endingFor(param, sql`s.id = ${param('id', 'uuid')}`)} ${theEndings}`,
    ),

    expireSession: new Statement(
      (param) => sql<EndingRow>`
        ${ending(param, sql`s.id = ${param('id', 'uuid')} and ${isExpired}`, expired, nobody)}
        ${theEndings}`,
    ),

    trimSessionsOfUser: new Statement((param) => {
      const ofUser = sql`s.user_id = ${param('user', 'text')}`;
      const tooMany = sql`s.id in (
        select r.id from (
          select s.id, pg_catalog.row_number() over (order by s.created_at desc, s.id desc) as place
          from ${sessions} as s, mud_auth_clock where ${ofUser} and ${isLive}
        ) as r
        where r.place > ${param('keep', 'bigint')}
      )`;

      return sql<EndingRow>`
        ${ending(param, sql`${ofUser} and (${isExpired} or ${tooMany})`, replaced, nobody)}
        ${theEndings} join gone as g on g.id = e.session_id
        where e.reason <> 'expired'
        order by g.created_at, g.id`;
    }),

    endSessionsOfUser: new Statement(
      (param) => sql<Count>`
        ${endingFor(param, sql`s.user_id = ${param('user', 'text')}`)} ${theLivingCounted}`,
    ),

    // The DELETE waits for a takeover and then finds its row gone; the look at the end goes by the
    // same old snapshot, in which the character was held.
    endSessionsOfCharacter: new Statement((param) => {
      const held = sql`s.character_id = ${param('character', 'text')}`;

      return sql<Count & { readonly missed: boolean }>`
        ${endingFor(param, held)}
        select
          (pg_catalog.count(*) filter (where reason <> 'expired'))::text as count,
          pg_catalog.count(*) = 0 and exists (select from ${sessions} as s where ${held}) as missed
        from remembered`;
    }),

    endAllSessions: new Statement((param) => sql<Count>`${endingFor(param, sql`true`)} ${theLivingCounted}`),

    // Materialized, or a plan may choose the batch anew for every row.
    endExpiredBatch: new Statement((param) => {
      const batch = sql`batch as materialized (
        select s.id from ${sessions} as s, mud_auth_clock where ${isExpired}
        limit ${param('size', 'integer')} for update of s skip locked
      ),`;

      return sql<Count>`
        ${ending(param, sql`s.id in (select id from batch)`, expired, nobody, batch)}
        select pg_catalog.count(*)::text as count from remembered`;
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
  };
}
