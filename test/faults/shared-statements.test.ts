import { setImmediate } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TestDatabase } from '../support/database.ts';
import { openProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import {
  backendsOf,
  createHostDatabase,
  failureOf,
  type Host,
  isAtRest,
  killBackends,
  openHost,
  untilTrue,
} from './fixture.ts';

const QUERY_TIMEOUT_MS = 2_000;

/** To read who is `slow` takes a minute, unless somebody ends it. */
const SLOW_USERS = `
  create view slow_users as
    select id, role, disabled,
      case when username = 'slow' then (select 'bob' from pg_sleep(60)) else username end as username
    from users
`;

describe('a statement that calls share', () => {
  let database: TestDatabase;
  let proxy: TcpProxy;
  let host: Host;
  beforeAll(async () => {
    database = await createHostDatabase();
    await database.sql(SLOW_USERS);
  });
  beforeEach(async () => {
    await database.sql(`update users set username = 'bob' where id = 2`);
    proxy = await openProxy(database.url);
    host = await openHost(proxy.url, {
      pool: { max: 5 },
      store: { queryTimeoutMs: QUERY_TIMEOUT_MS, users: { relation: 'slow_users', idType: 'integer' } },
    });
  });
  afterEach(async () => {
    const sleeping = await backendsOf(database, `wait_event = 'PgSleep'`);
    await killBackends(database, sleeping);
    await host.close();
    await proxy.close();
  });
  afterAll(() => database.close());

  it('fails its own callers when its backend is killed, and no others', async () => {
    const { alice, bob } = await signInBoth();
    const withBob = [bob, alice].map((token) => failureOf(host.service.validateSession(token)));
    await untilBobIsRead();

    const others = Promise.all(Array.from({ length: 40 }, () => host.service.validateSession(alice)));
    await killBackends(database, await backendsOf(database, `wait_event = 'PgSleep'`));

    const [first, second] = await Promise.all(withBob);
    expect(first).toMatchObject({ sqlState: '57P01', retryable: true, outcome: 'not-applied' });
    expect(second).toEqual(first);
    expect(second).not.toBe(first);
    expect(await others).toHaveLength(40);
  });

  it('fails its own callers when it takes too long, and holds up nobody meanwhile', async () => {
    const { alice, bob } = await signInBoth();
    const withBob = [bob, alice].map((token) => failureOf(host.service.validateSession(token)));
    await untilBobIsRead();

    const start = performance.now();
    await expect(host.service.validateSession(alice)).resolves.toMatchObject({ username: 'alice' });

    expect(performance.now() - start).toBeLessThan(QUERY_TIMEOUT_MS / 2);
    for (const failure of await Promise.all(withBob)) expect(failure).toMatchObject({ retryable: true });
  });

  it('that takes too long fails those who went with a slow one once, and not again', async () => {
    const { alice, bob } = await signInBoth();
    await Promise.all([bob, alice].map((token) => failureOf(host.service.validateSession(token))));

    const withBob = failureOf(host.service.validateSession(bob));
    const start = performance.now();
    await expect(host.service.validateSession(alice)).resolves.toMatchObject({ username: 'alice' });

    expect(performance.now() - start).toBeLessThan(QUERY_TIMEOUT_MS / 2);
    expect(await withBob).toMatchObject({ retryable: true });
  });

  it('on a connection that has gone deaf does not hold up those who come after', async () => {
    const { alice } = await signInBoth();
    proxy.deafen();
    const lost = [alice, alice].map((token) => failureOf(host.service.validateSession(token)));

    await setImmediate(); // or it would be among them

    const start = performance.now();
    await expect(host.service.validateSession(alice)).resolves.toMatchObject({ username: 'alice' });

    expect(performance.now() - start).toBeLessThan(QUERY_TIMEOUT_MS / 2);
    expect(await Promise.all(lost)).toHaveLength(2);
    await untilTrue(() => isAtRest(host.pool));
  });

  async function signInBoth(): Promise<{ readonly alice: string; readonly bob: string }> {
    const [alice, bob] = [await host.service.createSession('1'), await host.service.createSession('2')];

    await database.sql(`update users set username = 'slow' where id = 2`);

    return { alice: alice.token, bob: bob.token };
  }

  async function untilBobIsRead(): Promise<void> {
    await vi.waitFor(async () => {
      expect(await backendsOf(database, `wait_event = 'PgSleep'`)).not.toEqual([]);
    });
  }
});
