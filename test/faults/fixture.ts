import pg from 'pg';
import { expect, onTestFinished, vi } from 'vitest';
import { type SessionPolicyOptions, SessionService, type SessionStoreError } from '../../src/index.ts';
import {
  type HostRelations,
  migrateToLatest,
  PostgresSessionStore,
  type PostgresSessionStoreOptions,
} from '../../src/stores/postgres/index.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { hostTablesSql } from '../support/host-tables.ts';

/** What every failure of the database is to callers: a 503, whatever the token was. */
const UNAVAILABLE = { name: 'SessionStoreError', code: 'store_unavailable', status: 503 } as const;

/** The connections of {@link openHost} go by this name in `pg_stat_activity`. */
const HOST = 'mud-server';

const POLLING = { timeout: 10_000, interval: 5 };

/** A database with our tables, and a host's: Alice (1) plays Aria (11) and Borin (12), Bob (2) plays Cato (21). */
export async function createHostDatabase(): Promise<TestDatabase> {
  const database = await createDatabase();
  await migrateToLatest(database.pool);
  await database.sql(hostTablesSql('integer'));
  await putPeople(database.sql);

  return database;
}

/** Puts them into host tables. */
export async function putPeople(sql: (text: string) => Promise<unknown>): Promise<void> {
  await sql(`
    insert into users values (1, 'alice', 'player', false), (2, 'bob', 'player', false);
    insert into characters values (11, 1, 'Aria', 'mist'), (12, 1, 'Borin', 'stone'), (21, 2, 'Cato', 'mist');
  `);
}

/** A host's server: a pool of its own, and the library over it. */
export interface Host {
  readonly pool: pg.Pool;
  readonly store: PostgresSessionStore;
  readonly service: SessionService;
  close(): Promise<void>;
}

type OnRelations = Extract<PostgresSessionStoreOptions, HostRelations>;

/** What may differ from one host to the next. */
export interface HostSettings {
  readonly pool?: pg.PoolConfig;
  readonly store?: Partial<OnRelations>;
  readonly policy?: SessionPolicyOptions;
  readonly generateSessionId?: () => string;
}

/** Starts a host on a database, and awaits that its store is ready. */
export async function openHost(url: string, settings: HostSettings = {}): Promise<Host> {
  const { policy = {}, store: options, pool: config, ...service } = settings;
  const pool = new pg.Pool({ connectionString: url, application_name: HOST, ...config });
  const store = new PostgresSessionStore({
    pool,
    users: { relation: 'users', idType: 'integer' },
    characters: { relation: 'characters', idType: 'integer' },
    ...options,
  });
  await store.ready();

  return {
    pool,
    store,
    service: new SessionService({ store, policy, ...service }),
    close: () => pool.end(),
  };
}

/** The error of a call that the database fails. */
export async function failureOf(call: Promise<unknown>): Promise<SessionStoreError> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject(UNAVAILABLE);

  // Its name says so.
  return error as SessionStoreError;
}

/** Keeps what a statement locks or writes to itself, until it is let go. */
export interface Hold {
  letGo(): Promise<void>;
}

/** Runs a statement in a transaction that stays open, as another client of the database might. */
export async function hold(database: TestDatabase, statement: string, values: unknown[] = []): Promise<Hold> {
  const client = new pg.Client({ connectionString: database.url });
  client.on('error', () => {}); // the database is dropped under it where a test fails
  await client.connect();
  onTestFinished(() => client.end());
  await client.query('begin');
  await client.query(statement, values);

  return {
    async letGo() {
      await client.query('rollback');
    },
  };
}

/** What a sign-in under a limit, and a selection, lock for a user: the same in all versions. */
export function lockOfUser(userId: string): string {
  return `select pg_advisory_xact_lock(hashtextextended('mud_auth.user.${userId}', 0))`;
}

/** Waits until so many backends of hosts wait for a lock; their pids. */
export async function untilBlocked(database: TestDatabase, count = 1): Promise<number[]> {
  return vi.waitFor(async () => {
    const pids = await backendsOf(database, `wait_event_type = 'Lock'`);
    expect(pids).toHaveLength(count);

    return pids;
  }, POLLING);
}

/** The backends of hosts. */
export async function backendsOf(database: TestDatabase, which = 'true'): Promise<number[]> {
  const { rows } = await database.sql(
    `select pid from pg_stat_activity
     where datname = current_database() and application_name = '${HOST}' and ${which}`,
  );

  return rows.map(({ pid }) => Number(pid));
}

/** Ends backends, as an operator or a fail-over does; until they are gone. */
export async function killBackends(database: TestDatabase, pids: readonly number[]): Promise<void> {
  await database.sql('select pg_terminate_backend(pid, 10000) from unnest($1::integer[]) as pid', [pids]);
}

/** Waits until it holds. */
export async function untilTrue(isSo: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(isSo()).toBe(true), POLLING);
}

/** Whether every connection of the pool has been given back, and nobody waits for one. */
export function isAtRest({ totalCount, idleCount, waitingCount }: pg.Pool): boolean {
  return idleCount === totalCount && waitingCount === 0;
}

/** How many milliseconds a call took, whatever became of it. */
export async function timeOf(call: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await call().catch(() => {});

  return performance.now() - start;
}
