import type pg from 'pg';
import { SessionService } from 'mud-auth';
import { migrateToLatest, PostgresSessionStore, type PgPool } from 'mud-auth/postgres';
import { draws, openLoop } from './measure.ts';
import type { World } from './peers/peer.ts';

export interface CleanupFigures {
  readonly rows: number;
  readonly seconds: number;
  readonly batches: number;
  readonly worstBatchMs: number;
  readonly p99BatchMs: number;
  /** Of validates at 1,000 a second, before it and during it. */
  readonly idleP99: number;
  readonly duringP99: number;
}

const LIVE = 1_000;

/** Clears expired rows away while live sessions are validated. */
export async function measureCleanup({ pool, size }: World, rows: number): Promise<CleanupFigures> {
  await migrateToLatest(pool);
  await pool.query(`
    insert into mud_auth.sessions
    select gen_random_uuid(), (1 + n % ${size})::text, null, '\\x00', 'telnet', now(),
      now() - interval '9 hours', 28800000, now() + interval '30 days'
    from generate_series(1, ${rows}) n`);
  const batchesMs: number[] = [];
  const store = new PostgresSessionStore({
    pool: timed(pool, batchesMs),
    users: { relation: 'users', idType: 'bigint' },
    characters: { relation: 'characters', idType: 'bigint' },
  });
  const sessions = new SessionService({ store });
  const tokens: string[] = [];
  for (let n = 1; n <= LIVE; n += 1) tokens.push((await sessions.createSession(String(n))).token);
  await pool.query('vacuum analyze');
  await pool.query('checkpoint');

  const draw = draws(tokens.length, 1);
  const validate = async (n: number): Promise<void> => {
    await sessions.validateSession(tokens[n - 1], { touch: false });
  };
  const load = (forMs: number): ReturnType<typeof openLoop> => openLoop(validate, draw, 1_000, forMs);
  await load(1_000);
  const idle = await load(5_000);

  const start = performance.now();
  const cleaning = async (): Promise<number> => {
    const ended = await sessions.cleanupExpiredSessions();
    if (ended !== rows) throw new Error(`${ended} of ${rows} expired sessions were ended.`);

    return (performance.now() - start) / 1_000;
  };
  const [seconds, during] = await Promise.all([cleaning(), load(5_000)]);

  const sorted = batchesMs.toSorted((a, b) => a - b);
  return {
    rows,
    seconds,
    batches: sorted.length,
    worstBatchMs: sorted.at(-1) ?? NaN,
    p99BatchMs: sorted[Math.floor(sorted.length * 0.99)] ?? NaN,
    idleP99: idle.p99,
    duringP99: during.p99,
  };
}

/** The pool, with a note of how long each batch takes. */
function timed(pool: pg.Pool, batchesMs: number[]): PgPool {
  return {
    async connect() {
      const client = await pool.connect();

      return {
        async query(query) {
          const start = performance.now();
          // A query of the library's is one of pg's.
          const result = await client.query(query as pg.QueryConfig);
          if (query.text.includes('batch as')) batchesMs.push(performance.now() - start);

          return result;
        },
        release: (destroy) => client.release(destroy),
      };
    },
  };
}
