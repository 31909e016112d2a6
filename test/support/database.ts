import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

/** A database of its own for one test file. */
export interface TestDatabase {
  readonly url: string;
  readonly pool: pg.Pool;
  /** Runs SQL, as the host or an operator would. */
  readonly sql: (text: string, values?: unknown[]) => Promise<pg.QueryResult<Record<string, unknown>>>;
  close(): Promise<void>;
}

/** Creates an empty database on the server of this run. */
export async function createDatabase(settings: pg.PoolConfig = {}): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const server = inject('postgresUrl');
  await onServer(server, `create database ${name}`);

  const url = new URL(server);
  url.pathname = `/${name}`;
  const pool = new pg.Pool({ connectionString: url.href, max: 10, ...settings });

  return {
    url: url.href,
    pool,
    sql: (text, values) => pool.query(text, values),
    async close() {
      pool.on('error', () => {}); // connections that the server drops before they have said goodbye
      await pool.end();
      await onServer(server, `drop database ${name} with (force)`);
    },
  };
}

async function onServer(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
