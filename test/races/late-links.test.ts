import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrateToLatest, PostgresSessionStore } from '../../src/stores/postgres/index.ts';
import { PostgresLinkStore } from '../../src/stores/postgres/live/index.ts';
import { SessionService } from '../../src/index.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { hostTablesSql } from '../support/host-tables.ts';

describe('a node that gives a session up', () => {
  let database: TestDatabase;
  let store: PostgresSessionStore;
  beforeAll(async () => {
    database = await createDatabase();
    await migrateToLatest(database.pool);
    await database.sql(hostTablesSql('integer'));
    await database.sql(`
      insert into users values (1, 'alice', 'player', false);
      insert into characters values (11, 1, 'Aria', 'mist')`);
    store = new PostgresSessionStore({
      pool: database.pool,
      users: { relation: 'users', idType: 'integer' },
      characters: { relation: 'characters', idType: 'integer' },
    });
  });
  afterAll(() => database.close());

  it('sees a link of its own that is still being written, and takes it back', async () => {
    const { session, token } = await new SessionService({ store }).createSession('1');
    await new SessionService({ store }).selectCharacter(token, '11');
    const linking = { sessionId: session.id, nodeId: randomUUID() };
    const writer = await database.pool.connect();
    await writer.query('begin');
    await writer.query('update mud_auth.sessions set node_id = $2 where id = $1', [
      session.id,
      linking.nodeId,
    ]);

    const unlinking = new PostgresLinkStore(store).unlinkSession(linking);
    await untilSomebodyWaits();
    await writer.query('commit');
    writer.release();

    expect(await unlinking).toBe('link_dead');
    expect((await store.findSession(session.id))?.link?.linkDeadSince).toBeInstanceOf(Date);
  });

  async function untilSomebodyWaits(): Promise<void> {
    for (;;) {
      const { rows } = await database.sql(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      if (rows.length > 0) return;
    }
  }
});
