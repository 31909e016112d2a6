import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../clock.ts';
import { SessionStoreError } from '../../errors.ts';
import type { PgClient, PgPool, PgQuery } from './pg-pool.ts';
import { breaksConnection, isConflict, isStalePlan, type Phase, toStoreError } from './postgres-errors.ts';
import { readAsWritten } from './result-types.ts';
import type { Statement } from './statements/statement.ts';

/** How long to wait, and for how many. */
export interface ConnectionLimits {
  /** For a connection of the pool, in milliseconds. */
  readonly acquireTimeoutMs: number;
  /** For the answer to one statement, in milliseconds. */
  readonly queryTimeoutMs: number;
  /** So many calls may wait for a connection; the next is refused at once. */
  readonly maxWaiting: number;
}

/** What runs statements: the pool at large, or one transaction. */
export interface Runner {
  run<Params extends object, Row>(statement: Statement<Params, Row>, params: Params): Promise<readonly Row[]>;
  /** Runs SQL without values, one statement or many, for its effect. */
  runText(text: string): Promise<void>;
}

/** A call is tried so often when the database undoes it in favour of another. */
const MAX_TRIES = 10;

/**
 * Runs statements on the host's pool so that no fault of a connection outlives the call that met
 * it: waits are bounded, broken connections are destroyed, errors become one typed error.
 */
export class Connections implements Pick<Runner, 'run'> {
  readonly #pool: PgPool;
  readonly #limits: ConnectionLimits;
  readonly #clock: Clock | null;
  #waiting = 0;

  /** Without a clock, statements read that of Postgres. */
  constructor(pool: PgPool, limits: ConnectionLimits, clock: Clock | null = null) {
    this.#pool = pool;
    this.#limits = limits;
    this.#clock = clock;
    surviveErrorsOfClients(pool);
  }

  /** Runs one statement, which is a transaction of its own. */
  async run<Params extends object, Row>(
    statement: Statement<Params, Row>,
    params: Params,
  ): Promise<readonly Row[]> {
    return this.#retrying(async (connection) => {
      if (statement.writes) connection.phase = 'committing';
      return connection.run(statement, params);
    });
  }

  /**
   * Runs the work in one transaction that commits when it returns. Reads see what is committed at
   * each statement, whatever the host's default is: under a lock, a look must see what the former
   * holder wrote. Work over whole tables is given a time limit of its own, which stands in for that
   * of the server too.
   */
  async transaction<T>(work: (transaction: Runner) => Promise<T>, ownTimeoutMs?: number): Promise<T> {
    return this.#retrying(async (connection) => {
      await connection.begin(ownTimeoutMs !== undefined);
      const result = await work(connection);
      connection.phase = 'committing';
      await connection.control('commit');

      return result;
    }, ownTimeoutMs);
  }

  async #retrying<T>(
    work: (connection: Connection) => Promise<T>,
    queryTimeoutMs: number = this.#limits.queryTimeoutMs,
  ): Promise<T> {
    let usesNames = true;

    for (let tries = 1; ; tries += 1) {
      try {
        const controlTimeoutMs = this.#limits.queryTimeoutMs;
        return await this.#once(work, { queryTimeoutMs, controlTimeoutMs, usesNames, clock: this.#clock });
      } catch (error) {
        const { sqlState } = toStoreError(error, 'committing');
        const isWorthIt = isConflict(sqlState) || (usesNames && isStalePlan(sqlState));
        if (!isWorthIt || tries === MAX_TRIES) throw error;
        // The next connection of the pool may hold the same stale plan.
        if (isStalePlan(sqlState)) usesNames = false;
        else await backOff(tries);
      }
    }
  }

  async #once<T>(work: (connection: Connection) => Promise<T>, settings: ConnectionSettings): Promise<T> {
    const client = await this.#acquire();
    const connection = new Connection(client, settings);

    try {
      const result = await work(connection);
      client.release();

      return result;
    } catch (error) {
      client.release(!(await connection.isUsableAfter(error)));
      throw toStoreError(error, connection.phase);
    }
  }

  async #acquire(): Promise<PgClient> {
    const { acquireTimeoutMs, maxWaiting } = this.#limits;
    if (this.#waiting >= maxWaiting) throw unavailable(`${maxWaiting} calls wait for a connection already.`);

    // Counted until the pool answers, even if this call has long given up: the pool's queue is what
    // must stay bounded.
    this.#waiting += 1;
    // `async`, so that a pool that throws at once rejects like one that fails later.
    const connecting = (async () => this.#pool.connect())().finally(() => {
      this.#waiting -= 1;
    });

    try {
      const client = await before(acquireTimeoutMs, connecting);
      if (client === null) throw unavailable(`No connection was free within ${acquireTimeoutMs} ms.`);
      surviveErrorsOf(client);

      return client;
    } catch (error) {
      connecting.then((late) => late.release(), ignore);
      throw toStoreError(error, 'before-commit');
    }
  }
}

