import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Ending, SessionService } from '../../src/index.ts';
import { LiveSessions } from '../../src/live/index.ts';
import type { SessionEvent } from '../../src/live/session-events.ts';
import {
  PostgresLinkStore,
  PostgresSessionEvents,
  type PgListenClient,
  type PostgresSessionEventsOptions,
} from '../../src/stores/postgres/live/index.ts';
import { migrateToLatest, PostgresSessionStore } from '../../src/stores/postgres/index.ts';
import { NotedConnection } from '../live/fixture.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { hostTablesSql } from '../support/host-tables.ts';
import { openProxy, type TcpProxy } from '../support/tcp-proxy.ts';

const ENDING: Ending = {
  sessionId: '00000000-0000-4000-8000-000000000001',
  userId: '1',
  reason: 'kicked',
  actorId: null,
  endedAt: new Date('2026-01-01T00:00:00.123Z'),
};
const HEARTBEAT_MS = 200;

describe('events by LISTEN and NOTIFY', () => {
  let database: TestDatabase;
  let proxy: TcpProxy;
  const toClose: (() => Promise<unknown> | void)[] = [];
  beforeAll(async () => {
    database = await createDatabase();
    await migrateToLatest(database.pool);
    await database.sql(hostTablesSql('integer'));
    await database.sql(
      `insert into users select n, 'user' || n, 'player', false from generate_series(1, 50) n`,
    );
  });
  beforeEach(async () => {
    proxy = await openProxy(database.url);
  });
  afterEach(async () => {
    for (const close of toClose.splice(0).toReversed()) await close();
    await proxy.close();
  });
  afterAll(() => database.close());

  it.each<SessionEvent>([
    { type: 'session_ended', ...ENDING },
    { type: 'user_sessions_ended', userId: `it's "quoted" \\ 🧙`, reason: 'banned', actorId: '7' },
    { type: 'all_sessions_ended', reason: 'cleared', actorId: null },
  ])('reach subscribers of other nodes as they were, and once: %j', async (event) => {
    const here = await listening();
    const there = await listening();

    await here.events.publish(event);
    await vi.waitFor(() => expect(there.heard).toHaveLength(1));
    await sleep(50);

    expect(here.heard).toEqual([event]);
    expect(there.heard).toEqual([event]);
  });

  it('reach subscribers of the same node before anything is sent, and though nothing can be', async () => {
    const here = await listening();
    await proxy.shut();

    const published = here.events.publish({ type: 'session_ended', ...ENDING });
    expect(here.heard).toHaveLength(1);

    await expect(published).rejects.toMatchObject({ status: 503 });
  });

  it('say less where a notification has no room, and so are true of more', async () => {
    const here = await listening();
    const there = await listening();

    await here.events.publish({
      type: 'user_sessions_ended',
      userId: 'ü'.repeat(5_000),
      reason: 'kicked',
      actorId: null,
    });
    await vi.waitFor(() => expect(there.heard).toHaveLength(1));

    expect(there.heard).toEqual([{ type: 'all_sessions_ended', reason: 'kicked', actorId: null }]);
  });

  it.each(['', 'x', '{}', '{"from":"x","event":{"type":"galaxy","reason":"x","actorId":null}}', '[1'])(
    'that are not understood are taken for a gap: %j',
    async (payload) => {
      const here = await listening();
      const before = here.gaps();

      await database.sql(`select pg_notify('mud_auth.sessions_ended', $1)`, [payload]);

      await vi.waitFor(() => expect(here.gaps()).toBe(before + 1));
      expect(here.heard).toEqual([]);
    },
  );

  it('of another schema are not heard', async () => {
    const here = await listening();
    const other = await listening({ schema: 'other' });

    await other.events.publish({ type: 'session_ended', ...ENDING });
    await sleep(100);

    expect(here.heard).toEqual([]);
  });

  const FAULTS: Readonly<Record<string, () => Promise<unknown> | void>> = {
    'its backend was killed': () =>
      database.sql(
        `select pg_terminate_backend(pid) from pg_stat_activity where query ~ '^(listen|select pg_catalog.pg_notify)' and pid <> pg_backend_pid()`,
      ),
    'its connection was reset': () => proxy.reset(),
    'its connection is a black hole': async () => {
      proxy.blackHole();
      await sleep(2 * HEARTBEAT_MS);
      proxy.forward();
    },
    'nothing that it says gets through': () => proxy.deafen(),
  };

  it.each(Object.entries(FAULTS))('are heard again after %s, and the gap is told', async (_, fail) => {
    const here = await listening();
    const there = await listening();
    const before = there.gaps();

    await fail();
    await vi.waitFor(() => expect(there.gaps()).toBeGreaterThan(before), { timeout: 10_000 });
    await vi.waitFor(
      async () => {
        await here.events.publish({ type: 'session_ended', ...ENDING });
        expect(there.heard.length).toBeGreaterThan(0);
      },
      { timeout: 10_000, interval: 100 },
    );
  });

  it('are given up for a connection that answers, but hears nothing', async () => {
    const here = await listening({
      createClient() {
        const client = new pg.Client({ connectionString: proxy.url });
        const query = client.query.bind(client);
        // A pooler that lends connections for a transaction gives the LISTEN to another one.
        const deaf = {
          query: (config: { readonly text: string }) =>
            config.text.startsWith('listen') ? query('select 1') : query(config),
        };

        return Object.assign(client, deaf);
      },
    });

    await vi.waitFor(() => expect(here.errors.length).toBeGreaterThan(1), { timeout: 10_000 });
  });

  it('hold no connection once nobody listens, and take one again for the next', async () => {
    const here = await listening();
    expect(await listeners()).toBe(1);

    here.unsubscribe();
    await vi.waitFor(async () => expect(await listeners()).toBe(0), { timeout: 5_000 });

    const unsubscribe = here.events.subscribe({ heard() {}, missed() {} });
    await vi.waitFor(async () => expect(await listeners()).toBe(1), { timeout: 5_000 });
    unsubscribe();
    await vi.waitFor(async () => expect(await listeners()).toBe(0), { timeout: 5_000 });
  });

  it('close the connections of a session that ends on another node, and no other', async () => {
    const here = openNode();
    const there = openNode();
    const connections = new Map<string, NotedConnection>();
    for (let n = 1; n <= 50; n += 1) {
      const { token, session } = await here.sessions.createSession(String(n));
      const connection = new NotedConnection();
      connections.set(session.id, connection);
      await there.live.attach(token, connection);
    }
    const ids = [...connections.keys()];
    const ended = ids.filter((_, index) => index % 2 === 0);
    await vi.waitFor(async () => expect(await listeners()).toBe(2));

    const start = performance.now();
    await Promise.all(ended.map((id) => here.sessions.removeSession(id)));
    await vi.waitFor(() => {
      for (const id of ended) expect(connections.get(id)?.reason).toBe('kicked');
    });

    expect(performance.now() - start).toBeLessThan(5_000);
    await sleep(100);
    expect(ids.filter((id) => connections.get(id)?.reason === null)).toHaveLength(25);
  });

  it('that are lost altogether leave it to the sweep', async () => {
    const here = openNode(null);
    const there = openNode(null);
    const { token, session } = await here.sessions.createSession('1');
    const connection = new NotedConnection();
    await there.live.attach(token, connection);

    await here.sessions.removeSession(session.id);

    await vi.waitFor(() => expect(connection.reason).toBe('kicked'), { timeout: 5_000 });
  });

  it('are heard by all though one fails to be told of a gap, or of what nobody understands', async () => {
    const failure = new Error('A subscriber of the host.');
    const errors: unknown[] = [];
    const events = openEvents({ onError: (error) => errors.push(error) });
    toClose.push(
      events.subscribe({
        heard() {},
        missed() {
          throw failure;
        },
      }),
    );
    let gaps = 0;
    const heard: SessionEvent[] = [];
    toClose.push(events.subscribe({ heard: (event) => heard.push(event), missed: () => (gaps += 1) }));
    await vi.waitFor(() => expect(gaps).toBe(1), { timeout: 5_000 });

    await database.sql(`select pg_notify('mud_auth.sessions_ended', 'nonsense')`);
    await vi.waitFor(() => expect(gaps).toBe(2), { timeout: 5_000 });
    await openEvents().publish({ type: 'session_ended', ...ENDING });

    await vi.waitFor(() => expect(heard).toHaveLength(1), { timeout: 5_000 });
    expect(errors).toEqual([failure, failure]);
  });

  it('are heard in the end though a client never comes, and one that comes late is let go of', async () => {
    const late = Promise.withResolvers<pg.Client>();
    const client = new pg.Client({ connectionString: database.url });
    const ended = vi.spyOn(client, 'end');
    let made = 0;
    let gaps = 0;
    const events = openEvents({
      heartbeatMs: 100,
      createClient() {
        made += 1;
        return made === 1 ? late.promise : new pg.Client({ connectionString: database.url });
      },
    });
    toClose.push(events.subscribe({ heard() {}, missed: () => (gaps += 1) }));

    await vi.waitFor(() => expect(gaps).toBe(1), { timeout: 5_000 });
    late.resolve(client);

    await vi.waitFor(() => expect(ended).toHaveBeenCalled());
  });

  it('lets go of the sockets of clients that never got through', async () => {
    const taken: Socket[] = []; // of a server that accepts, and says nothing
    const silent = createServer({ allowHalfOpen: true }, (socket) => taken.push(socket.resume()));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const clients: pg.Client[] = [];
    const events = openEvents({
      heartbeatMs: 50,
      createClient() {
        const client = new pg.Client({ connectionString: `postgres://u:p@127.0.0.1:${port}/d` });
        clients.push(client);
        return client;
      },
    });
    const unsubscribe = events.subscribe({ heard() {}, missed() {} });
    await vi.waitFor(() => expect(clients.length).toBeGreaterThan(3), { timeout: 20_000 });

    const isOpen = clients.slice(0, -1).map((client: PgListenClient) => {
      const { stream } = client.connection as { readonly stream: Socket };
      return !stream.destroyed;
    });

    unsubscribe();
    for (const socket of taken) socket.destroy();
    silent.close();
    expect(isOpen).not.toContain(true);
  });

  async function listening(settings: Partial<PostgresSessionEventsOptions> = {}) {
    const heard: SessionEvent[] = [];
    const errors: unknown[] = [];
    let gaps = 0;
    const events = openEvents({ onError: (error) => errors.push(error), ...settings });
    const unsubscribe = events.subscribe({ heard: (event) => heard.push(event), missed: () => (gaps += 1) });
    toClose.push(unsubscribe);
    await vi.waitFor(() => expect(gaps).toBeGreaterThan(0), { timeout: 5_000 });

    return { events, heard, errors, gaps: () => gaps, unsubscribe };
  }

  function openEvents(settings: Partial<PostgresSessionEventsOptions> = {}): PostgresSessionEvents {
    const pool = new pg.Pool({ connectionString: proxy.url, connectionTimeoutMillis: 1_000 });
    toClose.push(() => pool.end());

    return new PostgresSessionEvents({
      pool,
      createClient: () => new pg.Client({ connectionString: proxy.url, connectionTimeoutMillis: 1_000 }),
      heartbeatMs: HEARTBEAT_MS,
      ...settings,
    });
  }

  /** A node; with `null` for events, one that tells nobody else. */
  function openNode(events: PostgresSessionEvents | null | undefined = openEvents()) {
    const store = new PostgresSessionStore({
      pool: database.pool,
      users: { relation: 'users', idType: 'integer' },
      characters: { relation: 'characters', idType: 'integer' },
    });
    const sessions = new SessionService({ store, ...(events === null ? {} : { events }) });
    const live = new LiveSessions({
      sessions,
      store: new PostgresLinkStore(store),
      sweepIntervalMs: events === null ? 500 : 60_000,
    });
    toClose.push(() => live.close());

    return { sessions, live };
  }

  async function listeners(): Promise<number> {
    const { rows } = await database.sql(
      `select count(*)::int as count from pg_stat_activity
       where datname = current_database() and query ~ '^(listen|select pg_catalog.pg_notify.*mud_auth_echo|select pg_catalog.pg_notify\\(\\$1::text, \\$2::text\\)$)'
         and state = 'idle' and application_name = ''`,
    );

    return Number(rows[0]?.['count']);
  }
});
