import type { PgClient, PgPool, PgQuery } from '../pg-pool.ts';
import { RESULT_TYPES } from '../result-types.ts';

/** What is used of a `PGlite` of `@electric-sql/pglite`. */
export interface PGliteDatabase extends PGliteQueries {
  transaction<T>(work: (transaction: PGliteQueries) => Promise<T>): Promise<T>;
}

interface PGliteQueries {
  query(
    text: string,
    values?: unknown[],
    options?: { readonly parsers?: Record<number, (value: string) => unknown> },
  ): Promise<{ readonly rows: readonly unknown[] }>;
  exec(text: string): Promise<readonly { readonly rows: readonly unknown[] }[]>;
}

/**
 * A pool over an embedded Postgres, for MUDs of one process. It has one connection: whoever holds
 * it, from connect to release, holds up the rest. The host goes on using `db` beside it, and closes
 * it.
 */
export function pglitePool(db: PGliteDatabase): PgPool {
  let lastRelease: Promise<void> = Promise.resolve();

  return {
    async connect(): Promise<PgClient> {
      const former = lastRelease;
      const { promise, resolve } = Promise.withResolvers<void>();
      lastRelease = promise;
      await former;

      return new PGliteClient(db, resolve);
    },
  };
}

const NO_ROWS = { rows: [] } as const;

/** Undoes a transaction of PGlite, which takes an exception for it. */
class Rollback extends Error {}

class PGliteClient implements PgClient {
  readonly #db: PGliteDatabase;
  readonly #onRelease: () => void;
  #transaction: OpenTransaction | null = null;

  constructor(db: PGliteDatabase, onRelease: () => void) {
    this.#db = db;
    this.#onRelease = onRelease;
  }

  // Names do not apply: PGlite keeps no prepared statements.
  async query({ text, values, types }: PgQuery): Promise<{ readonly rows: readonly unknown[] }> {
    if (text.startsWith('begin')) {
      this.#transaction = await begin(this.#db);
      return NO_ROWS;
    }
    if (text === 'commit' || text === 'rollback') {
      await this.#end(text);
      return NO_ROWS;
    }

    const queries = this.#transaction?.queries ?? this.#db;
    if (values !== undefined) return queries.query(text, values, types && { parsers: parsersOf(types) });

    return (await queries.exec(text)).at(-1) ?? NO_ROWS;
  }

  release(): void {
    void this.#end('rollback').then(this.#onRelease, this.#onRelease);
  }

  async #end(how: 'commit' | 'rollback'): Promise<void> {
    const transaction = this.#transaction;
    this.#transaction = null;
    transaction?.decide(how);
    await transaction?.ended;
  }
}

/** The host may have given its PGlite parsers of its own. */
function parsersOf({
  getTypeParser,
}: NonNullable<PgQuery['types']>): Record<number, (value: string) => unknown> {
  return Object.fromEntries(RESULT_TYPES.map((oid) => [oid, getTypeParser(oid)]));
}

interface OpenTransaction {
  readonly queries: PGliteQueries;
  readonly decide: (how: 'commit' | 'rollback') => void;
  readonly ended: Promise<void>;
}

// A transaction of PGlite's own, held open between statements, so that nothing which the host asks
// of its database meanwhile gets into it.
async function begin(db: PGliteDatabase): Promise<OpenTransaction> {
  const opened = Promise.withResolvers<PGliteQueries>();
  const decision = Promise.withResolvers<'commit' | 'rollback'>();
  const ended = db
    .transaction(async (queries) => {
      opened.resolve(queries);
      if ((await decision.promise) === 'rollback') throw new Rollback();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Rollback)) throw error;
    });
  ended.catch(opened.reject); // it never opened

  return { queries: await opened.promise, decide: decision.resolve, ended };
}
