import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SessionService, type SessionPolicyOptions } from '../../src/index.ts';
import { migrateToLatest, PostgresSessionStore } from '../../src/stores/postgres/index.ts';
import { relationStatements } from '../../src/stores/postgres/statements/relation-statements.ts';
import { arrayOf } from '../../src/stores/postgres/statements/statement.ts';
import { FakeClock } from '../../src/testing/index.ts';
import { type CountingPool, countingPool } from '../support/counting-pool.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { hostTablesSql } from '../support/host-tables.ts';

const USERS = 40;
const RELATIONS = {
  users: { relation: 'shown_users', idType: 'integer' },
  characters: { relation: 'characters', idType: 'integer' },
} as const;

/** The username of user 13 cannot be read while it is `broken`, or `raised`. */
const VIEW = `
  create function raised() returns text language plpgsql as
    $$ begin raise exception using errcode = 'MUD01', message = 'raised'; end $$;
  create view shown_users as
    select id, role, disabled,
      case username when 'broken' then (1 / (id - 13))::text when 'raised' then raised() else username end as username
    from users
`;

describe('calls that share statements', () => {
  let database: TestDatabase;
  let pool: CountingPool;
  let clock: FakeClock;
  let sessions: SessionService;
  let tokens: string[];
  beforeAll(async () => {
    // One connection, whose statistics can be asked for.
    database = await createDatabase({ max: 1 });
    await migrateToLatest(database.pool);
    await database.sql(hostTablesSql('integer'));
    await database.sql(
      `insert into users select n, 'user' || n, 'player', false from generate_series(1, ${USERS}) n`,
    );
    await database.sql(VIEW);
    pool = countingPool(database.pool);
  });
  beforeEach(async () => {
    await database.sql(`truncate mud_auth.sessions, mud_auth.session_endings`);
    await database.sql(`update users set username = 'user' || id, disabled = false`);
    clock = new FakeClock();
    sessions = await openService({});
    tokens = await signInAll(sessions);
    pool.take();
  });
  afterAll(() => database.close());

  it('cost a tenth of a statement or less, at 16 callers', async () => {
    const rounds = 50;
    await Promise.all(
      tokens.slice(0, 16).map(async (token) => {
        for (let n = 0; n < rounds; n += 1) await sessions.validateSession(token);
      }),
    );

    expect(pool.take().length / (16 * rounds)).toBeLessThanOrEqual(0.1);
  });

  it('are one statement where they come at once, and one more where all are due for a touch', async () => {
    const some = tokens.slice(0, 30);
    await Promise.all(some.map((token) => sessions.validateSession(token)));
    expect(pool.take()).toHaveLength(1);

    clock.advance(60_000);
    const touched = await Promise.all(some.map((token) => sessions.validateSession(token)));

    expect(pool.take()).toHaveLength(2);
    expect(touched.map(({ session }) => session.lastActiveAt)).toEqual(some.map(() => clock.now()));
  });

  it('look users up in the statement of the sessions, each his own', async () => {
    const principals = await Promise.all(tokens.map((token) => sessions.validateSession(token)));

    expect(principals.map(({ username }) => username)).toEqual(tokens.map((_, n) => `user${n + 1}`));
  });

  it('give each caller a session of his own, though it is the same one', async () => {
    const [a, b] = await Promise.all([tokens[0], tokens[0]].map((token) => sessions.validateSession(token)));

    expect(a).toEqual(b);
    expect(a?.session).not.toBe(b?.session);
    expect(a?.session.createdAt).not.toBe(b?.session.createdAt);
  });

  it('succeed and fail each for itself: ended, banned, with a wrong secret, unknown', async () => {
    const [alive = '', ended = '', banned = '', wrong = ''] = tokens;
    await sessions.logout(ended);
    await database.sql('update users set disabled = true where id = 3');

    const outcomes = await Promise.allSettled(
      [
        alive,
        ended,
        banned,
        `${wrong.slice(0, -1)}${wrong.endsWith('A') ? 'Q' : 'A'}`,
        `mas_00000000-0000-4000-8000-000000000000.${'A'.repeat(43)}`,
      ].map((token) => sessions.validateSession(token)),
    );

    expect(
      outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.reason : 'valid')),
    ).toEqual(['valid', 'logged_out', 'banned', null, null]);
  });

  it.each([
    ['broken', '22012'],
    ['raised', 'MUD01'],
  ])('do not suffer for a row of the host that cannot be read, but that one: %s', async (how, sqlState) => {
    await database.sql('update users set username = $1 where id = 13', [how]);

    const outcomes = await Promise.allSettled(tokens.map((token) => sessions.validateSession(token)));

    const failed = outcomes.flatMap(({ status }, n) => (status === 'rejected' ? [n + 1] : []));
    expect(failed).toEqual([13]);
    expect(outcomes[12]).toMatchObject({
      reason: { status: 503, sqlState, outcome: 'not-applied' },
    });
  });

  it('write nothing ahead of the log, between touches', async () => {
    const { findRecord } = relationStatements('mud_auth', RELATIONS);
    const ids = tokens.map((token) => token.slice(4, 40));
    await database.sql('vacuum analyze');

    const plans = [
      ...(await planOf(findRecord.one.text, findRecord.one.valuesOf({ id: ids[0] ?? '' }, { now: null }))),
      ...(await planOf(findRecord.many.text, findRecord.many.valuesOf({ ids: arrayOf(ids) }, { now: null }))),
    ];

    expect(plans.filter((line) => line.includes('on sessions')).length).toBeGreaterThan(0);
    expect(plans.filter((line) => line.includes('WAL'))).toEqual([]);
  });

  it('touch heap-only: no index is written for at least four of five', async () => {
    const impatient = await openService({ touchIntervalMs: 0 });
    const many = [...tokens];
    for (let n = 0; n < 20; n += 1) many.push(...(await signInAll(impatient)));
    const before = await updates();

    for (let round = 0; round < 20; round += 1) {
      clock.advance(1_000);
      // One of each tenth at a time, as players act: not one page after the other.
      for (let n = 0; n < 10; n += 1) {
        const some = many.filter((_, index) => index % 10 === n);
        await Promise.all(some.map((token) => impatient.validateSession(token)));
      }
    }

    const after = await updates();
    const all = after.all - before.all;
    expect(all).toBe(20 * many.length);
    expect((after.heapOnly - before.heapOnly) / all).toBeGreaterThanOrEqual(0.8);
  });

  async function openService(policy: SessionPolicyOptions): Promise<SessionService> {
    const store = new PostgresSessionStore({ pool, clock, ...RELATIONS });
    await store.ready();

    return new SessionService({ store, policy });
  }

  async function planOf(text: string, values: unknown[]): Promise<string[]> {
    const query: pg.QueryArrayConfig = { text: `explain (analyze, wal) ${text}`, values, rowMode: 'array' };
    const { rows } = await database.pool.query<string[]>(query);

    return rows.flat();
  }

  async function updates(): Promise<{ readonly all: number; readonly heapOnly: number }> {
    await database.sql('select pg_stat_force_next_flush()');
    const { rows } = await database.sql(
      `select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where schemaname = 'mud_auth' and relname = 'sessions'`,
    );

    return { all: Number(rows[0]?.['n_tup_upd']), heapOnly: Number(rows[0]?.['n_tup_hot_upd']) };
  }
});

async function signInAll(service: SessionService): Promise<string[]> {
  const created = await Promise.all(
    Array.from({ length: USERS }, (_, n) => service.createSession(String(n + 1))),
  );

  return created.map(({ token }) => token);
}
