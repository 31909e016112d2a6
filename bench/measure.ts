/** One run of many checks. Times in milliseconds unless the name says otherwise. */
export interface Run {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** CPU time of this process for each check. */
  readonly clientCpuUs: number;
  readonly checks: number;
}

/** Does something with number `n` of the world, and throws if the outcome is wrong. */
export type Act = (n: number) => Promise<void>;

/** Numbers drawn at random from a world of this size: for one seed the same ones in the same order. */
export function draws(size: number, seed: number): () => number {
  let state = seed;

  return () => {
    // Weyl steps by the golden ratio, scrambled by the finalizer of MurmurHash3.
    state = (state + 0x9e37_79b9) | 0;
    let bits = Math.imul(state ^ (state >>> 16), 0x85eb_ca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
    bits ^= bits >>> 16;

    return 1 + ((bits >>> 0) % size);
  };
}

/** So many callers, each of whom calls again as soon as he has his answer. */
export async function closedLoop(act: Act, draw: () => number, callers: number, forMs: number): Promise<Run> {
  const latencies: number[] = [];
  const cpu = process.cpuUsage();
  const start = performance.now();
  const end = start + forMs;

  await Promise.all(
    Array.from({ length: callers }, async () => {
      for (let now = performance.now(); now < end;) {
        await act(draw());
        const then = now;
        now = performance.now();
        latencies.push(now - then);
      }
    }),
  );

  return runOf(latencies, performance.now() - start, process.cpuUsage(cpu));
}

/**
 * So many calls a second, for so many milliseconds or until something is done, and whether or not
 * those before have their answers. A call's time counts from
 * the moment at which it was due, so that a stall is not hidden by the calls that it keeps from
 * being made.
 */
export async function openLoop(
  act: Act,
  draw: () => number,
  perSecond: number,
  during: number | Promise<unknown>,
): Promise<Run> {
  const latencies: number[] = [];
  const calls: Promise<void>[] = [];
  const cpu = process.cpuUsage();
  const start = performance.now();
  const stepMs = 1_000 / perSecond;

  let isOver = false;
  const over = typeof during === 'number' ? new Promise((resolve) => setTimeout(resolve, during)) : during;
  over.then(
    () => (isOver = true),
    () => (isOver = true),
  );

  for (let due = start; !isOver;) {
    for (const now = performance.now(); due <= now; due += stepMs) {
      const dueAt = due;
      calls.push(act(draw()).then(() => void latencies.push(performance.now() - dueAt)));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(calls);

  return runOf(latencies, performance.now() - start, process.cpuUsage(cpu));
}

export function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

/** Of values in ascending order. */
export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN;
}

function runOf(latencies: readonly number[], tookMs: number, { user, system }: NodeJS.CpuUsage): Run {
  const sorted = latencies.toSorted((a, b) => a - b);

  return {
    perSecond: (sorted.length / tookMs) * 1_000,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    clientCpuUs: (user + system) / sorted.length,
    checks: sorted.length,
  };
}
