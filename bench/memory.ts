import { PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';
import { SessionService } from 'mud-auth';
import { MemorySessionStore } from 'mud-auth/memory';
import { quantile } from './measure.ts';

export interface MemoryFigures {
  readonly sessions: number;
  readonly validatesPerSecond: number;
  readonly heapBytesPerSession: number;
  readonly residentBytesPerSession: number;
  /** How long the clean-up of all of them keeps the event loop: nearly always, and at the worst. */
  readonly p99PauseMs: number;
  readonly worstPauseMs: number;
  /** At the worst, without the time that the garbage collector took of it. */
  readonly worstOwnPauseMs: number;
}

/** The memory store with so many sessions of as many users, one caller, a SHA-256 in each check. */
export async function measureMemory(count: number, forMs: number): Promise<MemoryFigures> {
  const directory = {
    findUser: async (id: string) => ({ id, username: `user${id}`, role: 'player', disabled: false }),
    findCharacter: async () => null,
  };
  let aheadMs = 0;
  const clock = { now: () => new Date(Date.now() + aheadMs) };
  const store = new MemorySessionStore({ directory, clock, maxSessions: 2 * count });
  const sessions = new SessionService({ store });
  const tokens: string[] = [];

  const before = memoryInUse();
  for (let n = 1; n <= count; n += 1) {
    const { token } = await sessions.createSession(String(n), { clientType: 'telnet' });
    if (n % 100 === 0) tokens.push(token);
    // As on a server, where sign-ins come among many checks.
    for (const known of tokens.slice(-5)) await sessions.validateSession(known);
  }
  const after = memoryInUse();

  let validates = 0;
  const start = performance.now();
  while (performance.now() - start < forMs) {
    for (const token of tokens.slice(0, 1_000)) await sessions.validateSession(token);
    validates += Math.min(tokens.length, 1_000);
  }
  const validatesPerSecond = (validates / (performance.now() - start)) * 1_000;

  aheadMs = 9 * 60 * 60_000; // all have expired
  const pauses = await pausesOf(() => sessions.cleanupExpiredSessions());
  const lengths = ascending(pauses.map((pause) => pause.ms));

  return {
    sessions: count,
    validatesPerSecond,
    heapBytesPerSession: (after.heapUsed + after.external - before.heapUsed - before.external) / count,
    residentBytesPerSession: (after.rss - before.rss) / count,
    p99PauseMs: quantile(lengths, 0.99),
    worstPauseMs: lengths.at(-1) ?? NaN,
    worstOwnPauseMs: ascending(pauses.map((pause) => pause.ms - pause.collectingMs)).at(-1) ?? NaN,
  };
}

interface Pause {
  readonly ms: number;
  readonly collectingMs: number;
}

async function pausesOf(work: () => Promise<unknown>): Promise<Pause[]> {
  const collections: PerformanceEntry[] = [];
  const observer = new PerformanceObserver((list) => collections.push(...list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });

  const turns = [performance.now()];
  let isDone = false;
  const done = work().finally(() => (isDone = true));
  while (!isDone) {
    await new Promise((resolve) => setImmediate(resolve));
    turns.push(performance.now());
  }
  await done;
  await new Promise((resolve) => setTimeout(resolve, 100)); // the last collections are told later
  observer.disconnect();

  return turns.slice(1).map((end, n) => {
    const start = turns[n] ?? end;
    const within = collections.filter(({ startTime }) => startTime >= start && startTime < end);

    return { ms: end - start, collectingMs: within.reduce((sum, { duration }) => sum + duration, 0) };
  });
}

function ascending(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}

function memoryInUse(): NodeJS.MemoryUsage {
  globalThis.gc?.();

  return process.memoryUsage();
}
