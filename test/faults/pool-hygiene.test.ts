import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryDirectory } from '../../src/stores/memory/index.ts';
import { migrateToLatest, PostgresSessionStore } from '../../src/stores/postgres/index.ts';
import type { TestDatabase } from '../support/database.ts';
import { createHostDatabase, type Host, isAtRest, openHost } from './fixture.ts';

const CALLS = 1_000;

describe('the pool of a host', () => {
  let database: TestDatabase;
  let host: Host;
  beforeAll(async () => {
    database = await createHostDatabase();
    host = await openHost(database.url);
  });
  afterAll(async () => {
    await host.close();
    await database.close();
  });

  it('gets two listeners, however many stores and migrations use it', async () => {
    const before = listenersOf(new pg.Pool());

    for (let n = 0; n < 10; n += 1) {
      const store = new PostgresSessionStore({ pool: host.pool, directory: new MemoryDirectory() });
      await store.ready();
      await migrateToLatest(host.pool);
    }

    expect(listenersOf(host.pool)).toEqual({ ...before, error: 1, connect: 1 });
  });

  it(`has clients with no more listeners after ${CALLS} calls than after one`, async () => {
    const { token } = await host.service.createSession('1');
    const before = await ofEachClient();

    for (let n = 0; n < CALLS; n += 1) await host.service.validateSession(token);

    expect(await ofEachClient()).toEqual(before);
  });

  it('has all its connections back after calls that succeed, calls that are refused and calls that fail', async () => {
    const { service } = host;
    const { token } = await service.createSession('1');

    await Promise.allSettled(
      Array.from({ length: 50 }, (_, n) => [
        service.validateSession(token),
        service.validateSession('nonsense'),
        service.createSession('99'),
        service.selectCharacter(token, n % 2 === 0 ? '11' : '99'),
        service.getActiveSessionCount({ activeWithinMs: -1 }),
        service.removeSessionsForUser('2'),
      ]).flat(),
    );

    expect(isAtRest(host.pool)).toBe(true);
  });

  async function ofEachClient(): Promise<unknown[]> {
    const client = await host.pool.connect();
    const listeners = listenersOf(client);
    client.release();

    return [host.pool.totalCount, listeners];
  }
});

function listenersOf(emitter: pg.Pool | pg.PoolClient): Record<string, number> {
  return Object.fromEntries(emitter.eventNames().map((name) => [String(name), emitter.listenerCount(name)]));
}
