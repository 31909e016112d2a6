// `node bench.ts` prints tables in about a minute; `node bench.ts --full` takes a quarter of an hour,
// and writes the result page and its chart into ../docs.
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import pg from 'pg';
import { startPostgres } from '../test/support/start-postgres.ts';
import { chart } from './chart.ts';
import { measureCleanup } from './cleanup.ts';
import { compare, compareOpen, type Contestant, type Standing } from './compare.ts';
import { measureLists } from './lists.ts';
import { compareListening } from './listening.ts';
import { measureMemory } from './memory.ts';
import { measureRefusals } from './refusals.ts';
import type { OpenPeer, Peer, World } from './peers/peer.ts';
import { peers, yardstick } from './peers/peers.ts';
import { variants } from './peers/variants.ts';
import { pageOf, ratio, shown, standingsTable } from './report.ts';
import { countStatements } from './server.ts';
import { sight } from './sightings.ts';
import { figure, table } from './table.ts';
import { verify } from './verify.ts';
import { createWorld, openWorld } from './world.ts';
import { compareWrites } from './writes.ts';

const isFull = process.argv.includes('--full');
const SIZE = isFull ? 100_000 : 20_000;
const CALLERS = [1, 16, 64] as const;
const ROUNDS = isFull ? { rounds: 11, roundMs: 400 } : { rounds: 5, roundMs: 120 };

/** Memory enough that no peer is measured by its disk reads; the disk is waited for at every commit. */
const SERVER_SETTINGS = ['shared_buffers=1GB', 'max_wal_size=4GB', 'fsync=on', 'synchronous_commit=on'];

const page: string[] = [];
let drawn = '';
countStatements();
const server = await startPostgres('18', SERVER_SETTINGS);
try {
  await run();
} catch (error) {
  console.error(error); // now, for what is still connected will complain of the server's end
  process.exitCode = 1;
} finally {
  await server.stop();
}
if (isFull && process.exitCode === undefined)
  await Promise.all([
    writeFile(new URL('../docs/performance-results.md', import.meta.url), pageOf(page)),
    writeFile(new URL('../docs/performance.svg', import.meta.url), drawn),
  ]);

async function run(): Promise<void> {
  const watcher = new pg.Client({ connectionString: server.url });
  await watcher.connect();
  const { rows } = await watcher.query<{ version: string }>(
    `select current_setting('server_version') as version`,
  );
  say(
    `PostgreSQL ${rows[0]?.version}, Node.js ${process.versions.node}, ${cpus().length} cores of ${cpus()[0]?.model.trim()}, shared by client and server.`,
  );

  const world = await createWorld(server.url, 'compared', SIZE);
  for (const peer of [yardstick, ...peers]) {
    await peer.seed(world);
    await verify(peer, world);
  }
  const open = await openAll([yardstick, ...peers], world);
  await compareChecks(watcher, open);
  await compareTails(open);
  await compareVariants(watcher, open, world);
  await showListening(world);
  await compareSightings(open, world);
  await compareCreates(world);
  for (const { peer } of open) await peer.close();
  await world.pool.end();
  if (!isFull) return watcher.end();

  await compareGrowth(watcher);
  await showCleanup();
  await showMemory();
  await showRefusals();
  await watcher.end();
}

async function compareChecks(watcher: pg.Client, open: readonly Opened[]): Promise<void> {
  heading(`A check of a session, ${figure(SIZE)} live sessions drawn at random`);
  const standings: Standing[][] = [];
  for (const callers of CALLERS)
    standings.push(await compare(watcher, open, { size: SIZE, callers, ...ROUNDS }));

  say(
    table(
      ['', 'what a check is'],
      [yardstick, ...peers].map(({ name, summary }) => [name, summary]),
    ),
  );
  say(
    table(
      ['calls a second, as a ratio to raw pg', ...CALLERS.map((callers) => `${callers} callers`)],
      open.map(({ name }, index) => [name, ...standings.map((each) => ratio(each[index]?.ratio))]),
    ),
  );
  const readers = peers.slice(1).flatMap(({ readsDatabase }, index) => (readsDatabase ? [index + 2] : []));
  const lead = standings.map(
    (each) => (each[1]?.ratio ?? NaN) / Math.max(...readers.map((index) => each[index]?.ratio ?? NaN)),
  );
  say(
    `mud-auth to the fastest of the others that ask the database: ${lead.map((times, index) => `${times.toFixed(1)} × at ${CALLERS[index]}`).join(', ')}.`,
  );
  for (const [index, callers] of CALLERS.entries()) {
    say(`At ${callers} callers:`);
    say(standingsTable(standings[index] ?? []));
  }

  if (!isFull) return;
  const bars = open.map(({ name }, index) => ({
    name,
    values: standings.map((each) => each[index]?.ratio ?? 0),
  }));
  const svg = chart(
    'Checks a second, as a ratio to raw pg (dashed: 1)',
    CALLERS.map((callers) => `${callers} callers`),
    bars,
  );
  drawn = svg;
}

