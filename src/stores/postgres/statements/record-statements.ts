import { type RawBuilder, sql } from 'kysely';
import { epochMs, isActiveWithin, isLive, now } from './fragments.ts';
import { hashColumn, sessionColumns, type SessionRow } from './rows.ts';
import { compiler, Statement } from './statement.ts';

/** A session as a validate reads it. */
export interface RecordRow extends SessionRow {
  readonly secret_hash: string;
  readonly read_at: string;
}

/** What a host's relations add to a session's row. */
export interface Joined {
  readonly columns: RawBuilder<unknown>;
  readonly joins: RawBuilder<unknown>;
}

const NOTHING: Joined = { columns: sql``, joins: sql`` };

/** Finds one session, with whatever is joined to it. */
export function findRecordStatement<Extra = object>(
  schema: string,
  joined: Joined = NOTHING,
): Statement<{ id: string }, RecordRow & Extra> {
  return new Statement(
    (param) => sql<RecordRow & Extra>`
      select ${sql.join([...sessionColumns])}, ${hashColumn('s')}, ${epochMs(now(param))} as read_at
        ${joined.columns}
      from ${sql.table(`${schema}.sessions`)} as s
        ${joined.joins}
      where s.id = ${param('id', 'uuid')}`,
  );
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
      .select(sessionColumns),
  );
}
