import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { SessionService, type SessionEvents, SessionStoreError } from 'mud-auth';
import { migrateToLatest, type PgPool, PostgresSessionStore } from 'mud-auth/postgres';
import { PostgresSessionEvents } from 'mud-auth/postgres/live';
import { pglitePool } from 'mud-auth/postgres/pglite';
import { PostgresRememberStore } from 'mud-auth/postgres/remember';
import { RememberService } from 'mud-auth/remember';
import { Client, Pool } from 'pg';
import { Accounts, type Query } from './accounts.ts';
import { lockFolder } from './folder-lock.ts';
import { openRememberKey } from './remember-key.ts';
import { seed } from './seed.ts';

/** Where the data is. */
export interface StorageOptions {
  /** For the embedded database. */
  readonly folder: string;
  /** Of a Postgres to use instead; `null` for the embedded one. */
  readonly databaseUrl: string | null;
  /** See `openRememberKey`; `null` for one that is kept in the folder. */
  readonly rememberKey: string | null;
}

/** Sessions and accounts, in one database. */
export interface Storage {
  readonly store: PostgresSessionStore;
  readonly sessions: SessionService;
  readonly remember: RememberService;
  readonly accounts: Accounts;
  close(): Promise<void>;
}

/** Opens the database, and makes in it what is missing. */
export async function openStorage({ folder, databaseUrl, rememberKey }: StorageOptions): Promise<Storage> {
  const database = databaseUrl === null ? await openFolder(folder) : connectTo(databaseUrl);

  try {
    const { pool, events } = database;
    const query = queryOn(pool);
    await query(await readFile(new URL('schema.sql', import.meta.url), 'utf8'));
    await seed(query);

    await migrateToLatest(pool);
    const store = new PostgresSessionStore({
      pool,
      users: { relation: 'mud_demo.users_for_auth', idType: 'integer' },
      characters: { relation: 'mud_demo.characters_for_auth', idType: 'integer' },
    });

    const sessions = new SessionService({ store, ...(events && { events }), onError: console.error });
    const remember = new RememberService({
      sessions,
      store: new PostgresRememberStore(store),
      key: rememberKey ?? (await openRememberKey(folder)),
      onReuse: ({ userId }) =>
        console.log(`A remember token of user ${userId} was copied; all of it is ended.`),
      onError: console.error,
    });

    return {
      store,
      sessions,
      remember,
      accounts: new Accounts(query),
      close: () => database.close(),
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}

interface Database {
  readonly pool: PgPool;
  /** Between the processes on it, if there may be several. */
  readonly events: SessionEvents | null;
  close(): Promise<void>;
}

async function openFolder(folder: string): Promise<Database> {
  const unlock = await lockFolder(folder);
  const database = new PGlite(join(folder, 'pglite'));
  try {
    await database.waitReady;
  } catch (cause) {
    await unlock();
    throw new Error(`${folder} holds no database that opens. If its first start was killed, delete it.`, {
      cause,
    });
  }

  return {
    pool: pglitePool(database),
    events: null,
    async close() {
      await database.close();
      await unlock();
    },
  };
}

function connectTo(connectionString: string): Database {
  const settings = { connectionString, connectionTimeoutMillis: 5_000 };
  const pool = new Pool({ ...settings, statement_timeout: 4_000, query_timeout: 10_000 });
  const events = new PostgresSessionEvents({ pool, createClient: () => new Client(settings) });

  return { pool, events, close: () => pool.end() };
}

function queryOn(pool: PgPool): Query {
  return async <Row>(text: string, values?: unknown[]): Promise<readonly Row[]> => {
    try {
      const client = await pool.connect();
      try {
        const { rows } = await client.query(values === undefined ? { text } : { text, values });
        return rows as readonly Row[]; // as the caller says, whose SQL it is
      } finally {
        client.release();
      }
    } catch (cause) {
      // The accounts are in the database of the sessions: when it is away, that is one and the same news.
      throw new SessionStoreError('The database could not answer.', {
        retryable: true,
        outcome: 'unknown',
        cause,
      });
    }
  };
}
