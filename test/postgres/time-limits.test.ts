import { expect, it } from 'vitest';
import { SessionService } from '../../src/index.ts';
import { MemoryDirectory } from '../../src/stores/memory/index.ts';
import { migrateToLatest, PostgresSessionStore } from '../../src/stores/postgres/index.ts';
import { createDatabase } from '../support/database.ts';

it('a clear-all may take longer than the host allows its own statements', async () => {
  const database = await createDatabase({ options: '-c statement_timeout=100' });
  await migrateToLatest(database.pool);
  const directory = new MemoryDirectory({
    users: [{ id: '1', username: 'alice', role: 'player', disabled: false }],
  });
  const sessions = new SessionService({
    store: new PostgresSessionStore({ pool: database.pool, directory }),
  });
  await sessions.createSession('1');
  const otherWriter = await database.pool.connect();
  await otherWriter.query(
    'begin; set local statement_timeout = 0; lock table mud_auth.sessions in row exclusive mode',
  );

  const clearing = sessions.clearAllSessions();
  await otherWriter.query('select pg_sleep(0.4)');
  await otherWriter.query('commit');

  expect(await clearing).toBe(1);
  otherWriter.release();
  await database.close();
});
