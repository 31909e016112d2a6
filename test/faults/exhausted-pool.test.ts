import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CreatedSession } from '../../src/index.ts';
import { MemoryDirectory } from '../../src/stores/memory/index.ts';
import { PostgresSessionStore } from '../../src/stores/postgres/index.ts';
import type { TestDatabase } from '../support/database.ts';
import { createHostDatabase, failureOf, type Host, isAtRest, openHost, untilTrue } from './fixture.ts';

const MAX = 2;
const MAX_WAITING = 3;
const ACQUIRE_TIMEOUT_MS = 250;

describe('a pool whose connections are all in use', () => {
  let database: TestDatabase;
  let host: Host;
  let alice: CreatedSession;
  let inUse: pg.PoolClient[];
  beforeAll(async () => {
    database = await createHostDatabase();
  });
  beforeEach(async () => {
    host = await openHost(database.url, {
      pool: { max: MAX },
      store: { acquireTimeoutMs: ACQUIRE_TIMEOUT_MS, maxWaiting: MAX_WAITING },
    });
    alice = await host.service.createSession('1');
    inUse = await Promise.all(Array.from({ length: MAX }, () => host.pool.connect()));
  });
  afterEach(async () => {
    giveBack();
    await host.close();
  });
  afterAll(() => database.close());

  it('fails a call at the acquire timeout: a 503 to be retried, with nothing applied', async () => {
    const start = performance.now();

    const failure = await failureOf(host.service.removeSession(alice.session.id));

    // A timer may be a little early.
    expect(performance.now() - start).toBeGreaterThan(ACQUIRE_TIMEOUT_MS - 10);
    expect(performance.now() - start).toBeLessThan(10 * ACQUIRE_TIMEOUT_MS);
    expect(failure).toMatchObject({ retryable: true, outcome: 'not-applied', retryAfterSeconds: 1 });
  });

  it.each([
    ['calls', remove, MAX_WAITING],
    ['validates', validate, 100 * MAX_WAITING],
  ])('lets so many %s wait, and refuses the rest at once', async (_, call, max) => {
    const settled: string[] = [];
    const settles = (what: string, called: Promise<unknown>): Promise<void> =>
      failureOf(called).then(
        ({ retryAfterSeconds }) => void settled.push(`${what}, retry after ${retryAfterSeconds}`),
      );

    const waiting = Array.from({ length: max }, () => settles('waited', call()));
    const refused = Array.from({ length: 4 }, () => settles('refused', call()));
    await Promise.all([...waiting, ...refused]);

    expect(settled).toEqual([
      ...refused.map(() => 'refused, retry after 1'),
      ...waiting.map(() => 'waited, retry after 1'),
    ]);
  });

  it('never holds more calls of ours in its queue than may wait, however many give up', async () => {
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(Array.from({ length: 10 }, () => failureOf(remove())));

      expect(host.pool.waitingCount).toBe(MAX_WAITING);
    }
  });

  it('serves those who wait when a connection is given back in time', async () => {
    const calls = Array.from({ length: MAX_WAITING }, remove);
    await untilTrue(() => host.pool.waitingCount === MAX_WAITING);

    giveBack();

    expect(await Promise.all(calls)).toHaveLength(MAX_WAITING);
  });

  it('lets validates that came together wait as one', async () => {
    const calls = Array.from({ length: MAX_WAITING }, validate);
    await untilTrue(() => host.pool.waitingCount > 0);
    expect(host.pool.waitingCount).toBe(1);

    giveBack();

    expect(await Promise.all(calls)).toHaveLength(MAX_WAITING);
  });

  it('gets back the connections that came too late for their calls, and then everything works', async () => {
    await Promise.all(Array.from({ length: 10 }, () => failureOf(validate())));

    giveBack();
    await untilTrue(() => isAtRest(host.pool));
    expect(host.pool.idleCount).toBe(MAX);

    const calls = Array.from({ length: MAX_WAITING }, validate);
    expect(await Promise.all(calls)).toHaveLength(MAX_WAITING);
    expect(isAtRest(host.pool)).toBe(true);
  });

  it('says so itself, where the host has set a shorter timeout: the same 503', async () => {
    const impatient = await openHost(database.url, { pool: { max: 1, connectionTimeoutMillis: 50 } });
    const client = await impatient.pool.connect();

    const failure = await failureOf(impatient.service.validateSession(alice.token));
    client.release();

    expect(failure).toMatchObject({ retryable: true, outcome: 'not-applied' });
    await impatient.close();
  });

  it('that has been ended is a 503 that no retry can help', async () => {
    const ended = await openHost(database.url);
    await ended.close();

    const failure = await failureOf(ended.service.validateSession(alice.token));

    expect(failure).toMatchObject({ retryable: false, outcome: 'not-applied', retryAfterSeconds: null });
  });

  it('that throws at once is the same 503, and its calls are not taken for waiting', async () => {
    const pool = new pg.Pool({ connectionString: `${database.url}?sslrootcert=/no/such/file` });
    const store = new PostgresSessionStore({ pool, directory: new MemoryDirectory(), maxWaiting: 2 });

    for (let n = 0; n < 5; n += 1) {
      const failure = await failureOf(store.countActiveSessions(0));

      expect(failure).toMatchObject({ outcome: 'not-applied' });
      expect(String(failure.cause)).toContain('ENOENT');
    }
  });

  async function validate(): Promise<unknown> {
    return host.service.validateSession(alice.token);
  }

  /** Waits for a connection of its own. */
  async function remove(): Promise<unknown> {
    return host.service.removeSession('00000000-0000-4000-8000-000000000000');
  }

  function giveBack(): void {
    for (const client of inUse.splice(0)) client.release();
  }
});
