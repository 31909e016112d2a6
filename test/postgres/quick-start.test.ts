import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { SessionService } from '../../src/index.ts';
import { LiveSessions, MaintenanceMode } from '../../src/live/index.ts';
import { RememberService } from '../../src/remember/index.ts';
import { migrationSql, PostgresSessionStore } from '../../src/stores/postgres/index.ts';
import { PostgresLinkStore, PostgresMaintenanceStore } from '../../src/stores/postgres/live/index.ts';
import { PostgresRememberStore } from '../../src/stores/postgres/remember/index.ts';
import { examplesOf, outputOf, writeExamples } from '../docs/examples.ts';
import { codeBlocksOf, readPage } from '../docs/pages.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

const readme = readPage('README.md');
const page = readPage('docs/postgres.md');

describe('the quick start of the README', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openDatabase();
  });
  afterEach(() => vi.unstubAllEnvs());
  afterAll(() => database.close());

  it('prints the same with its store in Postgres', async () => {
    const [, onPostgres = ''] = examplesOf(readme).keys();
    const [promised] = codeBlocksOf(readme, 'text');
    vi.stubEnv('DATABASE_URL', database.url);

    const output = await outputOf(join(writeExamples(readme), onPostgres));

    expect(output).toBe(promised?.code);
    const { rows } = await database.sql('select reason from mud_auth.session_endings');
    expect(rows).toEqual([{ reason: 'logged_out' }]);
  });
});

describe('the worked example of docs/postgres.md', () => {
  const [tables, privileges] = codeBlocksOf(page, 'sql').map(({ code }) => code);
  let database: TestDatabase;
  let sessions: SessionService;
  let pool: pg.Pool;
  beforeAll(async () => {
    database = await openDatabase();
    await database.sql(tables ?? '');
    await database.sql(`
      insert into game.account (login, password_hash) values ('alice', ''), ('bob', '');
      insert into game.world values ('mist');
      insert into game.hero (account_no, hero_name, world_name) values (1, 'Aria', 'mist'), (2, 'Bran', null);
    `);
    vi.stubEnv('DATABASE_URL', database.url);
    ({ sessions, pool } = await import(join(writeExamples(page), 'sessions.ts')));
    vi.unstubAllEnvs();
  });
  afterAll(async () => {
    await pool.end();
    await database.close();
  });

  it('plays', async () => {
    const { token } = await sessions.createSession('1');
    await sessions.selectCharacter(token, '1');

    const me = await sessions.validateSessionForGame(token);

    expect(me).toMatchObject({
      userId: '1',
      username: 'alice',
      role: 'player',
      characterName: 'Aria',
      worldId: 'mist',
    });
  });

  it('bans for as long as the host says', async () => {
    await database.sql(
      `update game.account set banned_until = now() + interval '1 hour' where account_no = 2`,
    );
    await expect(sessions.createSession('2')).rejects.toMatchObject({ code: 'user_not_available' });

    await database.sql(`update game.account set banned_until = now() where account_no = 2`);
    await expect(sessions.createSession('2')).resolves.toBeDefined();
  });

  it('lets nobody play a character without a world', async () => {
    const { token } = await sessions.createSession('2');

    await expect(sessions.selectCharacter(token, '2')).rejects.toMatchObject({
      code: 'character_not_available',
    });
  });

  it('needs no more than the privileges that the page gives', async () => {
    const role = `game_server_${database.url.split('_').at(-1)}`;
    await database.sql((privileges ?? '').replaceAll('game_server', role));
    const asRole = new pg.Pool({ connectionString: database.url, options: `-c role=${role}` });
    const store = new PostgresSessionStore({
      pool: asRole,
      users: { relation: 'game.auth_users', idType: 'integer' },
      characters: { relation: 'game.auth_characters', idType: 'integer' },
    });

    try {
      await expect(asRole.query('select * from game.account')).rejects.toMatchObject({ code: '42501' });
      await expect(useEverything(store)).resolves.toBe('done');
    } finally {
      await asRole.end();
      await database.sql(`drop owned by ${role}; drop role ${role}`);
    }
  });
});

describe('the ways to migrate in docs/postgres.md', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openDatabase();
  });
  afterAll(() => database.close());

  it('leave the same tables', async () => {
    const columns = `select table_name, column_name, data_type, is_nullable from information_schema.columns
      where table_schema = $1 order by table_name, ordinal_position`;
    const code = [...examplesOf(page)].find(([, text]) => text.includes('migrationSql'));
    vi.stubEnv('DATABASE_URL', database.url);
    const output = await outputOf(join(writeExamples(page), code?.[0] ?? ''));
    vi.unstubAllEnvs();

    await database.sql(migrationSql({ schema: 'by_sql' }));

    expect(output).toContain('0001_sessions');
    expect((await database.sql(columns, ['by_sql'])).rows).toEqual(
      (await database.sql(columns, ['mud_auth'])).rows,
    );
    expect((await database.sql(columns, ['by_sql'])).rows.length).toBeGreaterThan(10);
  });
});

// A pool that has ended may still have a connection, which dropping the database cuts.
async function openDatabase(): Promise<TestDatabase> {
  const database = await createDatabase();
  database.pool.on('connect', (client) => client.on('error', () => {}));

  return database;
}

/** Everything that sends SQL, one after the other. */
async function useEverything(store: PostgresSessionStore): Promise<string> {
  const sessions = new SessionService({ store, policy: { maxSessionsPerUser: 2 } });
  const maintenance = new MaintenanceMode({ sessions, store: new PostgresMaintenanceStore(store) });
  const links = new PostgresLinkStore(store);
  const live = new LiveSessions({ sessions, store: links, maintenance });

  const { token, session } = await sessions.createSession('1');
  const { token: other } = await sessions.createSession('1');
  await sessions.selectCharacter(other, '1');
  await sessions.selectCharacter(token, '1');
  await sessions.validateSessionForGame(token);
  await sessions.validateSession(other).catch(() => {});
  await sessions.getActiveCharacters('mist');
  await sessions.getActiveSessionCount();
  (await live.attach(token, { close() {} })).detach();
  await live.who('mist');
  await live.countPresent();
  await live.hide(token);
  await links.adoptSessions(live.nodeId);
  await live.close();
  await maintenance.start({ admit: 'player', message: 'For wizards only.', endSessions: true });
  await maintenance.current();
  await maintenance.end();
  await sessions.releaseCharacter(token);
  await sessions.removeSession(session.id);
  await sessions.logout((await sessions.createSession('1')).token);
  const remember = new RememberService({
    sessions,
    store: new PostgresRememberStore(store),
    key: 'a key of at least thirty-two bytes',
  });
  const { rememberToken } = await remember.signIn('1', { remember: true });
  await remember.redeem((await remember.redeem(rememberToken)).rememberToken);
  await remember.revoke(rememberToken);
  await sessions.removeSessionsForUser('1');
  await sessions.removeSessionsForCharacter('1');
  await sessions.cleanupExpiredSessions();
  await sessions.clearAllSessions();

  return 'done';
}
