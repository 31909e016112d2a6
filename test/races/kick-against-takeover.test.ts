import { expect, it } from 'vitest';
import { SessionService } from '../../src/index.ts';
import { MemoryDirectory } from '../../src/stores/memory/index.ts';
import { migrateToLatest, PostgresSessionStore } from '../../src/stores/postgres/index.ts';
import { createDatabase } from '../support/database.ts';

it('a kick by character ends who took it over while the kick waited', async () => {
  const database = await createDatabase();
  await migrateToLatest(database.pool);
  const directory = new MemoryDirectory({
    users: [{ id: '1', username: 'alice', role: 'player', disabled: false }],
    characters: [{ id: '11', userId: '1', name: 'Aria', worldId: 'mist' }],
  });
  const sessions = new SessionService({
    store: new PostgresSessionStore({ pool: database.pool, directory }),
  });
  const former = await sessions.createSession('1');
  await sessions.selectCharacter(former.token, '11');
  const next = await sessions.createSession('1');
  // As a takeover on another node, whose commit is late.
  const otherNode = await database.pool.connect();
  await otherNode.query('begin');
  await otherNode.query('delete from mud_auth.sessions where id = $1', [former.session.id]);
  await otherNode.query(`update mud_auth.sessions set character_id = '11' where id = $1`, [next.session.id]);

  const kicking = sessions.removeSessionsForCharacter('11');
  for (let isWaiting = false; !isWaiting;) {
    const { rows } = await otherNode.query<{ waits: boolean }>(
      `select exists (select from pg_locks l join pg_stat_activity a using (pid)
         where not l.granted and a.datname = current_database()) as waits`,
    );
    isWaiting = rows[0]?.waits === true;
  }
  await otherNode.query('commit');

  expect(await kicking).toBe(1);
  await expect(sessions.validateSession(next.token)).rejects.toMatchObject({ reason: 'kicked' });
  otherNode.release();
  await database.close();
});
