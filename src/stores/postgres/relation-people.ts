import type { Character, User } from '../../directory.ts';
import type { ActiveCharacter, SessionRecord } from '../../session/session-store.ts';
import type { Connections } from './connections.ts';
import { checkRelations, checkSettings, type HostRelations } from './host-relations.ts';
import { idTypes } from './id-types.ts';
import type { People } from './people.ts';
import { toHash, toSession, toTime } from './statements/rows.ts';
import {
  type PeopleRow,
  type RelationStatements,
  relationStatements,
} from './statements/relation-statements.ts';

/** People in tables or views of the same database: one statement reads a session with all of them. */
export class RelationPeople implements People {
  readonly #connections: Connections;
  readonly #relations: HostRelations;
  readonly #statements: RelationStatements;

  constructor(connections: Connections, schema: string, relations: HostRelations) {
    checkSettings(relations);
    this.#connections = connections;
    this.#relations = relations;
    this.#statements = relationStatements(schema, relations);
  }

  check(): Promise<void> {
    return checkRelations(this.#connections, this.#relations);
  }

  async findEnabledUser(userId: string): Promise<User | null> {
    if (!idTypes[this.#relations.users.idType].fits(userId)) return null;
    const [user] = await this.#connections.run(this.#statements.findUser, { id: userId });

    return user === undefined || user.disabled ? null : userOf(user.id, user);
  }

  async findPlayableCharacter(characterId: string, userId: string): Promise<Character | null> {
    if (!idTypes[this.#relations.characters.idType].fits(characterId)) return null;
    const [row] = await this.#connections.run(this.#statements.findCharacter, { id: characterId });
    if (row === undefined || row.user_id !== userId || row.world_id === null) return null;

    return characterOf(userId, row.id, row);
  }

  async findRecord(sessionId: string): Promise<SessionRecord | null> {
    const [row] = await this.#connections.run(this.#statements.findRecord, {
      id: sessionId,
    });
    if (row === undefined) return null;

    return {
      session: toSession(row),
      secretHash: toHash(row),
      user: userOf(row.user_id, row),
      character: characterOf(row.user_id, row.character_id, row),
      readAt: toTime(row.read_at),
    };
  }

  async listActiveCharacters(worldId: string, activeWithinMs: number): Promise<readonly ActiveCharacter[]> {
    if (!idTypes.text.fits(worldId)) return [];
    const rows = await this.#connections.run(this.#statements.listActive, {
      world: worldId,
      window: activeWithinMs,
    });

    return rows.map((row) => ({
      characterId: row.character_id,
      characterName: row.character_name,
      worldId,
      userId: row.user_id,
      role: row.role,
      sessionId: row.session_id,
      lastActiveAt: toTime(row.last_active_at),
    }));
  }
}

// A view can give null for anything. Who has no name or no role is nobody.
function userOf(
  id: string,
  { username, role, disabled }: Pick<PeopleRow, 'username' | 'role' | 'disabled'>,
): User | null {
  if (username === null || role === null || disabled === null) return null;

  return { id, username, role, disabled };
}

function characterOf(
  userId: string,
  id: string | null,
  row: Pick<PeopleRow, 'character_name' | 'world_id'>,
): Character | null {
  if (id === null || row.character_name === null) return null;

  return { id, userId, name: row.character_name, worldId: row.world_id };
}
