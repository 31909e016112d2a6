import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SessionService } from '../../src/index.ts';
import { PostgresSessionStore } from '../../src/stores/postgres/index.ts';
import { type CountingPool, countingPool } from '../support/counting-pool.ts';
import type { TestDatabase } from '../support/database.ts';
import { openTransactionPooler, type TransactionPooler } from '../support/transaction-pooler.ts';
import { createHostDatabase } from './fixture.ts';

const CALLS = 30;

describe('behind a pooler that lends connections transaction by transaction', () => {
  let database: TestDatabase;
  let pooler: TransactionPooler;
  let pool: pg.Pool;
  let counting: CountingPool;
  beforeAll(async () => {
    database = await createHostDatabase();
  });
  beforeEach(async () => {
    pooler = await openTransactionPooler(database.url, 3);
    pool = new pg.Pool({ connectionString: pooler.url, max: 2 });
    counting = countingPool(pool);
  });
  afterEach(async () => {
    await pool.end();
    await pooler.close();
  });
  afterAll(() => database.close());

  it('every call takes the statements that it takes without one, with preparedStatements: false', async () => {
    const sessions = await open(false);
    const { token } = await sessions.createSession('1');
    counting.take();

    for (let n = 0; n < CALLS; n += 1) await sessions.validateSession(token);

    expect(counting.take()).toHaveLength(CALLS);
  });

  it('the whole life of a session goes well, with preparedStatements: false', async () => {
    const sessions = await open(false);
    const { token } = await sessions.createSession('1');
    const { token: successor, session } = await sessions.createSession('1');
    await sessions.selectCharacter(token, '11');
    await sessions.selectCharacter(successor, '11'); // takes over

    expect(await sessions.getActiveCharacters('mist')).toMatchObject([{ sessionId: session.id }]);
    await expect(sessions.validateSession(token)).rejects.toMatchObject({ reason: 'taken_over' });
    await expect(sessions.validateSessionForGame(successor)).resolves.toMatchObject({
      characterName: 'Aria',
    });
    expect(await sessions.removeSessionsForUser('1')).toBe(1);
    expect(await sessions.cleanupExpiredSessions()).toBe(0);
    expect(await sessions.clearAllSessions()).toBe(0);
  });

  it('calls succeed all the same without it, but statements are lost and sent again', async () => {
    const sessions = await open(true);
    const { token } = await sessions.createSession('1');
    counting.take();

    for (let n = 0; n < CALLS; n += 1) await sessions.validateSession(token);

    expect(counting.take().length).toBeGreaterThan(CALLS);
  });

  async function open(preparedStatements: boolean): Promise<SessionService> {
    const store = new PostgresSessionStore({
      pool: counting,
      preparedStatements,
      users: { relation: 'users', idType: 'integer' },
      characters: { relation: 'characters', idType: 'integer' },
    });
    await store.ready();

    return new SessionService({ store, policy: { maxSessionsPerUser: 2 } });
  }
});
