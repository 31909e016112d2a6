import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../clock.ts';
import { Clients, type ClientLimits } from './clients.ts';
import { Coalescer, type Question } from './coalescer.ts';
import { Connection, type Runner } from './connection.ts';
import type { PgPool } from './pg-pool.ts';
import { isConflict, isStalePlan, toStoreError } from './postgres-errors.ts';
import { arrayOf, type Statement } from './statements/statement.ts';
import type { StatementPair } from './statements/statement-pair.ts';

/** How statements are run. */
export interface ConnectionOptions extends ClientLimits {
  /** How long to wait for the answer to one statement, in milliseconds. */
  readonly queryTimeoutMs: number;
  /** Whether statements are prepared, once for each connection. */
  readonly preparedStatements: boolean;
  /** Without one, statements read the clock of Postgres. */
  readonly clock: Clock | null;
}

/** So many calls may wait for a statement that they share, where one statement may wait. */
const SHARING = 100;

/** A call is tried so often when the database undoes it in favour of another. */
const MAX_TRIES = 10;

/**
 * Runs statements on the host's pool so that no fault of a connection outlives the call that met
 * it: waits are bounded, broken connections are destroyed, errors become one typed error.
 */
export class Connections implements Pick<Runner, 'run'> {
  readonly #clients: Clients;
  readonly #options: ConnectionOptions;

  constructor(pool: PgPool, options: ConnectionOptions) {
    this.#clients = new Clients(pool, options);
    this.#options = options;
  }

  /**
   * How long a transaction may wait for others, or stand still, in milliseconds. A little less than
   * this side waits: what the server has given up was not applied, and what we have, who knows.
   */
  get patienceMs(): number {
    return Math.ceil(0.9 * this.#options.queryTimeoutMs);
  }

  /**
   * Runs one statement, which is a transaction of its own. `onTook` is told how many milliseconds it
   * took, apart from the wait for a connection, and whatever came of it.
   */
  async run<Params extends object, Row>(
    statement: Statement<Params, Row>,
    params: Params,
    onTook: ((ms: number) => void) | null = null,
  ): Promise<readonly Row[]> {
    return this.#retrying(async (connection) => {
      if (statement.writes) connection.phase = 'committing';
      if (onTook === null) return connection.run(statement, params);

      const start = performance.now();
      return connection.run(statement, params).finally(() => onTook(performance.now() - start));
    });
  }

  /** Runs a statement about one session so that calls of the same moment share it. */
  sharingLooks<Row extends { readonly id: string }>({ one, many }: StatementPair<Row>): Coalescer<Row> {
    return this.sharing({
      one: async (id, onTook) => (await this.run(one, { id }, onTook))[0],
      many: async (ids, onTook) => {
        const rows = await this.run(many, { ids: arrayOf(ids) }, onTook);

        return new Map(rows.map((row) => [row.id, row]));
      },
    });
  }

  /** Lets calls of the same moment share what they ask. */
  sharing<Answer>(question: Question<Answer>): Coalescer<Answer> {
    return new Coalescer(question, SHARING * this.#options.maxWaiting);
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
    queryTimeoutMs: number = this.#options.queryTimeoutMs,
  ): Promise<T> {
    let usesNames = this.#options.preparedStatements;

    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#once(work, queryTimeoutMs, usesNames);
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

  async #once<T>(
    work: (connection: Connection) => Promise<T>,
    queryTimeoutMs: number,
    usesNames: boolean,
  ): Promise<T> {
    const { queryTimeoutMs: controlTimeoutMs, clock } = this.#options;
    const client = await this.#clients.acquire();
    const connection = new Connection(client, { queryTimeoutMs, controlTimeoutMs, usesNames, clock });

    try {
      const result = await work(connection);
      client.release();

      return result;
    } catch (error) {
      client.release(!(await connection.isUsableAfter(error)));
      throw toStoreError(error, connection.phase);
    }
  }
}

// At once for the first time; then later and later, for the one that it lost against may itself be
// waiting.
async function backOff(tries: number): Promise<void> {
  if (tries > 1) await sleep(2 ** tries);
}