async function compareTails(open: readonly Opened[]): Promise<void> {
  heading('The tail, at 1,000 calls a second whether or not those before are answered');
  const tails = await compareOpen(open.slice(0, 2), {
    size: SIZE,
    perSecond: 1_000,
    rounds: isFull ? 5 : 3,
    roundMs: isFull ? 5_000 : 1_000,
  });
  say(
    table(
      ['', 'p50 ms', 'p99 ms', 'p99 to raw pg'],
      tails.map(({ name, p50, p99, ratio: to }) => [name, figure(p50), figure(p99), ratio(to)]),
    ),
  );
}

async function compareVariants(watcher: pg.Client, open: readonly Opened[], world: World): Promise<void> {
  heading('Other ways of running mud-auth, as a ratio to raw pg');
  for (const variant of variants) await variant.seed(world);
  const others = await openAll(variants, world);
  const contestants = [...open.slice(0, 2), ...others];
  const standings: Standing[][] = [];
  for (const callers of CALLERS)
    standings.push(await compare(watcher, contestants, { size: SIZE, callers, ...ROUNDS }));

  say(
    table(
      ['', ...CALLERS.map((callers) => `${callers} callers`), 'statements', 'WAL bytes for 1,000'],
      contestants.map(({ name }, index) => {
        const { statementsPerCheck = NaN, walBytesPerThousand = NaN } = standings[1]?.[index] ?? {};
        const ratios = standings.map((each) => ratio(each[index]?.ratio));

        return [name, ratios, figure(statementsPerCheck), figure(walBytesPerThousand)].flat();
      }),
    ),
  );
  say('Statements and WAL at 16 callers.');
  for (const { peer } of others) await peer.close();
}

async function showListening(world: World): Promise<void> {
  const course = isFull ? { rounds: 5, roundMs: 12_000 } : { rounds: 3, roundMs: 1_000 };
  const figures = await compareListening(world, 1_000, course);
  heading('Validates of a node that watches 1,000 connections, against those of one that watches none');
  say(
    table(
      ['', 'validates a second at 16 callers'],
      [
        ['watching none', figure(figures.perSecondWithout)],
        ['watching 1,000, and listening', figure(figures.perSecondWith)],
        ['ratio', ratio(figures.ratio)],
      ],
    ),
  );
}

async function compareSightings(open: readonly Opened[], world: World): Promise<void> {
  heading('How soon a change made by another instance is seen');
  const seconds = await openAll(peers, world);
  const sightings = [];
  for (const [index, { name, peer }] of open.slice(1).entries()) {
    const other = seconds[index]?.peer;
    if (other === undefined) continue;
    const numbers = Array.from({ length: 5 }, (_, n) => SIZE - 100 - n);
    sightings.push(
      await sight(name, peer, other, numbers, async (n, role) => {
        await peers[index]?.setRole(world.pool, n, role);
      }),
    );
  }
  say(
    table(
      ['', 'session ended', 'role changed'],
      sightings.map(({ name, revokeMs, roleMs }) => [name, shown(revokeMs), shown(roleMs)]),
    ),
  );
  for (const { peer } of seconds) await peer.close();
}

