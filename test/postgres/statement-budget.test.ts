import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SessionService, type SessionPolicyOptions } from '../../src/index.ts';
import { migrateToLatest, PostgresSessionStore } from '../../src/stores/postgres/index.ts';
import { FakeClock } from '../../src/testing/index.ts';
import { type CountingPool, countingPool } from '../support/counting-pool.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { hostTablesSql } from '../support/host-tables.ts';

const UNKNOWN_TOKEN = `mas_00000000-0000-4000-8000-000000000000.${'A'.repeat(43)}`;
const TRANSACTION = ['begin', 'commit'];

describe('what is sent to Postgres by', () => {
  let database: TestDatabase;
  let pool: CountingPool;
  let clock: FakeClock;
  let sessions: SessionService;
  beforeAll(async () => {
    database = await createDatabase();
    await migrateToLatest(database.pool);
    await database.sql(hostTablesSql('integer'));
    await database.sql(`insert into users values (1, 'alice', 'player', false)`);
    await database.sql(`insert into characters values (11, 1, 'Aria', 'mist')`);
    pool = countingPool(database.pool);
  });
  beforeEach(async () => {
    await database.sql('delete from mud_auth.sessions');
    clock = new FakeClock();
    sessions = await openService({});
  });
  afterAll(() => database.close());

  it('a validate is one statement when no touch is due', async () => {
    const { token } = await sessions.createSession('1');
    pool.take();

    await sessions.validateSession(token);

    expect(pool.take()).toHaveLength(1);
  });

  it('a validate in the game is one statement too', async () => {
    const { token } = await sessions.createSession('1');
    await sessions.selectCharacter(token, '11');
    pool.take();

    await sessions.validateSessionForGame(token);

    expect(pool.take()).toHaveLength(1);
  });

  it('a validate with a touch is two', async () => {
    const { token } = await sessions.createSession('1');
    clock.advance(60_000);
    pool.take();

    await sessions.validateSession(token);

    expect(pool.take()).toHaveLength(2);
  });

  it('a validate of a malformed token is nothing', async () => {
    for (const token of ['', 'x', UNKNOWN_TOKEN.slice(1), `${UNKNOWN_TOKEN}A`, 'x'.repeat(1_000_000)]) {
      await expect(sessions.validateSession(token)).rejects.toThrow();
    }

    expect(pool.take()).toEqual([]);
  });

  it('a validate of an unknown session is two', async () => {
    await expect(sessions.validateSession(UNKNOWN_TOKEN)).rejects.toThrow();

    expect(pool.take()).toHaveLength(2);
  });

  it('a look-up is one statement', async () => {
    const { token } = await sessions.createSession('1');
    clock.advance(60_000);
    pool.take();

    await sessions.getUsernameAndRoleFromSession(token);

    expect(pool.take()).toHaveLength(1);
  });

  it('a sign-in without a limit is one, the user and all', async () => {
    await sessions.createSession('1');

    expect(pool.take()).toHaveLength(1);
  });

  it('a sign-in under a limit is a transaction of two, the user among them', async () => {
    const limited = await openService({ maxSessionsPerUser: 2 });

    await limited.createSession('1');

    const sent = pool.take();
    expect(sent).toHaveLength(4);
    expect(sent).toEqual(expect.arrayContaining(TRANSACTION));
  });

  it('a sign-in under a limit that others do not have is one more', async () => {
    const limited = await openService({ byRole: { player: { maxSessionsPerUser: 2 } } });

    await limited.createSession('1');

    expect(pool.take()).toHaveLength(5);
  });

  it('a sign-in that is refused is one statement, and a transaction that says why', async () => {
    await expect(sessions.createSession('2')).rejects.toMatchObject({ code: 'user_not_available' });

    expect(pool.take()).toHaveLength(4);
  });

  it('a selection is a transaction of five, after the validate and the character', async () => {
    const { token } = await sessions.createSession('1');
    pool.take();

    await sessions.selectCharacter(token, '11');

    const sent = pool.take();
    expect(sent).toHaveLength(9);
    expect(sent).toEqual(expect.arrayContaining(TRANSACTION));
  });

  it('a removal is one statement', async () => {
    const { session } = await sessions.createSession('1');
    pool.take();

    await sessions.removeSession(session.id);

    expect(pool.take()).toHaveLength(1);
  });

  it('a logout is two: the look, and the end', async () => {
    const { token } = await sessions.createSession('1');
    pool.take();

    await sessions.logout(token);

    expect(pool.take()).toHaveLength(2);
  });

  it('a count and a list are one statement each', async () => {
    await sessions.getActiveSessionCount();
    await sessions.getActiveCharacters('mist');

    expect(pool.take()).toHaveLength(2);
  });

  async function openService(policy: SessionPolicyOptions): Promise<SessionService> {
    const store = new PostgresSessionStore({
      pool,
      clock,
      users: { relation: 'users', idType: 'integer' },
      characters: { relation: 'characters', idType: 'integer' },
    });
    await store.ready();
    pool.take();

    return new SessionService({ store, policy });
  }
});
