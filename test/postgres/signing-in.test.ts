import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { SessionService, type SessionPolicyOptions } from '../../src/index.ts';
import { MaintenanceMode } from '../../src/live/index.ts';
import { migrateToLatest, type PgPool, PostgresSessionStore } from '../../src/stores/postgres/index.ts';
import { PostgresMaintenanceStore } from '../../src/stores/postgres/live/index.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

const MINUTE = 60_000;
const STRANGE_ROLES = ['__proto__', 'constructor', '', `it's "quoted" \\ here`, 'zauberkünstlerin', '🧙'];

/** Ids are compared without regard to case, as a host may want it. */
const HOST = `
  create collation careless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
  create table users (id text collate careless primary key, username text, role text, disabled boolean);
  create table characters (
    id text collate careless primary key, user_id text collate careless, name text, world_id text collate careless
  );
`;

describe('signing in with one statement', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
    await migrateToLatest(database.pool);
    await database.sql(HOST);
  });
  beforeEach(async () => {
    await database.sql('truncate users, characters, mud_auth.sessions, mud_auth.session_endings');
  });
  afterAll(() => database.close());

  it.each(STRANGE_ROLES)('is on the terms of the role %j', async (role) => {
    await putUser('alice', role);
    const byRole = Object.fromEntries([[role, { idleTimeoutMs: 5 * MINUTE, absoluteTimeoutMs: 9 * MINUTE }]]);

    const { session } = await open({ byRole }).createSession('alice');

    expect(session.idleTimeoutMs).toBe(5 * MINUTE);
    expect(session.absoluteExpiresAt.getTime() - session.createdAt.getTime()).toBe(9 * MINUTE);
    expect(await stored()).toEqual([{ user_id: 'alice', idle_timeout_ms: String(5 * MINUTE), life: 540 }]);
  });

  it('is on the terms for everybody where the role has none of its own', async () => {
    await putUser('alice', 'player');

    const { session } = await open({ byRole: { admin: { idleTimeoutMs: MINUTE } } }).createSession('alice');

    expect(session.idleTimeoutMs).toBe(480 * MINUTE);
  });

  it('keeps the limit of a role that has one, among roles that have none, and the other way round', async () => {
    await putUser('alice', 'player');
    await putUser('bob', 'admin');
    const some = open({ byRole: { admin: { maxSessionsPerUser: 1, sessionLimitPolicy: 'reject' } } });
    const most = open({
      maxSessionsPerUser: 1,
      sessionLimitPolicy: 'reject',
      byRole: { admin: { maxSessionsPerUser: null } },
    });

    await some.createSession('bob');
    await expect(some.createSession('bob')).rejects.toMatchObject({ limit: 1 });
    await most.createSession('bob');
    await most.createSession('alice');
    await expect(most.createSession('alice')).rejects.toMatchObject({ limit: 1 });
    await some.createSession('alice');
  });

  it.each(['a\0b', '\ud800'])(
    'is not kept from anybody by a role that no database can hold: %j',
    async (role) => {
      await putUser('alice', 'player');
      const byRole = { [role]: { idleTimeoutMs: MINUTE } };

      await expect(open({ byRole }).createSession('alice')).resolves.toMatchObject({
        session: { userId: 'alice' },
      });
    },
  );

  it('is not for whom only a careless collation takes for the user', async () => {
    await putUser('alice', 'player');

    await expect(open().createSession('ALICE')).rejects.toMatchObject({ code: 'user_not_available' });
  });

  it('opens no session of a user to who has got his id but for its case', async () => {
    await putUser('alice', 'player');
    await database.sql(`insert into characters values ('Aria', 'alice', 'Aria', 'Mist')`);
    const sessions = open();
    const { token } = await sessions.createSession('alice');
    await sessions.selectCharacter(token, 'Aria');
    expect(await sessions.getActiveCharacters('MIST')).toEqual([]);
    expect(await sessions.getActiveCharacters('Mist')).toHaveLength(1);

    await database.sql(`delete from users`);
    await putUser('ALICE', 'admin');

    await expect(sessions.validateSession(token)).rejects.toMatchObject({ status: 401 });
  });

  it('succeeds when the game is opened before anybody has looked why it is closed', async () => {
    await putUser('alice', 'player');
    const closed = open();
    const store = storeOn(database.pool);
    await new MaintenanceMode({ sessions: closed, store: new PostgresMaintenanceStore(store) }).start({
      admit: 'admin',
      message: 'Back soon.',
    });
    const opening: PgPool = {
      async connect() {
        const client = await database.pool.connect();

        return {
          async query(query) {
            if (query.text.includes('read_at')) await database.sql('delete from mud_auth.maintenance');
            return client.query(query as pg.QueryConfig);
          },
          release: (destroy) => client.release(destroy),
        };
      },
    };

    const signIn = new SessionService({ store: storeOn(opening) }).createSession('alice');

    await expect(signIn).resolves.toMatchObject({ session: { userId: 'alice' } });
  });

  function open(policy: SessionPolicyOptions = {}): SessionService {
    return new SessionService({ store: storeOn(database.pool), policy });
  }

  async function putUser(id: string, role: string): Promise<void> {
    await database.sql(`insert into users values ($1, $1, $2, false)`, [id, role]);
  }

  async function stored(): Promise<Record<string, unknown>[]> {
    const { rows } = await database.sql(
      `select user_id, idle_timeout_ms, extract(epoch from absolute_expires_at - created_at)::int as life
       from mud_auth.sessions`,
    );

    return rows;
  }
});

function storeOn(pool: PgPool): PostgresSessionStore {
  return new PostgresSessionStore({
    pool,
    users: { relation: 'users', idType: 'text' },
    characters: { relation: 'characters', idType: 'text' },
  });
}
