import { sql } from 'kysely';
import type { Character, User } from '../../directory.ts';
import { type SessionPolicy, termsFor } from '../../session/session-policy.ts';
import type { ActiveCharacter, NewSession, SessionRecord } from '../../session/session-store.ts';
import type { Coalescer } from './coalescer.ts';
import type { Connections } from './connections.ts';
import { checkRelations, checkSettings, type HostRelations } from './host-relations.ts';
import { idTypes } from './id-types.ts';
import type { People, TriedCreation } from './people.ts';
import { SignIns } from './sign-ins.ts';
import { paramsOfTerms, toNewSession } from './statements/creating-statements.ts';
import { isActiveWithin } from './statements/fragments.ts';
import {
  type ActiveRow,
  listByWorldType,
  type ListByWorldType,
  toActiveCharacter,
} from './statements/list-statements.ts';
import { type RecordRow, toRecord } from './statements/record-statements.ts';
import {
  type PeopleRow,
  type RelationStatements,
  relationStatements,
} from './statements/relation-statements.ts';
import { signInStatements, type UnlimitedSignIns } from './statements/sign-in-statements.ts';
import { arrayOf } from './statements/statement.ts';
import type { UserTransactions } from './user-transactions.ts';
import { WorldLists } from './world-lists.ts';

/** People in tables or views of the same database: one statement reads a session with all of them. */
export class RelationPeople implements People {
  readonly #connections: Connections;
  readonly #byUser: UserTransactions;
  readonly relations: HostRelations;
  readonly worlds: WorldLists;
  readonly #statements: RelationStatements;
  readonly #records: Coalescer<RecordRow & PeopleRow>;
  readonly #listActive: ListByWorldType<ActiveRow>;
  readonly #unlimited: UnlimitedSignIns;
  readonly #signIns = new WeakMap<SessionPolicy, Pick<SignIns<object>, 'insert'> | null>();

  constructor(connections: Connections, byUser: UserTransactions, schema: string, relations: HostRelations) {
    checkSettings(relations);
    this.#connections = connections;
    this.#byUser = byUser;
    this.relations = relations;
    this.#statements = relationStatements(schema, relations);
    this.#records = connections.sharingLooks(this.#statements.findRecord);
    this.#unlimited = signInStatements(schema, relations);
    this.#listActive = listByWorldType(schema, relations, { which: isActiveWithin, columns: sql`` });
    this.worlds = new WorldLists(connections, relations);
  }

  async check(): Promise<void> {
    this.worlds.know(await checkRelations(this.#connections, this.relations));
  }

  async createSession(input: NewSession): Promise<TriedCreation> {
    const { userId, policy } = input;
    if (!idTypes[this.relations.users.idType].fits(userId)) return { outcome: 'user_not_available' };

    // Mostly there is no limit, and one statement does it. Where it does not, another way tells why.
    const row = await this.#signInsOn(policy)?.insert(input);
    if (row) return { outcome: 'created', session: toNewSession(input, row), endings: [] };

    return this.#byUser.createSession(input, this.#statements.lockUserWithRole);
  }

  async findPlayableCharacter(characterId: string, userId: string): Promise<Character | null> {
    if (!idTypes[this.relations.characters.idType].fits(characterId)) return null;
    const [row] = await this.#connections.run(this.#statements.findCharacter, { id: characterId });
    if (row === undefined || row.user_id !== userId || row.world_id === null) return null;

    return characterOf(userId, row.id, row);
  }

  async findRecord(sessionId: string): Promise<SessionRecord | null> {
    const row = await this.#records.ask(sessionId);
    if (row === null) return null;

    return {
      ...toRecord(row),
      user: userOf(row.user_id, row),
      character: characterOf(row.user_id, row.character_id, row),
    };
  }

  async listActiveCharacters(worldId: string, activeWithinMs: number): Promise<readonly ActiveCharacter[]> {
    const rows = await this.worlds.run(this.#listActive, worldId, activeWithinMs);

    return rows.map(toActiveCharacter);
  }

  /** The sign-ins on terms without a limit; `null` if the policy has none. */
  #signInsOn(policy: SessionPolicy): Pick<SignIns<object>, 'insert'> | null {
    const known = this.#signIns.get(policy);
    if (known !== undefined) return known;

    const signIns = this.#newSignIns(policy);
    this.#signIns.set(policy, signIns);

    return signIns;
  }

  #newSignIns(policy: SessionPolicy): Pick<SignIns<object>, 'insert'> | null {
    const { insertSession, insertSessionByRole } = this.#unlimited;
    // No role in Postgres has a name that no text there can be.
    const roles = Array.from(policy.termsByRole.keys()).filter(
      (role) => role.isWellFormed() && !role.includes('\0'),
    );
    const terms = [policy.terms, ...roles.map((role) => termsFor(policy, role))];
    const unlimited = terms.map((some) => (some.maxSessionsPerUser === null ? paramsOfTerms(some) : null));
    const [forAll] = unlimited;
    if (unlimited.every((some) => some === null)) return null;
    if (roles.length === 0 && forAll) return new SignIns(this.#connections, insertSession, forAll);

    return new SignIns(this.#connections, insertSessionByRole, {
      roles: arrayOf(roles),
      idleTimesMs: arrayOf(unlimited.map((some) => some?.idleTimeoutMs ?? null)),
      lifetimesMs: arrayOf(unlimited.map((some) => some?.lifetimeMs ?? null)),
    });
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
