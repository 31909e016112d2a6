import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SessionService } from '../../src/index.ts';
import { migrateToLatest, PostgresSessionStore } from '../../src/stores/postgres/index.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

describe('a host whose views', () => {
  let database: TestDatabase;
  let sessions: SessionService;
  beforeAll(async () => {
    database = await createDatabase();
    await migrateToLatest(database.pool);
    await database.sql(`
      create table accounts (id int primary key, name text, role text, banned boolean);
      create table heroes (id int primary key, account int, name text, world text);
      create view users as select id, name as username, role, banned as disabled from accounts;
      create view characters as select id, account as user_id, name, world as world_id from heroes;`);
    const store = new PostgresSessionStore({
      pool: database.pool,
      users: { relation: 'users', idType: 'integer' },
      characters: { relation: 'characters', idType: 'integer' },
    });
    sessions = new SessionService({ store });
  });
  beforeEach(async () => {
    await database.sql(`
      delete from accounts; insert into accounts values (1, 'alice', 'player', false);
      delete from heroes; insert into heroes values (11, 1, 'Aria', 'mist');
      delete from mud_auth.sessions;`);
  });
  afterAll(() => database.close());

  for (const column of ['name', 'role']) {
    it(`give null for a user's ${column} has no such user`, async () => {
      const { token } = await sessions.createSession('1');
      await database.sql(`update accounts set ${column} = null`);

      await expect(sessions.createSession('1')).rejects.toMatchObject({ code: 'user_not_available' });
      await expect(sessions.validateSession(token)).rejects.toMatchObject({ status: 401, reason: null });
    });
  }

  it('give null for whether a user is disabled has him disabled', async () => {
    await database.sql('update accounts set banned = null');

    await expect(sessions.createSession('1')).rejects.toMatchObject({ code: 'user_not_available' });
  });

  it('give null for the name of a character has no such character', async () => {
    const { token } = await sessions.createSession('1');
    await sessions.selectCharacter(token, '11');
    await database.sql('update heroes set name = null');

    await expect(sessions.validateSessionForGame(token)).rejects.toMatchObject({
      code: 'character_not_available',
    });
    await expect(sessions.selectCharacter(token, '11')).rejects.toMatchObject({
      code: 'character_not_available',
    });
    expect(await sessions.getActiveCharacters('mist')).toEqual([]);
  });

  it('give a user twice has him once', async () => {
    await database.sql(
      'create or replace view users as select id, name as username, role, banned as disabled from accounts, generate_series(1, 2)',
    );
    const { token } = await sessions.createSession('1');
    await sessions.selectCharacter(token, '11');

    expect(await sessions.getActiveCharacters('mist')).toHaveLength(1);
    expect(await sessions.validateSessionForGame(token)).toMatchObject({ username: 'alice' });
  });

  it('are called as parts of our statements are', async () => {
    await database.sql(`
      create view clock as select * from users; create view gone as select * from characters`);
    const store = new PostgresSessionStore({
      pool: database.pool,
      users: { relation: 'clock', idType: 'integer' },
      characters: { relation: 'gone', idType: 'integer' },
    });
    const odd = new SessionService({ store });
    const { token } = await odd.createSession('1');
    await odd.selectCharacter(token, '11');

    expect(await odd.getActiveCharacters('mist')).toHaveLength(1);
  });
});

it('functions and operators of the host, earlier on its search path, are not ours', async () => {
  const database = await createDatabase({ options: '-c search_path=public,pg_catalog' });
  await migrateToLatest(database.pool);
  await database.sql(`
    create function public.clock_timestamp() returns timestamptz language sql as $$ select 'epoch'::timestamptz $$;
    create function public.by_nothing(bigint, interval) returns interval language sql as $$ select interval '0' $$;
    create operator public.* (leftarg = bigint, rightarg = interval, function = public.by_nothing);
    create table users (id int primary key, username text, role text, disabled boolean);
    create table characters (id int primary key, user_id int, name text, world_id text);
    insert into users values (1, 'alice', 'player', false)`);
  const store = new PostgresSessionStore({
    pool: database.pool,
    users: { relation: 'users', idType: 'integer' },
    characters: { relation: 'characters', idType: 'integer' },
  });
  const { session } = await new SessionService({ store }).createSession('1');

  expect(session.createdAt.getFullYear()).toBeGreaterThan(2025);
  expect(session.absoluteExpiresAt.getTime()).toBeGreaterThan(session.createdAt.getTime());
  expect(await store.countActiveSessions(0)).toBe(1);
  await database.close();
});
