import type { MaintenanceRecord } from '../../maintenance/maintenance-store.ts';
import type { Runner } from './connection.ts';
import { Connections } from './connections.ts';
import { DirectoryPeople } from './directory-people.ts';
import { checkSchemaName, DEFAULT_SCHEMA, quoted } from './identifiers.ts';
import { migrateToLatest } from './migrate.ts';
import { checkOptions, connectionOptionsOf, type PostgresSessionStoreOptions } from './options.ts';
import { RelationPeople } from './relation-people.ts';
import { checkSchemaVersion } from './schema-version.ts';
import { type CreatingStatements, creatingStatements } from './statements/creating-statements.ts';
import { type EndingStatements, endingStatements } from './statements/ending-statements.ts';
import {
  findMaintenanceStatement,
  type MaintenanceRow,
  toMaintenance,
} from './statements/maintenance-statement.ts';
import { toTime } from './statements/rows.ts';
import { type SessionStatements, sessionStatements } from './statements/session-statements.ts';
import type { Statement } from './statements/statement.ts';
import { UserTransactions } from './user-transactions.ts';

const WHOLE_TABLE_TIMEOUT_MS = 10 * 60_000;

/** What the stores of all ports have in common: the library's schema, and the host's people beside it. */
export class PostgresDatabase implements Pick<Runner, 'run'> {
  readonly schema: string;
  readonly connections: Connections;
  readonly statements: SessionStatements & CreatingStatements & EndingStatements;
  readonly byUser: UserTransactions;
  readonly people: DirectoryPeople | RelationPeople;
  readonly #findMaintenance: Statement<object, MaintenanceRow>;
  readonly #prepare: () => Promise<void>;
  readonly #lockTable: string;
  #readiness: Promise<void> | null = null;

  /** @throws TypeError for settings that cannot be. */
  constructor(options: PostgresSessionStoreOptions) {
    const { pool, schema = DEFAULT_SCHEMA, migrate = false } = options;
    checkSchemaName(schema);
    checkOptions(options);

    this.schema = schema;
    this.connections = new Connections(pool, connectionOptionsOf(options));
    this.statements = {
      ...sessionStatements(schema),
      ...creatingStatements(schema),
      ...endingStatements(schema),
    };
    this.byUser = new UserTransactions(this.connections, this.statements);
    this.people =
      'directory' in options && options.directory !== undefined
        ? new DirectoryPeople(this.connections, this.byUser, schema, options.directory)
        : new RelationPeople(this.connections, this.byUser, schema, options);
    this.#findMaintenance = findMaintenanceStatement(schema);
    this.#lockTable = `lock table ${quoted(schema)}.sessions in share row exclusive mode`;
    this.#prepare = async () => {
      if (migrate) await migrateToLatest(pool, { schema });
      await checkSchemaVersion(this.connections, schema);
      await this.people.check();
    };
  }

  /** Checks, once, that all is there. The next call tries again what failed. */
  ready(): Promise<void> {
    this.#readiness ??= this.#prepare().catch((error: unknown) => {
      this.#readiness = null;
      throw error;
    });

    return this.#readiness;
  }

  /** Runs one statement, once all is there. */
  async run<Params extends object, Row>(
    statement: Statement<Params, Row>,
    params: Params,
  ): Promise<readonly Row[]> {
    await this.ready();

    return this.connections.run(statement, params);
  }

  /**
   * Does the work while nobody signs in. Sessions that are being inserted are invisible to what looks
   * at all: the lock waits for them, and those that come later see what the transaction has written.
   */
  async whileNobodySignsIn<T>(work: (transaction: Runner) => Promise<T>): Promise<T> {
    await this.ready();

    return this.connections.transaction(async (transaction) => {
      await transaction.runText(this.#lockTable);

      return work(transaction);
    }, WHOLE_TABLE_TIMEOUT_MS);
  }

  async findMaintenance(): Promise<MaintenanceRecord | null> {
    const [row] = await this.run(this.#findMaintenance, {});

    return row === undefined ? null : { maintenance: toMaintenance(row), readAt: toTime(row.read_at) };
  }
}

const databases = new WeakMap<object, PostgresDatabase>();

/** Lets stores of other ports stand on the database of this one. */
export function share(store: object, database: PostgresDatabase): void {
  databases.set(store, database);
}

/** @throws TypeError if it is not a `PostgresSessionStore`. */
export function databaseOf(store: object): PostgresDatabase {
  const database = databases.get(Object(store));
  if (database === undefined) throw new TypeError('Give it the PostgresSessionStore that it belongs to.');

  return database;
}
