import { type RawBuilder, sql } from 'kysely';
import type { SessionRecord } from '../../../session/session-store.ts';
import { epoch, isLive, now } from './fragments.ts';
import { linkWords, toLink } from './links.ts';
import { hashColumn, sessionColumns, type SessionRow, toHash, toSession, toTime } from './rows.ts';
import { type AtMoment, type Param, Statement } from './statement.ts';
import type { StatementPair } from './statement-pair.ts';

/** A session as a validate reads it. Its times are followed by that of the read, and by its link. */
export interface RecordRow extends SessionRow {
  readonly secret_hash: string;
}

/** What a host's relations add to a session's row. */
export interface Joined {
  readonly columns: RawBuilder<unknown>;
  readonly joins: RawBuilder<unknown>;
}

const NOTHING: Joined = { columns: sql``, joins: sql`` };

/** Finds sessions, with whatever is joined to them. */
export function findRecordStatements<Extra = object>(
  schema: string,
  { columns, joins }: Joined = NOTHING,
): StatementPair<RecordRow & Extra> {
  const sessions = sql.table(`${schema}.sessions`);
  const select = (param: Param<AtMoment>, source: RawBuilder<unknown>): RawBuilder<RecordRow & Extra> =>
    sql`select ${sql.join([...sessionColumns(epoch(now(param)), ...linkWords)])}, ${hashColumn('s')} ${columns}
      from ${source} as s ${joins}`;

  return {
    one: new Statement(
      (param) => sql<RecordRow & Extra>`${select(param, sessions)} where s.id = ${param('id', 'uuid')}`,
    ),
    many: new Statement((param) => select(param, sessionsOf(sessions, param('ids', 'uuid[]')))),
  };
}

/**
 * The sessions with these ids, to be called `s`. LATERAL with LIMIT 1 looks each of them up for itself,
 * by the index as soon as the table is worth one; a join would read the whole of a larger table too.
 */
export function sessionsOf(sessions: RawBuilder<unknown>, ids: RawBuilder<string>): RawBuilder<unknown> {
  return sql`pg_catalog.unnest(${ids}) as wanted (id)
    cross join lateral (select * from ${sessions} as s where s.id = wanted.id limit 1)`;
}

/** What the session's own row says in a record. */
export function toRecord(row: RecordRow): Pick<SessionRecord, 'session' | 'secretHash' | 'link' | 'readAt'> {
  const words = row.times.split(' ');
  const [, , , , , readAt = '', nodeId, linkDeadSince] = words;

  return {
    session: toSession(row, words),
    secretHash: toHash(row),
    link: toLink(nodeId, linkDeadSince),
    readAt: toTime(readAt),
  };
}

/** Lists the sessions that hold a character, and are as is said, with more columns than their own. */
export function listInPlayStatement<Extra = object>(
  schema: string,
  which: (window: RawBuilder<number>) => RawBuilder<boolean>,
  columns: RawBuilder<unknown> = sql``,
): Statement<{ window: number }, SessionRow & Extra> {
  return new Statement(
    (param) => sql<SessionRow & Extra>`
      with mud_auth_clock as (
        select ${now(param)} as now
      )
      select ${sql.join([...sessionColumns()])} ${columns}
      from ${sql.table(`${schema}.sessions`)} as s, mud_auth_clock
      where s.character_id is not null and ${isLive} and ${which(param('window', 'bigint'))}`,
  );
}
