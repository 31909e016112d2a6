import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { describe, expect, it, type TestContext, vi } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type PostgresServer, startPostgres } from '../support/start-postgres.ts';
import { openProxy } from '../support/tcp-proxy.ts';
import { FLAWLESS, judge, latencies, type Revoked } from './closing-verdict.ts';
import { type LiveNode, populate, type SomeLiveNodeSettings, startLiveNode, USERS } from './live-cluster.ts';
import type { Player, Report, Revocation } from './live-node.ts';

const CONNECTIONS = 1_000;
/** Each of so many users is rid of all his sessions by one call. */
const OUSTED = 25;
/** Each of so many that come next is rid of two sessions of his four, one by one. */
const HALVED = 200;
/** The revokes come in so many parts. What is to fail fails before each. */
const PARTS = 5;

/** What is promised, counted from the return of a revoke: where hints get through, and where not. */
const SOON_MS = 1_000;
const LATE_MS = 15_000;

/** In such an outage each node looks at all its sessions in vain, at least once. */
const OUTAGE_MS = 11_000;

const LEASE_MS = 5_000;
const GRACE_MS = 5_000;
/** How much longer than these it may take, on a machine that has much to do. */
const PATIENCE_MS = 10_000;

/** A hundred bytes and more for each round would exceed it. */
const MAX_GROWTH_BYTES = 2 ** 20;
/** So many timers may be under way, or not yet collected, at one moment and not at another. */
const SOME_TIMERS = 10;

/** The node that has the connections: the name of its listening connection. */
const KEEPER = 'keeper';
const POLLING = { timeout: 30_000, interval: 50 };
/** What a node is asked between, so that it can get on with its work. */
const REPORT_INTERVAL_MS = 250;
const TIMEOUT = { timeout: 120_000 };

describe('half of a thousand connections, whose sessions are ended by another process', () => {
  it('are closed within a second, and nobody else is', TIMEOUT, async (test) => {
    const { keeper, other } = await openNodes(test);
    const players = await attachAll(keeper, other);

    const revoked = await revokeHalf(other, players);
    const report = await untilClosed(keeper, revoked, SOON_MS);

    show(test, latencies(revoked, report));
    expect(judge(players, revoked, report, SOON_MS)).toEqual(FLAWLESS);
  });
});

// These wait for timers, most of the time.
describe.concurrent(
  'half of a thousand connections, whose sessions are ended by another process',
  TIMEOUT,
  () => {
    it('are closed within 15 seconds after an outage, which throws nobody out', async (test) => {
      const server = await startPostgres();
      test.onTestFinished(() => server.stop());
      const { keeper, other } = await startNodes(test, { url: server.url });
      const players = await attachAll(keeper, other);

      let parts = 0;
      let outage = Promise.resolve({ from: 0, to: 0 });
      const revoked = await revokeHalf(other, players, () => {
        parts += 1;
        if (parts === 3) outage = haltFor(OUTAGE_MS, server); // and the revokes go on
      });
      const { from, to } = await outage;
      // If a hint was lost with the server, no look can tell before that is back.
      const revokedAndBack = new Map(
        Array.from(revoked, ([id, { reason, at }]) => [id, { reason, at: Math.max(at, to) }]),
      );
      const report = await untilClosed(keeper, revokedAndBack, LATE_MS);

      const delayed = new Map([...revoked].filter(([, { at }]) => at > from));
      show(test, `${latencies(delayed, report)}, of ${delayed.size} whose revokes were delayed by it`);
      expect(delayed.size).toBeGreaterThan(0);
      expect(judge(players, revokedAndBack, report, LATE_MS)).toEqual(FLAWLESS);
    });

    it('are closed within 15 seconds though the listening connection is killed again and again', async (test) => {
      const { keeper, other, database } = await openNodes(test);
      const players = await attachAll(keeper, other);
      const { gaps } = await keeper.call('report');

      const revoked = await revokeHalf(other, players, () => killListener(database));
      const report = await untilClosed(keeper, revoked, LATE_MS);

      show(test, `${latencies(revoked, report)}; ${report.heard} hints were heard`);
      expect(report.gaps - gaps).toBeGreaterThanOrEqual(PARTS - 1);
      expect(judge(players, revoked, report, LATE_MS)).toEqual(FLAWLESS);
    });

    it('are closed within 15 seconds though the listening connection is a black hole', async (test) => {
      const database = await openDatabase(test);
      const proxy = await openProxy(database.url);
      test.onTestFinished(() => proxy.close());
      const { keeper, other } = await startNodes(test, { url: database.url, listenUrl: proxy.url });
      const players = await attachAll(keeper, other);

      const revoked = await revokeHalf(other, players, () => proxy.blackHole());
      const report = await untilClosed(keeper, revoked, LATE_MS);

      show(test, latencies(revoked, report));
      expect(report.heard).toBe(0);
      expect(judge(players, revoked, report, LATE_MS)).toEqual(FLAWLESS);
    });

    it('are closed within 15 seconds though hints get lost, and nobody notices', async (test) => {
      const { keeper, other } = await openNodes(test, { losesHints: true });
      const players = await attachAll(keeper, other);

      const revoked = await revokeHalf(other, players);
      const report = await untilClosed(keeper, revoked, LATE_MS);

      show(test, latencies(revoked, report));
      expect(report).toMatchObject({ heard: 0, gaps: 1 });
      expect(judge(players, revoked, report, LATE_MS)).toEqual(FLAWLESS);
    });
  },
);

