import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SessionService, type SessionPolicyOptions } from '../../src/index.ts';
import { MemoryDirectory } from '../../src/stores/memory/index.ts';
import { migrateToLatest, PostgresSessionStore } from '../../src/stores/postgres/index.ts';
import { FakeClock } from '../../src/testing/index.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

const policy: SessionPolicyOptions = { idleTimeoutMs: 1_000, touchIntervalMs: 0 };

describe('at the deadline of a session', () => {
  let database: TestDatabase;
  let otherWriter: pg.PoolClient;
  let clock: FakeClock;
  let store: PostgresSessionStore;
  let sessions: SessionService;
  beforeAll(async () => {
    database = await createDatabase();
    await migrateToLatest(database.pool);
    otherWriter = await database.pool.connect();
  });
  beforeEach(async () => {
    clock = new FakeClock();
    const directory = new MemoryDirectory({
      users: [{ id: '1', username: 'alice', role: 'player', disabled: false }],
    });
    store = new PostgresSessionStore({ pool: database.pool, directory, clock });
    sessions = new SessionService({ store, policy });
    await database.sql('delete from mud_auth.sessions');
  });
  afterAll(async () => {
    otherWriter.release();
    await database.close();
  });

  it('a touch does not wait for another writer, and refuses nobody', async () => {
    const { token, session } = await sessions.createSession('1');
    await beginTouch(session.id);
    clock.advance(500);

    const principal = await sessions.validateSession(token);

    expect(principal.session.lastActiveAt).toEqual(session.lastActiveAt);
    await otherWriter.query('rollback');
  });

  it('a touch brings nothing back when the writer ahead of it rolls back too late', async () => {
    const { token, session } = await sessions.createSession('1');
    await beginTouch(session.id);
    clock.advance(999);
    await sessions.validateSession(token);
    clock.advance(1);
    await otherWriter.query('rollback');

    await expect(sessions.validateSession(token)).rejects.toMatchObject({ reason: 'expired' });
    clock.advance(-500);
    await expect(sessions.validateSession(token)).rejects.toMatchObject({ reason: 'expired' });
  });

  it('nobody is told "expired" whom a touch under way is about to save', async () => {
    const { token, session } = await sessions.createSession('1');
    clock.advance(900);
    await beginTouch(session.id); // before the deadline, and committed after it
    clock.advance(200);

    const validating = sessions.validateSession(token, { touch: false });
    await untilSomebodyWaits();
    await otherWriter.query('commit');

    expect((await validating).session.lastActiveAt.getTime() - session.createdAt.getTime()).toBe(900);
  });

  it('who was told "expired" stays expired, since the touch under way was undone', async () => {
    const { token, session } = await sessions.createSession('1');
    clock.advance(900);
    await beginTouch(session.id);
    clock.advance(200);

    const validating = sessions.validateSession(token);
    const outcome = validating.catch((error: unknown) => error);
    await untilSomebodyWaits();
    await otherWriter.query('rollback');

    expect(await outcome).toMatchObject({ reason: 'expired' });
    await expect(sessions.validateSession(token)).rejects.toMatchObject({ reason: 'expired' });
  });

  it('the limit counts a session that a touch under way saves', async () => {
    const limited = limitedTo(1, 'replace_oldest');
    const { session } = await limited.createSession('7');
    clock.advance(900);
    await beginTouch(session.id);
    clock.advance(200);

    const creating = limited.createSession('7');
    await untilSomebodyWaits();
    await otherWriter.query('commit');
    await creating;

    expect(await liveOfUser7()).toBe(1);
  });

  it.each(['reject', 'replace_oldest'] as const)(
    'a sign-in among several goes well while a touch saves another: %s',
    async (sessionLimitPolicy) => {
      const limited = limitedTo(3, sessionLimitPolicy);
      const { session } = await limited.createSession('7');
      clock.advance(900);
      await beginTouch(session.id);
      clock.advance(200);

      const creating = limited.createSession('7');
      await untilSomebodyWaits();
      await otherWriter.query('commit');

      await expect(creating).resolves.toMatchObject({ session: { userId: '7' } });
      expect(await liveOfUser7()).toBe(2);
    },
  );

  it('nobody is refused for a session that has expired and is being cleared away', async () => {
    const limited = limitedTo(1, 'reject');
    const { session } = await limited.createSession('7');
    clock.advance(5_000);
    await otherWriter.query('begin');
    await otherWriter.query('delete from mud_auth.sessions where id = $1', [session.id]);

    const creating = limited.createSession('7');
    await untilSomebodyWaits();
    await otherWriter.query('commit');

    await expect(creating).resolves.toMatchObject({ session: { userId: '7' } });
    await expect(limited.createSession('7')).rejects.toMatchObject({ limit: 1 });
  });

  it('touches that go together fare each for itself: free, held, expired, ended', async () => {
    const create = async (): Promise<string> => (await sessions.createSession('1')).session.id;
    const expired = await create();
    clock.advance(900);
    const [free, held, ended] = [await create(), await create(), await create()];
    await sessions.removeSession(ended);
    clock.advance(100);
    await beginTouch(held);

    const outcomes = await Promise.all([free, held, expired, ended].map((id) => store.touchSession(id)));
    await otherWriter.query('rollback');

    expect(outcomes).toEqual([
      { outcome: 'touched', lastActiveAt: clock.now() },
      { outcome: 'skipped' },
      { outcome: 'ended' },
      { outcome: 'ended' },
    ]);
  });

  it('touches that go together bring nothing back when the writer ahead rolls back too late', async () => {
    const [one, two] = [await sessions.createSession('1'), await sessions.createSession('1')];
    await beginTouch(one.session.id);
    clock.advance(999);
    await Promise.all([one, two].map(({ token }) => sessions.validateSession(token)));
    clock.advance(1);
    await otherWriter.query('rollback');

    await expect(sessions.validateSession(one.token)).rejects.toMatchObject({ reason: 'expired' });
    await expect(sessions.validateSession(two.token)).resolves.toMatchObject({ username: 'alice' });
  });

  it('a session that expires while it waits takes nobody over', async () => {
    const directory = new MemoryDirectory({
      users: [{ id: '8', username: 'heidi', role: 'player', disabled: false }],
      characters: [{ id: '81', userId: '8', name: 'Hera', worldId: 'mist' }],
    });
    const service = new SessionService({
      store: new PostgresSessionStore({ pool: database.pool, directory, clock }),
      policy: { idleTimeoutMs: 1_000, touchIntervalMs: 60_000 },
    });
    const late = await service.createSession('8');
    clock.advance(500);
    const rival = await service.createSession('8');
    await service.selectCharacter(rival.token, '81');
    await otherWriter.query('begin');
    await otherWriter.query('select from mud_auth.sessions where id = $1 for update', [late.session.id]);

    const selecting = service.selectCharacter(late.token, '81').catch((error: unknown) => error);
    await untilSomebodyWaits();
    clock.advance(500);
    await otherWriter.query('commit');

    expect(await selecting).toMatchObject({ reason: 'expired' });
    expect(await service.validateSessionForGame(rival.token)).toMatchObject({ characterName: 'Hera' });
  });

  function limitedTo(
    maxSessionsPerUser: number,
    sessionLimitPolicy: 'reject' | 'replace_oldest',
  ): SessionService {
    const directory = new MemoryDirectory({
      users: [{ id: '7', username: 'grace', role: 'player', disabled: false }],
    });

    return new SessionService({
      store: new PostgresSessionStore({ pool: database.pool, clock, directory }),
      policy: { ...policy, maxSessionsPerUser, sessionLimitPolicy },
    });
  }

  async function liveOfUser7(): Promise<number> {
    const { rows } = await database.sql(
      `select count(*)::int as live from mud_auth.sessions where user_id = '7'`,
    );

    return Number(rows[0]?.['live']);
  }

  /** As a touch on another node whose commit is late. */
  async function beginTouch(sessionId: string): Promise<void> {
    await otherWriter.query('begin');
    await otherWriter.query('update mud_auth.sessions set last_active_at = $2 where id = $1', [
      sessionId,
      clock.now(),
    ]);
  }

  async function untilSomebodyWaits(): Promise<void> {
    for (;;) {
      const { rows } = await otherWriter.query<{ waiting: boolean }>(
        `select exists (select from pg_locks l join pg_stat_activity a using (pid)
           where not l.granted and a.datname = current_database()) as waiting`,
      );
      if (rows[0]?.waiting === true) return;
    }
  }
});
