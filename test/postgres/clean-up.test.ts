import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { migrateToLatest } from '../../src/stores/postgres/index.ts';
import { Cleanup, type CleanupSteps } from '../../src/stores/postgres/cleanup.ts';
import { Connections } from '../../src/stores/postgres/connections.ts';
import { endingStatements } from '../../src/stores/postgres/statements/ending-statements.ts';
import { type CountingPool, countingPool } from '../support/counting-pool.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { hold } from '../faults/fixture.ts';

const EXPIRED = 2_500;
const LIVE = 500;
const ALL_AT_ONCE: CleanupSteps = { batch: 10_000, span: 100_000 };
const SMALL: CleanupSteps = { batch: 100, span: 10 };

describe('a clean-up', () => {
  let database: TestDatabase;
  let pool: CountingPool;
  beforeAll(async () => {
    database = await createDatabase();
    await migrateToLatest(database.pool);
    pool = countingPool(database.pool);
  });
  beforeEach(async () => {
    await database.sql('truncate mud_auth.sessions, mud_auth.session_endings');
    // Every sixth is alive.
    await database.sql(
      `insert into mud_auth.sessions
       select gen_random_uuid(), n::text, null, '\\x00', '', now() - interval '9 hours',
         case when n % 6 = 0 then now() else now() - interval '9 hours' end, 28800000, now() + interval '1 day'
       from generate_series(1, ${EXPIRED + LIVE}) n`,
    );
  });
  afterAll(() => database.close());

  it.each([
    ['in one step', ALL_AT_ONCE],
    ['in many steps', SMALL],
    ['in batches of a part of the table', { batch: 100, span: 100_000 }],
    ['in parts of the table', { batch: 10_000, span: 7 }],
  ])('ends all that has expired, and nothing else: %s', async (_, steps) => {
    expect(await run(steps)).toBe(EXPIRED);

    expect(await countOf('sessions')).toBe(LIVE);
    expect(await countOf('session_endings', `reason = 'expired'`)).toBe(EXPIRED);
    expect(await run(steps)).toBe(0);
  });

  it('takes as many statements as there are batches and parts, and never looks twice', async () => {
    const { rows } = await database.sql(`select pg_relation_size('mud_auth.sessions') / 8192 as blocks`);
    const parts = Math.ceil(Number(rows[0]?.['blocks']) / SMALL.span);

    await run(SMALL);

    // One more for the endings that are to be forgotten.
    expect(pool.take().length).toBeLessThanOrEqual(EXPIRED / SMALL.batch + parts + 1);
  });

  it('passes over what another holds, and takes it the next time', async () => {
    const held = await hold(
      database,
      `select from mud_auth.sessions where user_id in ('1', '1501') for update`,
    );

    expect(await run(SMALL)).toBe(EXPIRED - 2);
    await held.letGo();

    expect(await run(SMALL)).toBe(2);
  });

  it('may run on several nodes at once, and each session is ended once', async () => {
    const counts = await Promise.all([run(SMALL), run(SMALL), run(SMALL)]);

    expect(counts.reduce((sum, count) => sum + count)).toBe(EXPIRED);
    expect(await countOf('sessions')).toBe(LIVE);
  });

  it('forgets endings of more than seven days, batch by batch', async () => {
    await run(ALL_AT_ONCE);
    await database.sql(
      `update mud_auth.session_endings set ended_at = ended_at - interval '8 days' where user_id::int > 100`,
    );

    await run(SMALL);

    expect(await countOf('session_endings', 'user_id::int > 100')).toBe(0);
    expect(await countOf('session_endings')).toBe(84);
  });

  function run(steps: CleanupSteps): Promise<number> {
    pool.take();
    const connections = new Connections(pool, {
      acquireTimeoutMs: 5_000,
      queryTimeoutMs: 5_000,
      maxWaiting: 10,
      preparedStatements: true,
      clock: null,
    });

    return new Cleanup(connections, endingStatements('mud_auth'), steps).run();
  }

  async function countOf(table: string, where = 'true'): Promise<number> {
    const { rows } = await database.sql(
      `select count(*)::int as count from mud_auth.${table} where ${where}`,
    );

    return Number(rows[0]?.['count']);
  }
});
