import { SessionStoreError } from '../../errors.ts';
import type { Ending, EndingCause } from '../../session/ending.ts';
import type {
  LinkOutcome,
  LinkStore,
  NodeLease,
  PresentCharacter,
  SessionLinking,
  UnlinkOutcome,
} from '../../live/link-store.ts';
import type {
  MaintenanceRecord,
  MaintenanceStore,
  NewMaintenance,
} from '../../maintenance/maintenance-store.ts';
import type {
  ActiveCharacter,
  CharacterSelection,
  CreateSessionOutcome,
  EndingRecord,
  NewSession,
  SelectCharacterOutcome,
  SessionRecord,
  SessionStore,
  TouchOutcome,
} from '../../session/session-store.ts';
import { isSessionId } from '../../token.ts';
import { Cleanup } from './cleanup.ts';
import type { Coalescer } from './coalescer.ts';
import type { Runner } from './connection.ts';
import { Connections } from './connections.ts';
import { DirectoryPeople } from './directory-people.ts';
import { idTypes } from './id-types.ts';
import { checkSchemaName, DEFAULT_SCHEMA, quoted } from './identifiers.ts';
import { migrateToLatest } from './migrate.ts';
import { checkOptions, connectionOptionsOf, type PostgresSessionStoreOptions } from './options.ts';
import type { People, TriedCreation } from './people.ts';
import { PostgresLinks } from './postgres-links.ts';
import { PostgresMaintenance } from './postgres-maintenance.ts';
import { RelationPeople } from './relation-people.ts';
import { checkSchemaVersion } from './schema-version.ts';
import { type CreatingStatements, creatingStatements } from './statements/creating-statements.ts';
import { type EndingStatements, endingStatements, paramsOf } from './statements/ending-statements.ts';
import { countOf, isEnding, toEnding, toHash, toTime } from './statements/rows.ts';
import {
  type FoundEndingRow,
  type SessionStatements,
  sessionStatements,
  type TouchRow,
} from './statements/session-statements.ts';
import type { Statement } from './statements/statement.ts';
import { UserTransactions } from './user-transactions.ts';

const UNIQUE_VIOLATION = '23505';

/** How often a character may change hands while it is being selected. */
const MAX_TRIES = 10;

const CLEAR_ALL_TIMEOUT_MS = 10 * 60_000;

/**
 * Sessions in Postgres, version 15 or later: the same for all processes, and there after a restart.
 * Deciding statements go by the clock of the database.
 */
export class PostgresSessionStore implements SessionStore, LinkStore, MaintenanceStore {
  readonly #connections: Connections;
  readonly #people: People;
  readonly #byUser: UserTransactions;
  readonly #statements: SessionStatements & CreatingStatements & EndingStatements;
  readonly #links: PostgresLinks;
  readonly #maintenance: PostgresMaintenance;
  readonly #touches: Coalescer<TouchRow>;
  readonly #endings: Coalescer<FoundEndingRow>;
  readonly #cleanup: Cleanup;
  readonly #prepare: () => Promise<void>;
  readonly #lockTable: string;
  #readiness: Promise<void> | null = null;

