import { type RawBuilder, sql } from 'kysely';
import { asIdOf, type HostRelations, tableOf } from '../host-relations.ts';
import { epochMs, isActiveWithin, isLive, now } from './fragments.ts';
import { findRecordStatement, type RecordRow } from './record-statements.ts';
import { Statement } from './statement.ts';

/** A user as statements return him. */
interface UserRow {
  readonly id: string;
  readonly username: string | null;
  readonly role: string | null;
  readonly disabled: boolean;
}

/** A character as statements return it. */
interface CharacterRow {
  readonly id: string;
  readonly user_id: string;
  readonly character_name: string | null;
  readonly world_id: string | null;
}

/** The host's part of a record: null where there is no such user, or no such character of his. */
export interface PeopleRow {
  readonly username: string | null;
  readonly role: string | null;
  readonly disabled: boolean | null;
  readonly character_name: string | null;
  readonly world_id: string | null;
}

/** An entry in the list of those in play. */
interface ActiveRow {
  readonly character_id: string;
  readonly character_name: string;
  readonly user_id: string;
  readonly role: string;
  readonly session_id: string;
  readonly last_active_at: string;
}

/** The statements that read the host's relations. */
export interface RelationStatements {
  readonly findUser: Statement<{ id: string }, UserRow>;
  readonly findCharacter: Statement<{ id: string }, CharacterRow>;
  readonly findRecord: Statement<{ id: string }, RecordRow & PeopleRow>;
  readonly listActive: Statement<{ world: string; window: number }, ActiveRow>;
}

export function relationStatements(schema: string, relations: HostRelations): RelationStatements {
  const users = tableOf(relations.users);
  const characters = tableOf(relations.characters);

  // LATERAL with LIMIT 1: over a view that Postgres cannot inline, a plain join reads all of it.
  // The ids of the session are cast, never those of the host, whose index would be lost.
  const userOfSession = sql`lateral (
    select u.username::text, u.role::text, u.disabled is not false as disabled from ${users} as u
    where u.id = ${asIdOf(relations.users, sql`s.user_id`)} limit 1
  ) as u`;
  const characterOfSession = (where: RawBuilder<unknown>): RawBuilder<unknown> => sql`lateral (
    select c.name::text, c.world_id::text from ${characters} as c
    where c.id = ${asIdOf(relations.characters, sql`s.character_id`)}
      and c.user_id = ${asIdOf(relations.users, sql`s.user_id`)} and ${where}
    limit 1
  ) as c`;

  return {
    findUser: new Statement(
      (param) => sql<UserRow>`
        select u.id::text, u.username::text, u.role::text, u.disabled is not false as disabled
        from ${users} as u where u.id = ${asIdOf(relations.users, param('id', 'text'))} limit 1`,
    ),

    findCharacter: new Statement(
      (param) => sql<CharacterRow>`
        select c.id::text, c.user_id::text, c.name::text as character_name, c.world_id::text
        from ${characters} as c where c.id = ${asIdOf(relations.characters, param('id', 'text'))} limit 1`,
    ),

    findRecord: findRecordStatement<PeopleRow>(schema, {
      columns: sql`, u.username, u.role, u.disabled, c.name as character_name, c.world_id`,
      joins: sql`left join ${userOfSession} on true left join ${characterOfSession(sql`true`)} on true`,
    }),

    listActive: new Statement(
      (param) => sql<ActiveRow>`
        with mud_auth_clock as (
          select ${now(param)} as now
        )
        select s.character_id, c.name as character_name, s.user_id, u.role, s.id::text as session_id,
          ${epochMs(sql`s.last_active_at`)} as last_active_at
        from ${sql.table(`${schema}.sessions`)} as s
          cross join mud_auth_clock
          join ${userOfSession} on not u.disabled and u.username is not null and u.role is not null
          join ${characterOfSession(sql`c.world_id::text = ${param('world', 'text')}`)} on c.name is not null
        where s.character_id is not null and ${isLive} and ${isActiveWithin(param('window', 'bigint'))}`,
    ),
  };
}
