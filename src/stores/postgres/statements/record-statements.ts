import { type RawBuilder, sql } from 'kysely';
import { isActiveWithin, isLive, now } from './fragments.ts';
import { hashColumn, sessionColumns, type SessionRow } from './rows.ts';
import { type AtMoment, compiler, type Param, Statement } from './statement.ts';
import type { StatementPair } from './statement-pair.ts';

/** A session as a validate reads it. The last of its times is that of the read. */
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
    sql`select ${sql.join([...sessionColumns(now(param))])}, ${hashColumn('s')} ${columns}
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

/** Lists the active sessions that hold a character. */
export function listInPlayStatement(schema: string): Statement<{ window: number }, SessionRow> {
  return new Statement((param) =>
    compiler
      .withSchema(schema)
      .with('mud_auth_clock', (cte) => cte.selectNoFrom(now(param).as('now')))
      .selectFrom(['sessions as s', 'mud_auth_clock'])
      .where('s.character_id', 'is not', null)
      .where(isLive)
      .where(isActiveWithin(param('window', 'bigint')))
      .select(sessionColumns()),
  );
}
