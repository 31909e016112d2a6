import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SessionService } from '../../src/index.ts';
import { MemoryDirectory } from '../../src/stores/memory/index.ts';
import { migrateToLatest, PostgresSessionStore } from '../../src/stores/postgres/index.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

const directory = new MemoryDirectory({
  users: [{ id: '1', username: 'alice', role: 'player', disabled: false }],
  characters: [{ id: '11', userId: '1', name: 'Aria', worldId: 'mist' }],
});

describe('a PostgresSessionStore', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
    await migrateToLatest(database.pool);
  });
  afterAll(() => database.close());

  it('finds sessions, seats and endings of a process that is gone', async () => {
    const former = newService();
    const playing = await former.createSession('1', { clientType: 'telnet' });
    await former.selectCharacter(playing.token, '11');
    const kicked = await former.createSession('1');
    await former.removeSession(kicked.session.id);

    const present = newService();

    expect(await present.validateSessionForGame(playing.token)).toMatchObject({
      characterName: 'Aria',
      session: { id: playing.session.id, clientType: 'telnet', createdAt: playing.session.createdAt },
    });
    await expect(present.validateSession(kicked.token)).rejects.toMatchObject({ reason: 'kicked' });
  });

  it('goes by the clock of the database, in whole milliseconds', async () => {
    const before = await databaseTime();
    const { session } = await newService().createSession('1');
    const after = await databaseTime();

    expect(session.createdAt.getTime()).toBeGreaterThanOrEqual(Math.floor(before));
    expect(session.createdAt.getTime()).toBeLessThanOrEqual(after);
    const { rows } = await database.sql(
      `select extract(microseconds from created_at)::int % 1000 as rest from mud_auth.sessions where id = $1`,
      [session.id],
    );
    expect(rows[0]?.['rest']).toBe(0);
  });

  it('stores the hash of a secret, and nothing of the token', async () => {
    const { token, session } = await newService().createSession('1');
    await newService().removeSession(session.id);

    const { rows } = await database.sql(`
      select s::text as line from mud_auth.sessions s union all select e::text from mud_auth.session_endings e`);
    const secret = token.split('.')[1] ?? '';

    expect(rows.map((row) => row['line']).join()).not.toContain(secret);
    expect(rows.map((row) => row['line']).join()).toContain(session.id);
  });

  async function databaseTime(): Promise<number> {
    const { rows } = await database.sql('select extract(epoch from clock_timestamp())::float8 * 1000 as ms');

    return Number(rows[0]?.['ms']);
  }

  function newService(): SessionService {
    return new SessionService({ store: new PostgresSessionStore({ pool: database.pool, directory }) });
  }
});
