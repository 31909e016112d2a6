import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CreatedSession } from '../../src/index.ts';
import type { TestDatabase } from '../support/database.ts';
import { openProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import {
  createHostDatabase,
  failureOf,
  hold,
  type Host,
  isAtRest,
  lockOfUser,
  openHost,
  timeOf,
  untilBlocked,
  untilTrue,
} from './fixture.ts';

const QUERY_TIMEOUT_MS = 250;
const ACQUIRE_TIMEOUT_MS = 250;
/** What the host tells its own pool: how long to wait for a new connection. */
const CONNECTION_TIMEOUT_MS = 500;
/** Ours, and far below the minutes that TCP takes. */
const SOON_MS = 10 * QUERY_TIMEOUT_MS;

let database: TestDatabase;
let proxy: TcpProxy;
let host: Host;
let alice: CreatedSession;
beforeAll(async () => {
  database = await createHostDatabase();
});
beforeEach(async () => {
  await database.sql('delete from mud_auth.sessions');
  proxy = await openProxy(database.url);
});
afterEach(async () => {
  proxy.reset();
  await host.close();
  await proxy.close();
});
afterAll(() => database.close());

for (const max of [1, 5]) {
  describe(`a black hole between a pool of ${max} and the database`, () => {
    beforeEach(() => openHostOf(max));

    it('fails a validate within the query timeout, as a 503 to be retried', async () => {
      proxy.blackHole();

      const ms = await timeOf(async () => {
        expect(await failureOf(host.service.validateSession(alice.token))).toMatchObject({
          retryable: true,
          sqlState: null,
        });
      });

      expect(ms).toBeLessThan(SOON_MS);
    });

    it('leaves the outcome of a single write unknown', async () => {
      proxy.blackHole();

      const failure = await failureOf(host.service.removeSession(alice.session.id));

      expect(failure).toMatchObject({ retryable: true, outcome: 'unknown', retryAfterSeconds: 1 });
    });

    it('destroys the connection that was lost, and the next call succeeds on a new one', async () => {
      proxy.blackHole();
      await failureOf(host.service.validateSession(alice.token));
      expect(host.pool.totalCount).toBe(0);
      proxy.forward();

      await expect(host.service.validateSession(alice.token)).resolves.toMatchObject({ username: 'alice' });
      expect(isAtRest(host.pool)).toBe(true);
    });

    it('is over when it is over, after it swallowed many calls at once', async () => {
      proxy.blackHole();
      const calls = Array.from({ length: 20 }, () => failureOf(host.service.validateSession(alice.token)));
      const failures = await Promise.all(calls);
      expect(failures.map(({ retryable }) => retryable)).not.toContain(false);
      proxy.forward();

      await untilTrue(() => isAtRest(host.pool));
      await expect(host.service.validateSession(alice.token)).resolves.toMatchObject({ username: 'alice' });
      expect(isAtRest(host.pool)).toBe(true);
    });
  });

  describe(`a black hole that swallows a new connection of a pool of ${max}`, () => {
    beforeEach(async () => {
      await openHostOf(max);
      proxy.reset();
      await untilTrue(() => host.pool.totalCount === 0);
    });

    it('fails the call within the acquire timeout, with nothing applied', async () => {
      proxy.blackHole();

      const ms = await timeOf(async () => {
        expect(await failureOf(host.service.removeSession(alice.session.id))).toMatchObject({
          retryable: true,
          outcome: 'not-applied',
        });
      });

      expect(ms).toBeLessThan(SOON_MS);
    });

    it('is over when the pool has given up on that connection', async () => {
      proxy.blackHole();
      await failureOf(host.service.validateSession(alice.token));
      proxy.forward();

      await untilTrue(() => host.pool.totalCount === 0);
      await expect(host.service.validateSession(alice.token)).resolves.toMatchObject({ username: 'alice' });
      expect(isAtRest(host.pool)).toBe(true);
    });
  });
}

describe('a black hole in the midst of a transaction', () => {
  it('keeps what the transaction locked from nobody for long', async () => {
    await openHostOf(1);
    const policy = { maxSessionsPerUser: 5 };
    const lost = await openHost(proxy.url, { policy, store: { queryTimeoutMs: QUERY_TIMEOUT_MS } });
    const other = await openHost(database.url, { policy, store: { queryTimeoutMs: SOON_MS } });
    // The sign-in holds the user when it comes to his expired session, and waits for that.
    await database.sql(`update mud_auth.sessions set absolute_expires_at = created_at + interval '1 ms'`);
    const lock = await hold(database, 'select from mud_auth.sessions for update');
    const failure = failureOf(lost.service.createSession('1'));
    await untilBlocked(database);

    proxy.blackHole();
    await lock.letGo();
    await failure;

    await expect(other.service.createSession('1')).resolves.toBeDefined();
    proxy.reset();
    await lost.close();
    await other.close();
  });

  it('destroys the connection over which the rollback was lost', async () => {
    await openHostOf(1, { connectionTimeoutMillis: CONNECTION_TIMEOUT_MS }, 4 * QUERY_TIMEOUT_MS);
    const lock = await hold(database, lockOfUser('1'));
    const failure = failureOf(host.service.removeSessionsForUser('1'));
    const [pid] = await untilBlocked(database);

    proxy.deafen();
    await database.sql('select pg_cancel_backend($1)', [pid]);
    expect(await failure).toMatchObject({ sqlState: '57014', retryable: true, outcome: 'not-applied' });
    await lock.letGo();

    expect(await host.service.removeSessionsForUser('1')).toBe(1);
  });

  it('does not let a clear-all wait for as long as its work may take', async () => {
    await openHostOf(1);
    proxy.blackHole();

    const ms = await timeOf(() => host.service.clearAllSessions());

    expect(ms).toBeLessThan(SOON_MS);
  });
});

describe('a network that stalls', () => {
  beforeEach(() => openHostOf(1, {}));

  it('gives back the connection that came too late for its call', async () => {
    proxy.reset();
    await untilTrue(() => host.pool.totalCount === 0);
    proxy.stall();
    await failureOf(host.service.validateSession(alice.token));
    proxy.forward();

    await untilTrue(() => host.pool.idleCount === 1);
    await expect(host.service.validateSession(alice.token)).resolves.toMatchObject({ username: 'alice' });
    expect(isAtRest(host.pool)).toBe(true);
  });

  it('gives no call the answer to another, whatever arrives late', async () => {
    const { service } = host;
    const bob = await service.createSession('2');
    proxy.stall();
    await failureOf(service.validateSession(alice.token));
    proxy.forward();

    await expect(service.validateSession(bob.token)).resolves.toMatchObject({ username: 'bob' });
    await expect(service.validateSession(alice.token)).resolves.toMatchObject({ username: 'alice' });
  });
});

describe('a connection that is reset', () => {
  beforeEach(() => openHostOf(1));

  it('goes unnoticed by the next call when it was idle', async () => {
    proxy.reset();
    await untilTrue(() => host.pool.totalCount === 0);

    await expect(host.service.validateSession(alice.token)).resolves.toMatchObject({ username: 'alice' });
  });

  it('fails the call on its way at once, and the next one succeeds', async () => {
    proxy.stall();
    const failure = failureOf(host.service.removeSession(alice.session.id));
    await untilTrue(() => host.pool.idleCount === 0);
    proxy.reset();
    expect(await failure).toMatchObject({ retryable: true, outcome: 'unknown' });
    proxy.forward();

    expect(await host.service.removeSession(alice.session.id)).toBe(true);
  });

  it('and refused when it is made again, is a 503 with nothing applied until the database is back', async () => {
    await proxy.shut();
    await untilTrue(() => host.pool.totalCount === 0);
    const failure = await failureOf(host.service.removeSession(alice.session.id));
    expect(failure).toMatchObject({ retryable: true, outcome: 'not-applied' });
    await proxy.open();

    expect(await host.service.removeSession(alice.session.id)).toBe(true);
  });
});

async function openHostOf(
  max: number,
  pool: object = { connectionTimeoutMillis: CONNECTION_TIMEOUT_MS },
  queryTimeoutMs = QUERY_TIMEOUT_MS,
): Promise<void> {
  host = await openHost(proxy.url, {
    pool: { max, ...pool },
    store: { queryTimeoutMs, acquireTimeoutMs: ACQUIRE_TIMEOUT_MS },
  });
  alice = await host.service.createSession('1');
}