interface ConnectionSettings {
  readonly queryTimeoutMs: number;
  /** For what begins and ends a transaction, however long its statements may take. */
  readonly controlTimeoutMs: number;
  /** Whether statements are prepared under their names. */
  readonly usesNames: boolean;
  readonly clock: Clock | null;
}

/** One client, for as long as one piece of work takes. */
class Connection implements Runner {
  phase: Phase = 'before-commit';
  readonly #client: PgClient;
  readonly #settings: ConnectionSettings;
  #isInTransaction = false;

  constructor(client: PgClient, settings: ConnectionSettings) {
    this.#client = client;
    this.#settings = settings;
  }

  async run<Params extends object, Row>(
    statement: Statement<Params, Row>,
    params: Params,
  ): Promise<readonly Row[]> {
    const { name, text } = statement;
    const { clock, usesNames } = this.#settings;
    const values = statement.valuesOf(params, { now: clock?.now() ?? null });
    const { rows } = await this.#send(usesNames ? { name, text, values } : { text, values });

    // The statement's outputs are cast to the types that its Row says.
    return rows as readonly Row[];
  }

  async runText(text: string): Promise<void> {
    await this.#send({ text });
  }

  /**
   * Begins a transaction, all in one message. If this node is cut off in its midst, the server lets
   * go of its locks; else they would be held until TCP gives up, which takes hours.
   */
  async begin(isLong: boolean): Promise<void> {
    this.#isInTransaction = true;
    const idleMs = this.#settings.controlTimeoutMs;
    await this.control(
      `begin isolation level read committed; set local idle_in_transaction_session_timeout = ${idleMs}; ${DURABLY}` +
        (isLong
          ? '; set local statement_timeout = 0; set local lock_timeout = 0'
          : `; set local lock_timeout = ${idleMs}`),
    );
  }

  async control(text: string): Promise<void> {
    await this.#send({ text }, this.#settings.controlTimeoutMs);
    if (text === 'commit' || text === 'rollback') this.#isInTransaction = false;
  }

  #send(query: PgQuery, query_timeout = this.#settings.queryTimeoutMs): ReturnType<PgClient['query']> {
    return this.#client.query({ ...query, query_timeout, types: readAsWritten });
  }

  /** Leaves the transaction that failed; whether the connection may be given back. */
  async isUsableAfter(error: unknown): Promise<boolean> {
    if (breaksConnection(error)) return false;
    if (!this.#isInTransaction) return true;

    return this.control('rollback').then(
      () => true,
      () => false,
    );
  }
}

// What was acknowledged survives a crash, also where the host has let commits not wait for the disk.
const DURABLY = `select set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off'`;

// At once for the first time; then later and later, for the one that it lost against may itself be
// waiting.
async function backOff(tries: number): Promise<void> {
  if (tries > 1) await sleep(2 ** tries);
}

function unavailable(message: string): SessionStoreError {
  return new SessionStoreError(message, { retryable: true, outcome: 'not-applied' });
}

async function before<T>(timeoutMs: number, promise: Promise<T>): Promise<T | null> {
  const timeout = Promise.withResolvers<null>();
  const timer = setTimeout(timeout.resolve, timeoutMs, null);

  return Promise.race([promise, timeout.promise]).finally(() => clearTimeout(timer));
}

const survivors = new WeakSet<object>();

// A connection that breaks while nobody waits for it emits an error, and an error that nobody
// listens for ends the process. pg-pool listens for clients that are idle, but not while they are
// checked out. The call that needs the connection gets the error all the same.
function surviveErrorsOfClients(pool: PgPool): void {
  if (survivors.has(pool)) return;

  survivors.add(pool);
  pool.on?.('error', ignore);
  pool.on?.('connect', surviveErrorsOf);
}

function surviveErrorsOf(client: PgClient): void {
  if (survivors.has(client)) return;

  survivors.add(client);
  client.on?.('error', ignore);
}

function ignore(): void {
  // Nothing is to be done here.
}
