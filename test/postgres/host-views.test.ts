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
});
