import type pg from 'pg';
import { closedLoop, draws, median, openLoop, type Run } from './measure.ts';
import type { OpenPeer } from './peers/peer.ts';
import { type ServerWork, watched } from './server.ts';

/** A peer that is open, under the name that tables give it. */
export interface Contestant {
  readonly name: string;
  readonly peer: Pick<OpenPeer, 'check'>;
}

/** What became of a contestant, the medians over all rounds. */
export interface Standing {
  readonly name: string;
  /** To the first contestant's calls a second, round by round. */
  readonly ratio: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly clientCpuUs: number;
  readonly serverCpuUs: number | null;
  readonly statementsPerCheck: number;
  readonly walBytesPerThousand: number;
}

export interface Course {
  readonly size: number;
  readonly callers: number;
  readonly rounds: number;
  readonly roundMs: number;
}

/**
 * Lets contestants run in turns, one round each, over and over: what slows the machine for a while
 * slows all of them. The first one is the yardstick.
 */
export async function compare(
  watcher: pg.Client,
  contestants: readonly Contestant[],
  { size, callers, rounds, roundMs }: Course,
): Promise<Standing[]> {
  const results = contestants.map(() => [] as (readonly [Run, ServerWork])[]);

  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, { peer }] of inTurn(contestants, round)) {
      const act = async (n: number): Promise<void> => expectUser(n, await peer.check(n));
      const draw = draws(size, round * contestants.length + index);
      const result = await watched(watcher, () => closedLoop(act, draw, callers, roundMs));
      if (round > 0) results[index]?.push(result); // the first one warms up
    }
  }

  return contestants.map(({ name }, index) => standingOf(name, results[index] ?? [], results[0] ?? []));
}

/** The p99 of each contestant at so many calls a second, round by round. */
export async function compareOpen(
  contestants: readonly Contestant[],
  { size, perSecond, rounds, roundMs }: Omit<Course, 'callers'> & { readonly perSecond: number },
): Promise<{ readonly name: string; readonly p50: number; readonly p99: number; readonly ratio: number }[]> {
  const results = contestants.map(() => [] as Run[]);
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, { peer }] of inTurn(contestants, round)) {
      const act = async (n: number): Promise<void> => expectUser(n, await peer.check(n));
      const draw = draws(size, round * contestants.length + index);
      const run = await openLoop(act, draw, perSecond, roundMs);
      if (round > 0) results[index]?.push(run);
    }
  }

  return contestants.map(({ name }, index) => {
    const runs = results[index] ?? [];
    const ratios = runs.map(({ p99 }, round) => p99 / (results[0]?.[round]?.p99 ?? NaN));

    return {
      name,
      p50: median(runs.map(({ p50 }) => p50)),
      p99: median(runs.map(({ p99 }) => p99)),
      ratio: median(ratios),
    };
  });
}

/** Another one goes first each round: who comes next finds the caches warm. */
function inTurn<T>(all: readonly T[], round: number): (readonly [number, T])[] {
  const entries = [...all.entries()];
  const first = round % entries.length;

  return [...entries.slice(first), ...entries.slice(0, first)];
}

function expectUser(n: number, username: string | null): void {
  if (username !== `user${n}`) throw new Error(`Session ${n} was taken for that of ${String(username)}.`);
}

function standingOf(
  name: string,
  results: readonly (readonly [Run, ServerWork])[],
  yardstick: readonly (readonly [Run, ServerWork])[],
): Standing {
  const of = (value: (run: Run, work: ServerWork) => number): number =>
    median(results.map(([run, work]) => value(run, work)));
  const knowsCpu = results.every(([, { cpuUs }]) => cpuUs !== null);

  return {
    name,
    ratio: median(results.map(([run], round) => run.perSecond / (yardstick[round]?.[0].perSecond ?? NaN))),
    perSecond: of((run) => run.perSecond),
    p50: of((run) => run.p50),
    p99: of((run) => run.p99),
    clientCpuUs: of((run) => run.clientCpuUs),
    serverCpuUs: knowsCpu ? of((run, { cpuUs }) => (cpuUs ?? 0) / run.checks) : null,
    statementsPerCheck: of((run, { statements }) => statements / run.checks),
    walBytesPerThousand: of((run, { walBytes }) => (1_000 * walBytes) / run.checks),
  };
}
