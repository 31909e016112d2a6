import { type RawBuilder, sql } from 'kysely';
import type { ActiveCharacter } from '../../../session/session-store.ts';
import { type HostRelations, isId, tableOf } from '../host-relations.ts';
import type { HostIdType } from '../id-types.ts';
import { isLive, now } from './fragments.ts';
import { characterOfSession, userOfSession } from './people-of-session.ts';
import { timeColumn, toTime } from './rows.ts';
import { type AtMoment, type Param, Statement } from './statement.ts';

/** An entry in the list of those in play. */
export interface ActiveRow {
  readonly character_id: string;
  readonly character_name: string;
  readonly world_id: string;
  readonly user_id: string;
  readonly role: string;
  readonly session_id: string;
  readonly last_active_at: string;
}

/**
 * Lists those in one world, given the type of the worlds' ids, or null for one that is not among ours:
 * then no index serves.
 */
export type ListByWorldType<Row> = (
  worldType: HostIdType | null,
) => Statement<{ world: string; window: number }, Row>;

/** Whom a list is of, and what it says beside the columns of all lists. */
interface ListClause {
  readonly which: RawBuilder<boolean>;
  readonly columns: RawBuilder<unknown>;
  /** About a character `c`. */
  readonly inWorld: RawBuilder<unknown>;
  /** The same about the session, for the sake of an index. */
  readonly isSearched?: RawBuilder<unknown>;
}

/** Whom a list of a world is of. */
type WorldClause = Pick<ListClause, 'columns'> & {
  readonly which: (window: RawBuilder<number>) => RawBuilder<boolean>;
};

/** A list of those who play, with their people. */
export function listing<Row>(
  schema: string,
  relations: HostRelations,
  param: Param<AtMoment>,
  { which, columns, inWorld, isSearched = sql`true` }: ListClause,
): RawBuilder<Row> {
  return sql<Row>`
    with mud_auth_clock as (
      select ${now(param)} as now
    )
    select s.character_id, c.name as character_name, c.world_id, s.user_id, u.role, s.id::text as session_id,
      ${timeColumn(sql`s.last_active_at`, 'last_active_at')} ${columns}
    from ${sql.table(`${schema}.sessions`)} as s
      cross join mud_auth_clock
      join ${userOfSession(relations)} on not u.disabled and u.username is not null and u.role is not null
      join ${characterOfSession(relations, inWorld)} on c.name is not null
    where s.character_id is not null and ${isSearched} and ${isLive} and ${which}`;
}

/**
 * A list of those in one world, written once for each type. Either from the characters of the world, by
 * the host's index if there is one, to the sessions, or from the sessions in play to the characters:
 * whichever are fewer. Hence the same said twice.
 */
export function listByWorldType<Row>(
  schema: string,
  relations: HostRelations,
  { which, columns }: WorldClause,
): ListByWorldType<Row> {
  const { characters } = relations;
  const statements = new Map<HostIdType | null, ReturnType<ListByWorldType<Row>>>();
  const write = (worldType: HostIdType | null): ReturnType<ListByWorldType<Row>> =>
    new Statement((param) => {
      const isIn = (c: RawBuilder<unknown>): RawBuilder<unknown> =>
        worldType === null
          ? sql`${c}.world_id::text collate "C" = ${param('world', 'text')}`
          : isId({ idType: worldType }, sql`${c}.world_id`, param('world', 'text'));
      const isSearched = sql`exists (
        select from ${tableOf(characters)} as i
        where ${isId(characters, sql`i.id`, sql`s.character_id`)}
          and s.character_id = i.id::text collate "default" and ${isIn(sql`i`)}
      )`;

      return listing<Row>(schema, relations, param, {
        which: which(param('window', 'bigint')),
        columns,
        inWorld: isIn(sql`c`),
        isSearched,
      });
    });

  return (worldType) => {
    const statement = statements.get(worldType) ?? write(worldType);
    statements.set(worldType, statement);

    return statement;
  };
}

export function toActiveCharacter(row: ActiveRow): ActiveCharacter {
  return {
    characterId: row.character_id,
    characterName: row.character_name,
    worldId: row.world_id,
    userId: row.user_id,
    role: row.role,
    sessionId: row.session_id,
    lastActiveAt: toTime(row.last_active_at),
  };
}
