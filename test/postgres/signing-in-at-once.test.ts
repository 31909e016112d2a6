import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SessionService, type SessionServiceOptions } from '../../src/index.ts';
import { MaintenanceMode } from '../../src/live/index.ts';
import { migrateToLatest, PostgresSessionStore } from '../../src/stores/postgres/index.ts';
import { PostgresMaintenanceStore } from '../../src/stores/postgres/live/index.ts';
import { type CountingPool, countingPool } from '../support/counting-pool.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

const MINUTE = 60_000;
const USERS = Array.from({ length: 200 }, (_, n) => `user ${n}`);
const STRANGE = ['', 'null', 'NULL', '"', `it's`, '\\', '\\x00', '{}', '{a,b}', 'ä ö 🧙', ' a ', '\t', '$1'];

/** Whoever is called so cannot be read. */
const HOST = `
  create table accounts (id text primary key, username text, role text, disabled boolean);
  create view users as
    select id, case username when 'broken' then (1 / length(left(id, 0)))::text else username end as username,
      role, disabled
    from accounts;
  create table characters (id text primary key, user_id text, name text, world_id text);
`;

describe('many who sign in at once', () => {
  let database: TestDatabase;
  let pool: CountingPool;
  beforeAll(async () => {
    database = await createDatabase();
    await migrateToLatest(database.pool);
    await database.sql(HOST);
    pool = countingPool(database.pool);
  });
  beforeEach(async () => {
    await database.sql(
      'truncate accounts, mud_auth.sessions, mud_auth.session_endings, mud_auth.maintenance',
    );
    await putUsers(USERS);
  });
  afterAll(() => database.close());

  it('share statements, and each has a session of his own', async () => {
    const sessions = await open();
    pool.take();

    const created = await Promise.all(USERS.map((userId) => sessions.createSession(userId)));

    expect(pool.take().length).toBeLessThan(USERS.length / 10);
    expect(created.map(({ session }) => session.userId)).toEqual(USERS);
    const principals = await Promise.all(created.map(({ token }) => sessions.validateSession(token)));
    expect(principals.map(({ userId }) => userId)).toEqual(USERS);
    expect(principals.map(({ session }) => session)).toEqual(created.map(({ session }) => session));
  });

  it('are stored as they are, whatever they and their clients are called', async () => {
    await putUsers(STRANGE);
    const sessions = await open();

    const created = await Promise.all(
      STRANGE.map((name, n) =>
        sessions.createSession(name, { clientType: name, authenticated: n % 2 === 0 }),
      ),
    );

    for (const [n, { token, session }] of created.entries()) {
      const principal = await sessions.validateSession(token);
      expect(principal).toMatchObject({ userId: STRANGE[n], username: STRANGE[n] });
      expect(principal.session).toEqual(session);
      expect(session.clientType).toBe(STRANGE[n]?.trim());
      expect(session.authenticatedAt).toEqual(n % 2 === 0 ? session.createdAt : null);
    }
  });

  it('are refused apart: who is unknown, disabled, or cannot be read', async () => {
    await database.sql(`update accounts set disabled = true where id = 'user 1'`);
    await database.sql(`update accounts set username = 'broken' where id = 'user 2'`);
    const sessions = await open();
    const wanted = ['user 0', 'user 1', 'user 2', 'user 3', 'nobody', ...USERS.slice(4, 40)];

    const outcomes = await Promise.allSettled(wanted.map((userId) => sessions.createSession(userId)));

    const refused = outcomes.flatMap((outcome, n) =>
      outcome.status === 'rejected' ? [[wanted[n], outcome.reason.code]] : [],
    );
    expect(refused).toEqual([
      ['user 1', 'user_not_available'],
      ['user 2', 'store_unavailable'],
      ['nobody', 'user_not_available'],
    ]);
    expect(await count()).toBe(wanted.length - refused.length);
  });

  it('are each on the terms of his role', async () => {
    await database.sql(`update accounts set role = 'admin' where right(id, 1) = '1'`);
    await database.sql(`update accounts set role = 'guest' where right(id, 1) = '2'`);
    const byRole = {
      admin: { idleTimeoutMs: MINUTE },
      guest: { maxSessionsPerUser: 1, sessionLimitPolicy: 'reject' },
    } as const;
    const sessions = await open({ policy: { byRole } });

    const outcomes = await Promise.allSettled(
      [...USERS, ...USERS].map((userId) => sessions.createSession(userId)),
    );

    const idleTimes = new Map<string, number[]>();
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') continue;
      const { userId, idleTimeoutMs } = outcome.value.session;
      idleTimes.set(userId, [...(idleTimes.get(userId) ?? []), idleTimeoutMs]);
    }
    expect(idleTimes.get('user 11')).toEqual([MINUTE, MINUTE]);
    expect(idleTimes.get('user 12')).toEqual([480 * MINUTE]);
    expect(idleTimes.get('user 13')).toEqual([480 * MINUTE, 480 * MINUTE]);
  });

  it('are let in by role while the game is closed', async () => {
    await database.sql(`update accounts set role = 'admin' where right(id, 1) = '1'`);
    const sessions = await open();
    const store = new PostgresMaintenanceStore(storeOn());
    await new MaintenanceMode({ sessions, store }).start({ admit: 'admin', message: 'Back soon.' });

    const outcomes = await Promise.allSettled(
      USERS.slice(0, 40).map((userId) => sessions.createSession(userId)),
    );

    const codes = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : null));
    expect(codes.filter((code) => code === null)).toHaveLength(4);
    expect(codes.filter((code) => code === 'maintenance')).toHaveLength(36);
  });

  it('never share a session, though they are given the same id', async () => {
    const id = '00000000-0000-4000-8000-000000000001';
    const sessions = await open({ generateSessionId: () => id });

    const outcomes = await Promise.allSettled(
      USERS.slice(0, 20).map((userId) => sessions.createSession(userId)),
    );

    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes.filter(({ status }) => status === 'rejected'))
      expect(outcome).toMatchObject({ reason: expect.any(TypeError) });
    expect(await count()).toBe(1);
  });

  it('cost the others nothing where one has an id that is in use', async () => {
    const ids = ['00000000-0000-4000-8000-000000000001'];
    const sessions = await open({ generateSessionId: () => ids.pop() ?? crypto.randomUUID() });
    await sessions.createSession('user 0');
    ids.push('00000000-0000-4000-8000-000000000001');

    const outcomes = await Promise.allSettled(
      USERS.slice(0, 20).map((userId) => sessions.createSession(userId)),
    );

    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(19);
    expect(await count()).toBe(20);
  });

  async function open(options: Omit<SessionServiceOptions, 'store'> = {}): Promise<SessionService> {
    const store = storeOn();
    await store.ready();

    return new SessionService({ store, ...options });
  }

  function storeOn(): PostgresSessionStore {
    return new PostgresSessionStore({
      pool,
      users: { relation: 'users', idType: 'text' },
      characters: { relation: 'characters', idType: 'text' },
    });
  }

  async function putUsers(names: readonly string[]): Promise<void> {
    await database.sql(`insert into accounts select n, n, 'player', false from unnest($1::text[]) n`, [
      names,
    ]);
  }

  async function count(): Promise<number> {
    const { rows } = await database.sql('select count(*) from mud_auth.sessions');

    return Number(rows[0]?.['count']);
  }
});