describe.concurrent('the players of a process that is killed', TIMEOUT, () => {
  it('are link-dead, can be resumed at once on another one, and leave when nobody resumes them', async (test) => {
    const { keeper, other } = await openNodes(test, {
      policy: { linkDeadGraceMs: GRACE_MS },
      live: { nodeLeaseMs: LEASE_MS },
    });
    const players = await other.call('signIn', userIds(60));
    await keeper.call('attach', players);
    await other.call('play', players);
    const [early, late, lost] = [players.slice(0, 10), players.slice(10, 20), players.slice(20)];
    expect(await presenceOf(players, other)).toEqual({ there: 60, linkDead: 0 });

    await keeper.kill();
    const killedAt = Date.now();
    await other.call('attach', early);
    expect(Date.now() - killedAt).toBeLessThan(LEASE_MS);
    expect(await presenceOf(early, other)).toEqual({ there: 10, linkDead: 0 });

    const linkDeadAfter = await untilThere([...late, ...lost], other, { there: 50, linkDead: 50 }, LEASE_MS);
    await other.call('attach', late);
    expect(await presenceOf(late, other)).toEqual({ there: 10, linkDead: 0 });

    await untilThere(lost, other, { there: 0, linkDead: 0 }, LEASE_MS + GRACE_MS);
    show(test, `all had left ${Date.now() - killedAt} ms after the kill`);
    expect(await presenceOf([...early, ...late], other)).toEqual({ there: 20, linkDead: 0 });
    const resumed = [...early, ...late].map(({ userId }) => userId);
    expect(await other.call('charactersOf', players)).toEqual([...resumed, ...lost.map(() => null)]);

    const { left } = await other.call('report');
    expect(idsOf(left)).toEqual(idsOf(lost));
    expect(Math.min(...left.map(({ at }) => at)) - linkDeadAfter).toBeGreaterThanOrEqual(GRACE_MS);
  });
});

describe.concurrent('attaching and detaching', TIMEOUT, () => {
  it('10,000 times leaves nothing behind', async (test) => {
    const { keeper, database } = await openNodes(test, { policy: { linkDeadGraceMs: 0 } });
    const usageAfter = async (rounds: number) => {
      await keeper.call('attachAndDetach', rounds);
      await untilNobodyIsLinked(database);
      return keeper.call('usage');
    };

    const before = await usageAfter(2_000);
    const after = await usageAfter(8_000);

    show(test, JSON.stringify({ before, after }));
    expect((await keeper.call('report')).attached).toEqual([]);
    expect(after.liveSessions).toBe(0);
    expect(after.listeners).toBe(before.listeners);
    expect(after.timers).toBeLessThan(before.timers + SOME_TIMERS);
    expect(after.heapBytes - before.heapBytes).toBeLessThan(MAX_GROWTH_BYTES);
  });
});

async function openDatabase({ onTestFinished }: TestContext): Promise<TestDatabase> {
  const database = await createDatabase();
  onTestFinished(() => database.close());

  return database;
}

type Settings = Omit<SomeLiveNodeSettings, 'name' | 'url'>;

async function openNodes(test: TestContext, settings: Settings = {}) {
  const database = await openDatabase(test);

  return { database, ...(await startNodes(test, { url: database.url, ...settings })) };
}

/** Two processes on one database: one that has the connections, and one that ends their sessions. */
async function startNodes({ onTestFinished }: TestContext, settings: Settings & { readonly url: string }) {
  const pool = new pg.Pool({ connectionString: settings.url });
  await populate(pool);
  await pool.end();

  const nodes = [KEEPER, 'other'].map(async (name) => {
    const node = await startLiveNode({ ...settings, name });
    onTestFinished(() => node.stop());
    return node;
  });
  const [keeper, other] = await Promise.all(nodes);
  if (keeper === undefined || other === undefined) throw new Error('These are two.');

  return { keeper, other };
}

function userIds(count: number): string[] {
  return Array.from({ length: count }, (_, n) => String(1 + (n % USERS)));
}

