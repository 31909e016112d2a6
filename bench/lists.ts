import type pg from 'pg';
import { SessionService } from 'mud-auth';
import { PostgresSessionStore } from 'mud-auth/postgres';
import { median } from './measure.ts';

const TRIES = 7;

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
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    'getActiveCharacters of a world of 100': () =>
      sessions.getActiveCharacters('small', { activeWithinMs: 0 }),
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
