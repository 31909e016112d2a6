import type { PresentCharacter } from '../../../live/link-store.ts';
import type { DirectoryPeople } from '../directory-people.ts';
import type { PostgresDatabase } from '../postgres-database.ts';
import type { RelationPeople } from '../relation-people.ts';
import { toActiveCharacter } from '../statements/list-statements.ts';
import { toSession } from '../statements/rows.ts';
import { arrayOf } from '../statements/statement.ts';
import {
  directoryPresenceStatements,
  relationPresenceStatements,
  toPresence,
} from './presence-statements.ts';

/** Who is there, as the host's people are now, wherever those are kept. */
export interface PresentPeople {
  listPresentCharacters(worldId: string | null, activeWithinMs: number): Promise<readonly PresentCharacter[]>;
  /** The users with sessions who have none of these roles, or do not exist. */
  listOutsiders(roles: readonly string[]): Promise<readonly string[]>;
}

export function presentPeopleOf(database: PostgresDatabase): PresentPeople {
  const { people } = database;

  return 'directory' in people ? inDirectory(database, people) : inRelations(database, people);
}

function inRelations(database: PostgresDatabase, { relations, worlds }: RelationPeople): PresentPeople {
  const statements = relationPresenceStatements(database.schema, relations);

  return {
    async listPresentCharacters(worldId, window) {
      await database.ready();
      const rows =
        worldId === null
          ? await database.run(statements.listAllPresent, { window })
          : await worlds.run(statements.listPresent, worldId, window);

      return rows.map((row) => Object.assign(toActiveCharacter(row), toPresence(row)));
    },

    async listOutsiders(roles) {
      const rows = await database.run(statements.listOutsiders, { roles: arrayOf(roles) });

      return rows.map(({ user_id }) => user_id);
    },
  };
}

function inDirectory(database: PostgresDatabase, { directory }: DirectoryPeople): PresentPeople {
  const statements = directoryPresenceStatements(database.schema);

  return {
    async listPresentCharacters(worldId, window) {
      const rows = await database.run(statements.listPresent, { window });

      return directory.presentCharactersIn(
        worldId,
        rows.map((row) => toSession(row)),
        new Map(rows.map((row) => [row.id, toPresence(row)])),
      );
    },

    async listOutsiders(roles) {
      const rows = await database.run(statements.listUsers, {});

      return directory.usersWithOtherRoles(
        rows.map(({ user_id }) => user_id),
        roles,
      );
    },
  };
}
