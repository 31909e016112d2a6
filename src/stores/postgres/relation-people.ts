import type { PresentCharacter } from '../../live/link-store.ts';
import type { Character, User } from '../../directory.ts';
import { SessionStoreError } from '../../errors.ts';
import { type SessionPolicy, termsFor } from '../../session/session-policy.ts';
import type { ActiveCharacter, NewSession, SessionRecord } from '../../session/session-store.ts';
import type { Coalescer } from './coalescer.ts';
import type { Connections } from './connections.ts';
import { checkRelations, checkSettings, type HostRelations, readWorldType } from './host-relations.ts';
import { type HostIdType, idTypes } from './id-types.ts';
import type { People, TriedCreation } from './people.ts';
import { SignIns } from './sign-ins.ts';
import { paramsOfTerms, toNewSession } from './statements/creating-statements.ts';
import { toPresence } from './statements/presence.ts';
import { type RecordRow, toRecord } from './statements/record-statements.ts';
import { toTime } from './statements/rows.ts';
import {
  type ActiveRow,
  type PeopleRow,
  type RelationStatements,
  relationStatements,
} from './statements/relation-statements.ts';
import { arrayOf, type Statement } from './statements/statement.ts';
import type { UserTransactions } from './user-transactions.ts';

/** An operator for these types, too. */
const UNDEFINED_FUNCTION = '42883';

/** People in tables or views of the same database: one statement reads a session with all of them. */
export class RelationPeople implements People {
  readonly #connections: Connections;
  readonly #byUser: UserTransactions;
  readonly #relations: HostRelations;
  readonly #statements: RelationStatements;
  readonly #records: Coalescer<RecordRow & PeopleRow>;
  #worldType: HostIdType | null = null;
  readonly #signIns = new WeakMap<SessionPolicy, Pick<SignIns<object>, 'insert'> | null>();
  readonly #listsByText: Lists;
  #lists: Lists;

  constructor(connections: Connections, byUser: UserTransactions, schema: string, relations: HostRelations) {
    checkSettings(relations);
    this.#connections = connections;
    this.#byUser = byUser;
    this.#relations = relations;
    this.#statements = relationStatements(schema, relations);
    this.#records = connections.sharingLooks(this.#statements.findRecord);
    this.#listsByText = listsFor(null, this.#statements);
    this.#lists = this.#listsByText;
  }

  async check(): Promise<void> {
    this.#knowWorlds(await checkRelations(this.#connections, this.#relations));
  }

  async createSession(input: NewSession): Promise<TriedCreation> {
    const { userId, policy } = input;
    if (!idTypes[this.#relations.users.idType].fits(userId)) return { outcome: 'user_not_available' };

    // Mostly there is no limit, and one statement does it. Where it does not, another way tells why.
    const row = await this.#signInsOn(policy)?.insert(input);
    if (row) return { outcome: 'created', session: toNewSession(input, row), endings: [] };

    return this.#byUser.createSession(input, this.#statements.lockUserWithRole);
  }

  async listOutsiders(roles: readonly string[]): Promise<readonly string[]> {
    const rows = await this.#connections.run(this.#statements.listOutsiders, { roles: arrayOf(roles) });

    return rows.map(({ user_id }) => user_id);
  }

  async findPlayableCharacter(characterId: string, userId: string): Promise<Character | null> {
    if (!idTypes[this.#relations.characters.idType].fits(characterId)) return null;
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
    const rows = await this.#listIn(worldId, activeWithinMs, ({ listActive }) => listActive);

    return rows.map(toActiveCharacter);
  }

  async listPresentCharacters(
    worldId: string | null,
    activeWithinMs: number,
  ): Promise<readonly PresentCharacter[]> {
    const rows =
      worldId === null
        ? await this.#connections.run(this.#statements.listAllPresent, { window: activeWithinMs })
        : await this.#listIn(worldId, activeWithinMs, ({ listPresent }) => listPresent);

    return rows.map((row) => Object.assign(toActiveCharacter(row), toPresence(row)));
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
    const { insertSession, insertSessionByRole } = this.#statements;
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

  async #listIn<Row>(
    world: string,
    window: number,
    pick: (lists: Lists) => Statement<{ world: string; window: number }, Row>,
  ): Promise<readonly Row[]> {
    if (!idTypes.text.fits(world)) return [];
    const run = (): Promise<readonly Row[]> => {
      // Of another type than it was, perhaps: as a text it is found all the same.
      const isOfType = idTypes[this.#worldType ?? 'text'].fits(world);

      return this.#connections.run(pick(isOfType ? this.#lists : this.#listsByText), { world, window });
    };

    try {
      return await run();
    } catch (error) {
      if (!(error instanceof SessionStoreError) || error.sqlState !== UNDEFINED_FUNCTION) throw error;
      // The host has given its worlds ids of another type meanwhile.
      this.#knowWorlds(await readWorldType(this.#connections, this.#relations));
      return run();
    }
  }

  #knowWorlds(type: HostIdType | null): void {
    this.#worldType = type;
    this.#lists = listsFor(type, this.#statements);
  }
}

/** The lists of those in one world. */
type Lists = Readonly<{
  [Name in 'listActive' | 'listPresent']: ReturnType<RelationStatements[Name]>;
}>;

function listsFor(worldType: HostIdType | null, statements: RelationStatements): Lists {
  return { listActive: statements.listActive(worldType), listPresent: statements.listPresent(worldType) };
}

function toActiveCharacter(row: ActiveRow): ActiveCharacter {
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