/** All users sign in on one node several times, and have their connections on the other. */
async function attachAll(keeper: LiveNode, other: LiveNode): Promise<readonly Player[]> {
  const players = await other.call('signIn', userIds(CONNECTIONS));
  await keeper.call('attach', players);
  expect((await keeper.call('report')).attached).toHaveLength(CONNECTIONS);

  return players;
}

/** Ends the sessions of 500 players in both ways; when, and why, by session id. */
async function revokeHalf(
  node: LiveNode,
  players: readonly Player[],
  beforeEachPart: () => Promise<unknown> | void = () => {},
): Promise<ReadonlyMap<string, Revoked>> {
  const revocations: Revocation[] = [
    ...userIds(OUSTED).map((userId) => ({ userId, reason: 'credentials_changed' }) as const),
    ...players
      .slice(0, 2 * USERS)
      .filter(({ userId }) => Number(userId) > OUSTED && Number(userId) <= OUSTED + HALVED)
      .map(({ sessionId }) => ({ sessionId, reason: 'kicked' }) as const),
  ];
  const size = Math.ceil(revocations.length / PARTS);
  const revoked = new Map<string, Revoked>();

  for (let first = 0; first < revocations.length; first += size) {
    const part = revocations.slice(first, first + size);
    await beforeEachPart();
    const times = await node.call('revoke', part);
    for (const [index, { reason, ...whose }] of part.entries())
      for (const { sessionId } of players.filter((player) => isOf(player, whose)))
        revoked.set(sessionId, { reason, at: times[index] ?? Number.NaN });
  }
  expect(revoked.size).toBe(CONNECTIONS / 2);

  return revoked;
}

function isOf(player: Player, whose: { readonly sessionId: string } | { readonly userId: string }): boolean {
  return 'userId' in whose ? player.userId === whose.userId : player.sessionId === whose.sessionId;
}

/** Waits for as many closings as there should be, or until it is too late; and for some that should not. */
async function untilClosed(
  keeper: LiveNode,
  revoked: ReadonlyMap<string, Revoked>,
  limitMs: number,
): Promise<Report> {
  const giveUpAt = Date.now() + limitMs;
  let report = await keeper.call('report');
  while (report.closings.length < revoked.size && Date.now() < giveUpAt) {
    await sleep(REPORT_INTERVAL_MS);
    report = await keeper.call('report');
  }
  await keeper.call('sweep');

  return keeper.call('report');
}

/** Once it listens: it tries itself then. */
async function killListener({ sql }: TestDatabase): Promise<void> {
  await vi.waitFor(async () => {
    const { rows } = await sql(
      `select pg_terminate_backend(pid, 10000) as is_gone from pg_stat_activity
       where datname = current_database() and application_name = $1 and query ~ 'pg_notify'`,
      [KEEPER],
    );
    expect(rows).toEqual([{ is_gone: true }]);
  }, POLLING);
}

/** Stops a server, and starts it again after so long; from when to when it was away. */
async function haltFor(
  ms: number,
  server: PostgresServer,
): Promise<{ readonly from: number; readonly to: number }> {
  await server.halt();
  const from = Date.now();
  await sleep(ms);
  await server.start();

  return { from, to: Date.now() };
}

function idsOf(items: readonly { readonly sessionId: string }[]): string[] {
  return items.map(({ sessionId }) => sessionId).toSorted();
}

/** How many of them a node lists, and how many as link-dead. */
async function presenceOf(players: readonly Player[], node: LiveNode) {
  const ids = new Set(players.map(({ sessionId }) => sessionId));
  const present = (await node.call('who')).filter(({ sessionId }) => ids.has(sessionId));

  return { there: present.length, linkDead: present.filter(({ isLinkDead }) => isLinkDead).length };
}

/** Waits until a node lists them so; when it last did not, or 0. */
async function untilThere(
  players: readonly Player[],
  node: LiveNode,
  presence: { readonly there: number; readonly linkDead: number },
  withinMs: number,
): Promise<number> {
  const looks: number[] = [];
  await vi.waitFor(
    async () => {
      looks.push(Date.now());
      expect(await presenceOf(players, node)).toEqual(presence);
    },
    { ...POLLING, timeout: withinMs + PATIENCE_MS },
  );

  return looks.at(-2) ?? 0;
}

async function untilNobodyIsLinked({ sql }: TestDatabase): Promise<void> {
  await vi.waitFor(async () => {
    const { rows } = await sql(
      'select count(*)::int as linked from mud_auth.sessions where node_id is not null',
    );
    expect(rows).toEqual([{ linked: 0 }]);
  }, POLLING);
}

function show({ task }: TestContext, figures: string): void {
  // oxlint-disable-next-line no-console -- figures to read, not to pass or fail by
  console.info(`${task.name}: ${figures}`);
}
