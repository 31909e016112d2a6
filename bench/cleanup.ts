import type pg from 'pg';
import { SessionService } from 'mud-auth';
import { migrateToLatest, PostgresSessionStore, type PgPool } from 'mud-auth/postgres';
import { draws, median, openLoop } from './measure.ts';
import type { World } from './peers/peer.ts';

export interface CleanupFigures {
  readonly rows: number;
  readonly seconds: number;
  readonly batches: number;
  readonly worstBatchMs: number;
  readonly p99BatchMs: number;
  /** Of validates at 1,000 a second: the median of windows before and after it, and during it. */
  readonly idleP99: number;
  readonly duringP99: number;
}

/** Live sessions stand among the expired ones, in so many places. */
const PARTS = 100;
const LIVE = 2_000;

/** Without it is measured so often before, and as often after. */
const IDLE_WINDOWS = 3;

/** Clears expired rows away while live sessions are validated. */
export async function measureCleanup({ pool, size }: World, rows: number): Promise<CleanupFigures> {
  await migrateToLatest(pool);
  const batchesMs: number[] = [];
  const store = new PostgresSessionStore({
    pool: timed(pool, batchesMs),
    users: { relation: 'users', idType: 'bigint' },
    characters: { relation: 'characters', idType: 'bigint' },
  });
  const sessions = new SessionService({ store });
  const tokens: string[] = [];
  for (let part = 0; part < PARTS; part += 1) {
    await pool.query(
      `insert into mud_auth.sessions
       select gen_random_uuid(), (1 + n % ${size})::text, null, sha256(n::text::bytea), 'telnet', now(),
         now() - interval '9 hours', 28800000, now() + interval '30 days'
       from generate_series(1, ${rows / PARTS}) n`,
    );
    for (let n = 1; n <= LIVE / PARTS; n += 1) tokens.push((await sessions.createSession(String(n))).token);
  }
  await pool.query('vacuum analyze');
  await pool.query('checkpoint');

  const draw = draws(tokens.length, 1);
  const validate = async (n: number): Promise<void> => {
    await sessions.validateSession(tokens[n - 1], { touch: false });
  };
  const load = (during: number | Promise<unknown>): ReturnType<typeof openLoop> =>
    openLoop(validate, draw, 1_000, during);
  const idle: number[] = [];
  const idleFor = async (windows: number): Promise<void> => {
    for (let window = 0; window < windows; window += 1) idle.push((await load(2_000)).p99);
  };
  await load(2_000); // what was inserted is still being written
  await idleFor(IDLE_WINDOWS);

  const start = performance.now();
  const cleaning = sessions.cleanupExpiredSessions();
  const during = await load(cleaning);
  const seconds = (performance.now() - start) / 1_000;
  const ended = await cleaning;
  await idleFor(IDLE_WINDOWS);
  if (ended !== rows) throw new Error(`${ended} of ${rows} expired sessions were ended.`);

  const sorted = batchesMs.toSorted((a, b) => a - b);
  return {
    rows,
    seconds,
    batches: sorted.length,
    worstBatchMs: sorted.at(-1) ?? NaN,
    p99BatchMs: sorted[Math.floor(sorted.length * 0.99)] ?? NaN,
    idleP99: median(idle),
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
          if (query.text.includes('::tid')) batchesMs.push(performance.now() - start);

          return result;
        },
        release: (destroy) => client.release(destroy),
      };
    },
  };
}
