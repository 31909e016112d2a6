import { SessionStoreError } from '../../errors.ts';
import type { PgClient, PgPool } from './pg-pool.ts';
import { toStoreError } from './postgres-errors.ts';

/** How long to wait for a client, and how many may. */
export interface ClientLimits {
  /** In milliseconds. */
  readonly acquireTimeoutMs: number;
  /** So many calls may wait; the next is refused at once. */
  readonly maxWaiting: number;
}

/** The clients of the host's pool: waited for within limits, and no danger to the process. */
export class Clients {
  readonly #pool: PgPool;
  readonly #limits: ClientLimits;
  #waiting = 0;

  constructor(pool: PgPool, limits: ClientLimits) {
    this.#pool = pool;
    this.#limits = limits;
    surviveErrorsOfClients(pool);
  }

  /** @throws SessionStoreError if there is none in time. */
  acquire(): Promise<PgClient> {
    const { acquireTimeoutMs, maxWaiting } = this.#limits;
    if (this.#waiting >= maxWaiting)
      return Promise.reject(unavailable(`${maxWaiting} calls wait for a connection already.`));

    return new Promise((resolve, reject) => {
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        reject(unavailable(`No connection was free within ${acquireTimeoutMs} ms.`));
      }, acquireTimeoutMs);

      // Counted until the pool answers, even if this call has long given up: the pool's queue is what
      // must stay bounded.
      this.#waiting += 1;
      this.#connect()
        .finally(() => {
          this.#waiting -= 1;
          clearTimeout(timer);
        })
        .then((client) => (isLate ? client.release() : resolve(client)), reject);
    });
  }

  // `async`, so that a pool that throws at once rejects like one that fails later.
  async #connect(): Promise<PgClient> {
    try {
      const client = await this.#pool.connect();
      surviveErrorsOf(client);

      return client;
    } catch (error) {
      throw toStoreError(error, 'before-commit');
    }
  }
}

function unavailable(message: string): SessionStoreError {
  return new SessionStoreError(message, { retryable: true, outcome: 'not-applied' });
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