  /** @throws TypeError for settings that cannot be. Nothing is asked of the database yet. */
  constructor(options: PostgresSessionStoreOptions) {
    const { pool, schema = DEFAULT_SCHEMA, migrate = false } = options;
    checkSchemaName(schema);
    checkOptions(options);

    this.#connections = new Connections(pool, connectionOptionsOf(options));
    this.#statements = {
      ...sessionStatements(schema),
      ...creatingStatements(schema),
      ...endingStatements(schema),
    };
    this.#touches = this.#connections.sharing(this.#statements.touchSession);
    this.#endings = this.#connections.sharing(this.#statements.findEnding);
    this.#byUser = new UserTransactions(this.#connections, this.#statements);
    this.#people =
      'directory' in options && options.directory !== undefined
        ? new DirectoryPeople(this.#connections, this.#byUser, schema, options.directory)
        : new RelationPeople(this.#connections, this.#byUser, schema, options);
    const runner = { run: this.#run.bind(this) };
    this.#links = new PostgresLinks(runner, this.#people, schema);
    this.#maintenance = new PostgresMaintenance(
      runner,
      (work) => this.#whileNobodySignsIn(work),
      this.#people,
      schema,
    );
    this.#cleanup = new Cleanup(this.#connections, this.#statements);
    this.#lockTable = `lock table ${quoted(schema)}.sessions in share row exclusive mode`;
    this.#prepare = async () => {
      if (migrate) await migrateToLatest(pool, { schema });
      await checkSchemaVersion(this.#connections, schema);
      await this.#people.check();
    };
  }

  /**
   * Checks, once, that the schema is that of this version and that the host's relations are as
   * promised. Await it when the server starts; else the first call does it.
   *
   * @throws SchemaVersionError if the schema is behind or ahead, naming the migration.
   * @throws TypeError if a relation is missing, lacks a column, or has ids of another type.
   */
  ready(): Promise<void> {
    this.#readiness ??= this.#prepare().catch((error: unknown) => {
      this.#readiness = null;
      throw error;
    });

