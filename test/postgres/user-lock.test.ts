import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Connections } from '../../src/stores/postgres/connections.ts';
import { sessionStatements } from '../../src/stores/postgres/statements/session-statements.ts';
import { Statement } from '../../src/stores/postgres/statements/statement.ts';
import { failureOf, hold, lockOfUser } from '../faults/fixture.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

const { lockUser } = sessionStatements('mud_auth');
const setting = (name: string): Statement<object, { value: string }> =>
  new Statement(() => sql`select pg_catalog.current_setting(${sql.lit(name)}) as value`);

describe('the lock of a user', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.close());

  it.each([
    ['0', '450ms'],
    ['100ms', '100ms'],
    ['450ms', '450ms'],
    ['1min', '450ms'],
  ])('bounds later waits: where the host says %s, at %s', async (host, bound) => {
    expect(await underLock('lock_timeout', `-c lock_timeout=${host}`)).toBe(bound);
  });

  it('lets the server end a transaction that stands still', async () => {
    expect(await underLock('idle_in_transaction_session_timeout', '')).toBe('450ms');
  });

  it('makes commits wait for the disk where the host lets them not', async () => {
    expect(await underLock('synchronous_commit', '-c synchronous_commit=off')).toBe('on');
  });

  it('is given up by the server first, so that it is known that nothing was applied', async () => {
    const other = await hold(database, lockOfUser('1'));

    const failure = await failureOf(underLock('lock_timeout', ''));
    await other.letGo();

    expect(failure).toMatchObject({ sqlState: '55P03', retryable: true, outcome: 'not-applied' });
  });

  /** A setting as it is in a transaction that has locked user 1, and waits for half a second at most. */
  async function underLock(name: string, options: string): Promise<string | undefined> {
    const pool = new pg.Pool({ connectionString: database.url, options });
    const connections = new Connections(pool, {
      acquireTimeoutMs: 5_000,
      queryTimeoutMs: 500,
      maxWaiting: 10,
      preparedStatements: true,
      clock: null,
    });

    try {
      return await connections.transaction(async (transaction) => {
        await transaction.run(lockUser, { user: '1', patienceMs: connections.patienceMs });
        const [row] = await transaction.run(setting(name), {});

        return row?.value;
      });
    } finally {
      await pool.end();
    }
  }
});
