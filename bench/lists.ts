import type pg from 'pg';
import { SessionService } from 'mud-auth';
import { migrateToLatest, PostgresSessionStore } from 'mud-auth/postgres';
import { median } from './measure.ts';

const TRIES = 7;

/** The schema of a game where few are on. */
const THIN = 'mud_auth_thin';

/** How long the calls take that are about many sessions, on a world that was seeded. */
export async function measureLists(pool: pg.Pool): Promise<{ readonly name: string; readonly ms: number }[]> {
  const store = new PostgresSessionStore({
    pool,
    users: { relation: 'users', idType: 'bigint' },
    characters: { relation: 'characters', idType: 'bigint' },
  });
  const sessions = new SessionService({ store });
  // A world of a hundred characters among the million.
  await pool.query(`update characters set world_id = 'small' where id <= 100`);
  await pool.query('vacuum analyze characters');
  const thin = new SessionService({
    store: new PostgresSessionStore({
      pool,
      schema: THIN,
      users: { relation: 'users', idType: 'bigint' },
      characters: { relation: 'one_world', idType: 'bigint' },
    }),
  });
  await pool.query(`create view one_world as select id, user_id, name, 'main' as world_id from characters`);
  await migrateToLatest(pool, { schema: THIN });
  await pool.query(`insert into ${THIN}.sessions select * from mud_auth.sessions limit 100`);
  await pool.query(`vacuum analyze ${THIN}.sessions`);
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    'getActiveCharacters of a world of 100': () =>
      sessions.getActiveCharacters('small', { activeWithinMs: 0 }),
    'getActiveCharacters of the only world, 100 of its million in play': () =>
      thin.getActiveCharacters('main', { activeWithinMs: 0 }),
    getActiveSessionCount: () => sessions.getActiveSessionCount(),
    'cleanupExpiredSessions, nothing expired': () => sessions.cleanupExpiredSessions(),
  };

  const figures = [];
  for (const [name, call] of Object.entries(calls)) {
    await call();
    const times = [];
    for (let n = 0; n < TRIES; n += 1) {
      const start = performance.now();
      await call();
      times.push(performance.now() - start);
    }
    figures.push({ name, ms: median(times) });
  }

  return figures;
}