    return this.#readiness;
  }

  async createSession(input: NewSession): Promise<CreateSessionOutcome> {
    await this.ready();
    for (let tries = 1; ; tries += 1) {
      const created = await this.#create(input);
      if (created.outcome !== 'maintenance') return created;

      const closed = await this.findMaintenance();
      if (closed !== null) return { outcome: 'maintenance', ...closed };
      if (tries === MAX_TRIES)
        throw new SessionStoreError('The game was closed and opened at every try.', {
          retryable: true,
          outcome: 'not-applied',
        });
    }
  }

  async findSession(sessionId: string): Promise<SessionRecord | null> {
    if (!isSessionId(sessionId)) return null;
    await this.ready();

    return this.#people.findRecord(sessionId);
  }

  async findEnding(sessionId: string): Promise<EndingRecord | null> {
    if (!isSessionId(sessionId)) return null;
    await this.ready();
    const row = await this.#endings.ask(sessionId);

    return row === null ? null : { ending: toEnding(row), secretHash: toHash(row) };
  }

  async touchSession(sessionId: string): Promise<TouchOutcome> {
    if (!isSessionId(sessionId)) return { outcome: 'ended' };
    await this.ready();
    const row = await this.#touches.ask(sessionId);
    if (row === null || !row.is_live) return { outcome: 'ended' };
    if (row.touched_at === null) return { outcome: 'skipped' };

    return { outcome: 'touched', lastActiveAt: toTime(row.touched_at) };
  }

  async selectCharacter(selection: CharacterSelection): Promise<SelectCharacterOutcome> {
    if (!isSessionId(selection.sessionId)) return { outcome: 'session_ended' };
    await this.ready();

    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#seat(selection);
      } catch (error) {
        // The character changes hands at this moment, and its two owners do not share a lock.
        if (!isUniqueViolation(error) || tries === MAX_TRIES) throw error;
      }
    }
  }

  async releaseCharacter(sessionId: string): Promise<boolean> {
    if (!isSessionId(sessionId)) return false;
    const [row] = await this.#run(this.#statements.releaseCharacter, { id: sessionId });

    return row?.is_live ?? false;
  }

  async endSession(sessionId: string, cause: EndingCause): Promise<Ending | null> {
    if (!isSessionId(sessionId)) return null;
    const [row] = await this.#run(this.#statements.endSession, { id: sessionId, ...paramsOf(cause) });

    return row === undefined || row.reason === 'expired' ? null : toEnding(row);
  }

  async expireSession(sessionId: string): Promise<Ending | null> {
    if (!isSessionId(sessionId)) return null;
    const [row] = await this.#run(this.#statements.expireSession, { id: sessionId });

    return row === undefined ? null : toEnding(row);
  }

  async endSessionsForUser(userId: string, cause: EndingCause): Promise<number> {
    if (!idTypes.text.fits(userId)) return 0;
    await this.ready();

    return this.#byUser.endSessions(userId, cause);
  }

  async endSessionForCharacter(characterId: string, cause: EndingCause): Promise<Ending | null> {
    if (!idTypes.text.fits(characterId)) return null;

    for (;;) {
      const [row] = await this.#run(this.#statements.endSessionOfCharacter, {
        character: characterId,
        ...paramsOf(cause),
      });
      if (row?.missed === true) continue;

      return row !== undefined && isEnding(row) && row.reason !== 'expired' ? toEnding(row) : null;
    }
  }

  async endAllSessions(cause: EndingCause): Promise<number> {
    return this.#whileNobodySignsIn(async (transaction) =>
      countOf(await transaction.run(this.#statements.endAllSessions, paramsOf(cause))),
    );
  }

  async cleanupExpiredSessions(): Promise<number> {
    await this.ready();

    return this.#cleanup.run();
  }

  async countActiveSessions(activeWithinMs: number): Promise<number> {
    return countOf(await this.#run(this.#statements.countActive, { window: activeWithinMs }));
  }

  async listActiveCharacters(worldId: string, activeWithinMs: number): Promise<readonly ActiveCharacter[]> {
    await this.ready();

    return this.#people.listActiveCharacters(worldId, activeWithinMs);
  }

  async listPresentCharacters(
    worldId: string | null,
    activeWithinMs: number,
  ): Promise<readonly PresentCharacter[]> {
    await this.ready();

    return this.#links.listPresentCharacters(worldId, activeWithinMs);
  }

  hideSession(sessionId: string, isHidden: boolean): Promise<boolean> {
    return this.#links.hideSession(sessionId, isHidden);
  }

  keepNode(node: NodeLease): Promise<void> {
    return this.#links.keepNode(node);
  }

  endNode(nodeId: string): Promise<void> {
    return this.#links.endNode(nodeId);
  }

  linkSession(linking: SessionLinking): Promise<LinkOutcome> {
    return this.#links.linkSession(linking);
  }

  unlinkSession(linking: SessionLinking): Promise<UnlinkOutcome> {
    return this.#links.unlinkSession(linking);
  }

  dropLinkDead(linking: SessionLinking, graceMs: number): Promise<boolean> {
    return this.#links.dropLinkDead(linking, graceMs);
  }

  adoptSessions(nodeId: string): Promise<number> {
    return this.#links.adoptSessions(nodeId);
  }

  listLinkedSessions(nodeId: string): Promise<readonly string[]> {
    return this.#links.listLinkedSessions(nodeId);
  }

  startMaintenance(maintenance: NewMaintenance): Promise<number> {
    return this.#maintenance.startMaintenance(maintenance);
  }

  endMaintenance(): Promise<boolean> {
    return this.#maintenance.endMaintenance();
  }

  findMaintenance(): Promise<MaintenanceRecord | null> {
    return this.#maintenance.findMaintenance();
  }

  async #create(input: NewSession): Promise<TriedCreation> {
    try {
      return await this.#people.createSession(input);
    } catch (error) {
      if (isUniqueViolation(error)) return { outcome: 'id_in_use' };
      throw error;
    }
  }

  async #seat(selection: CharacterSelection): Promise<SelectCharacterOutcome> {
    // Before the transaction: a directory may need a connection of the same pool.
    const character = await this.#people.findPlayableCharacter(selection.characterId, selection.userId);
    if (character === null) return { outcome: 'character_not_available' };

    return this.#byUser.seat(selection, character);
  }

  /**
   * Sessions that are being inserted are invisible to what looks at all: the lock waits for them,
   * and those that come later see what the transaction has written.
   */
  async #whileNobodySignsIn<T>(work: (transaction: Runner) => Promise<T>): Promise<T> {
    await this.ready();

    return this.#connections.transaction(async (transaction) => {
      await transaction.runText(this.#lockTable);

      return work(transaction);
    }, CLEAR_ALL_TIMEOUT_MS);
  }

  async #run<Params extends object, Row>(
    statement: Statement<Params, Row>,
    params: Params,
  ): Promise<readonly Row[]> {
    await this.ready();

    return this.#connections.run(statement, params);
  }
}

function isUniqueViolation(error: unknown): boolean {
  return error instanceof SessionStoreError && error.sqlState === UNIQUE_VIOLATION;
}
