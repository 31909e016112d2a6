import type { Clock } from '../../clock.ts';
import type { Directory } from '../../directory.ts';
import { requirePlainObject } from '../../session/arguments.ts';
import type { ConnectionOptions } from './connections.ts';
import type { HostRelations } from './host-relations.ts';
import type { PgPool } from './pg-pool.ts';

/** What a Postgres store is built from, beside the people. */
interface CommonOptions {
  /**
   * The host's `pg.Pool`, or `pglitePool(db)`. The host ends it. Give it a `connectionTimeoutMillis`:
   * without one, pg waits for ever for a connection that nobody answers.
   */
  readonly pool: PgPool;
  /** The schema of the library's tables. Default `mud_auth`. */
  readonly schema?: string;
  /** Runs `migrateToLatest` before anything else. Default `false`. */
  readonly migrate?: boolean;
  /** How long to wait for a free connection, in milliseconds. Default 5,000. */
  readonly acquireTimeoutMs?: number;
  /** How long to wait for the answer to a statement, in milliseconds. Default 5,000. */
  readonly queryTimeoutMs?: number;
  /**
   * How many statements may wait for a connection; the next is refused at once. Of calls that share
   * statements, a hundred times as many may wait. Default 1,000.
   */
  readonly maxWaiting?: number;
  /**
   * Whether statements are prepared, once for each connection. `false` is for a pooler that cannot
   * keep them, and makes the database plan each statement anew. Default `true`.
   */
  readonly preparedStatements?: boolean;
  /** For tests. Default: the clock of the database. */
  readonly clock?: Clock;
}

/** Users and characters as tables or views of the same database: one statement reads a session with both. */
interface RelationOptions extends HostRelations {
  readonly directory?: never;
}

/** Users and characters that the host looks up itself. */
interface DirectoryOptions {
  readonly directory: Directory;
  readonly users?: never;
  readonly characters?: never;
}

/** What a Postgres store is built from. */
export type PostgresSessionStoreOptions = CommonOptions & (RelationOptions | DirectoryOptions);

/** Timers, and Postgres, count milliseconds in 32 bits. */
const MAX_LIMIT = 2 ** 31 - 1;

const KEYS = [
  'pool',
  'schema',
  'migrate',
  'acquireTimeoutMs',
  'queryTimeoutMs',
  'maxWaiting',
  'preparedStatements',
  'clock',
  'users',
  'characters',
  'directory',
];

/** @throws TypeError for options that are missing, unknown, or exclude each other. */
export function checkOptions(options: PostgresSessionStoreOptions): void {
  requirePlainObject('The options of PostgresSessionStore', options, KEYS);
  const { pool, users, characters, directory }: { readonly [key: string]: unknown; readonly pool: PgPool } = {
    users: undefined,
    characters: undefined,
    directory: undefined,
    ...options,
  };
  if (typeof pool?.connect !== 'function')
    throw new TypeError('pool is required: a pg.Pool, or pglitePool(db).');
  const isByRelations = users !== undefined && characters !== undefined && directory === undefined;
  const isByDirectory = users === undefined && characters === undefined && directory !== undefined;
  if (isByRelations || isByDirectory) return;

  throw new TypeError('Give either users and characters, or a directory.');
}

/** @throws TypeError for limits that are not whole numbers from 1, and a switch that is none. */
export function connectionOptionsOf(options: CommonOptions): ConnectionOptions {
  const { acquireTimeoutMs = 5_000, queryTimeoutMs = 5_000, maxWaiting = 1_000 } = options;
  const { preparedStatements = true, clock = null } = options;
  const limits = { acquireTimeoutMs, queryTimeoutMs, maxWaiting };

  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1 || value > MAX_LIMIT)
      throw new TypeError(`${name} must be a whole number from 1 to ${MAX_LIMIT}.`);
  }
  if (typeof preparedStatements !== 'boolean')
    throw new TypeError('preparedStatements must be true or false.');

  return { ...limits, preparedStatements, clock };
}
