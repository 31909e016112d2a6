import { sql } from 'kysely';
import { type HostRelations, isId, tableOf } from '../host-relations.ts';
import { characterOfSession, userOfSession, whoMaySignIn } from './people-of-session.ts';
import { findRecordStatements, type RecordRow } from './record-statements.ts';
import type { Count } from './rows.ts';
import { type LockParams, lockingUser, sessionsOfUser } from './session-statements.ts';
import { Statement } from './statement.ts';
import type { StatementPair } from './statement-pair.ts';

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

/** A user who is locked; his role is null if he may not sign in. */
export interface LockedUserRow extends Count {
  readonly role: string | null;
}

/** The statements that read a user, or a character, of the host's relations. */
export interface RelationStatements {
  /** Locks a user as `lockUserCounting` does. */
  readonly lockUserWithRole: Statement<LockParams, LockedUserRow>;
  readonly findCharacter: Statement<{ id: string }, CharacterRow>;
  readonly findRecord: StatementPair<RecordRow & PeopleRow>;
}

export function relationStatements(schema: string, relations: HostRelations): RelationStatements {
  const { characters } = relations;

  return {
    lockUserWithRole: new Statement(
      (param) => sql<LockedUserRow>`
        select u.role, ${sessionsOfUser(schema, param)}, ${lockingUser(schema, param)}
        from (select) as nothing left join ${whoMaySignIn(relations, param('user', 'text'))} on true`,
    ),

    findCharacter: new Statement(
      (param) => sql<CharacterRow>`
        select c.id::text, c.user_id::text, c.name::text as character_name, c.world_id::text
        from ${tableOf(characters)} as c where ${isId(characters, sql`c.id`, param('id', 'text'))} limit 1`,
    ),

    findRecord: findRecordStatements<PeopleRow>(schema, {
      columns: sql`, u.username, u.role, u.disabled, c.name as character_name, c.world_id`,
      joins: sql`left join ${userOfSession(relations)} on true left join ${characterOfSession(relations)} on true`,
    }),
  };
}