async function compareCreates(world: World): Promise<void> {
  heading('Sign-ins, against the bare statements');
  const roundMs = isFull ? 500 : 150;
  const creates = await compareWrites(world, { rounds: ROUNDS.rounds, roundMs });
  say(
    table(
      ['', 'callers', 'bare a second', 'ours a second', 'ratio'],
      creates.map((each) => [
        each.name,
        each.callers,
        figure(each.rawPerSecond),
        figure(each.perSecond),
        ratio(each.ratio),
      ]),
    ),
  );
}

async function compareGrowth(watcher: pg.Client): Promise<void> {
  heading('How the cost grows: a check at 16 callers, as a ratio to raw pg');
  const rows: string[][] = [];
  const lists: Awaited<ReturnType<typeof measureLists>> = [];
  for (const size of [1_000, 100_000, 1_000_000]) {
    const world = await createWorld(server.url, `grown_${size}`, size);
    const both = [yardstick, ...peers.slice(0, 1)];
    await yardstick.seed(world); // the two share their tables
    const open = await openAll(both, world);
    const [raw, ours] = await compare(watcher, open, { size, callers: 16, ...ROUNDS });
    rows.push([
      figure(size),
      figure(raw?.perSecond ?? NaN),
      figure(ours?.perSecond ?? NaN),
      ratio(ours?.ratio),
    ]);
    for (const { peer } of open) await peer.close();
    if (size === 1_000_000) lists.push(...(await measureLists(world.pool)));
    await world.pool.end();
  }
  say(table(['live sessions', 'raw pg a second', 'mud-auth a second', 'ratio'], rows));

  heading('Lists and counts at 1,000,000 live sessions');
  say(
    table(
      ['', 'median ms'],
      lists.map(({ name, ms }) => [name, figure(ms)]),
    ),
  );
}

async function showCleanup(): Promise<void> {
  heading('Clearing 1,000,000 expired sessions away beside 1,000 validates a second');
  const world = await createWorld(server.url, 'cleaned', 100_000);
  const figures = await measureCleanup(world, 1_000_000);
  say(
    table(
      ['', ''],
      [
        ['seconds in all', figure(figures.seconds)],
        ['batches', figures.batches],
        ['p99 of a batch, ms', figure(figures.p99BatchMs)],
        ['worst batch, ms', figure(figures.worstBatchMs)],
        ['p99 of a validate before and after, ms', figure(figures.idleP99)],
        ['p99 of a validate meanwhile, ms', figure(figures.duringP99)],
        ['ratio of the two', ratio(figures.duringP99 / figures.idleP99)],
      ],
    ),
  );
  await world.pool.end();
}

async function showMemory(): Promise<void> {
  heading('The memory store with 1,000,000 sessions, one caller');
  const figures = await measureMemory(1_000_000, 3_000);
  say(
    table(
      ['', ''],
      [
        ['validates a second', figure(figures.validatesPerSecond)],
        ['bytes a session, heap', figure(figures.heapBytesPerSession)],
        ['bytes a session, resident', figure(figures.residentBytesPerSession)],
        ['p99 of the pauses of a clean-up of all, ms', figure(figures.p99PauseMs)],
        ['longest of them, garbage collection included, ms', figure(figures.worstPauseMs)],
        ['longest of them, garbage collection apart, ms', figure(figures.worstOwnPauseMs)],
      ],
    ),
  );
}

async function showRefusals(): Promise<void> {
  heading('A malformed token, as a ratio to a bare async rejection');
  say(
    table(
      ['', 'ratio'],
      (await measureRefusals()).map(({ name, ratio: to }) => [name, ratio(to)]),
    ),
  );
}

interface Opened extends Contestant {
  readonly peer: OpenPeer;
}

async function openAll(which: readonly Peer[], { url, size }: World): Promise<Opened[]> {
  const opened = [];
  for (const peer of which) {
    const world = openWorld(url, size);
    const open = await peer.open(world);
    const close = async (): Promise<void> => {
      await open.close();
      await world.pool.end();
    };
    opened.push({ name: peer.name, peer: { ...open, close } });
  }

  return opened;
}

function heading(text: string): void {
  say(`## ${text}`);
}

function say(text: string): void {
  console.log(`${text}\n`);
  page.push(text);
}
