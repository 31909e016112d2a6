import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Cluster, type ClusterSettings, SCALE, startCluster, USERS } from './cluster.ts';

const IDLE_MS = 150;
const ROUNDS = 4 * SCALE;
const MINUTES = 60_000;

interface Tally {
  /** Sessions that somebody was told to have ended. */
  expired: number;
  /** Validates that were invoked after that, and succeeded. */
  violations: number;
  readonly shared: readonly number[];
}

describe('a session of which one node has said that it has expired', () => {
  it(
    'is never valid again on any node, whatever touches were in flight',
    async () => {
      const { expired, violations, shared } = await expireOverAndOver({});

      expect(expired).toBe(USERS * ROUNDS);
      expect(violations).toBe(0);
      // Or it would say nothing of touches and reads that callers share.
      for (const statements of shared) expect(statements).toBeGreaterThan(ROUNDS);
    },
    10 * MINUTES,
  );

  it(
    'is found to be by this check where validates are cached for 200 ms',
    async () => {
      const { violations } = await expireOverAndOver({ cacheMs: 200 });

      expect(violations).toBeGreaterThan(0);
    },
    10 * MINUTES,
  );
});

async function expireOverAndOver(settings: ClusterSettings): Promise<Tally> {
  const cluster = await startCluster({ policy: { idleTimeoutMs: IDLE_MS, touchIntervalMs: 0 }, ...settings });
  const tally = { expired: 0, violations: 0 };
  const users = Array.from({ length: USERS }, (_, index) => index + 1);
  await Promise.all(
    users.map(async (user) => {
      for (let round = 0; round < ROUNDS; round += 1) await expireOnce(cluster, user, round, tally);
    }),
  );
  const shared = await Promise.all(cluster.nodes.map((node) => node.countSharedStatements()));
  await cluster.close();

  return { ...tally, shared };
}

/** Validates from both nodes, each time nearer to the deadline, until one comes after it. */
async function expireOnce(
  { nodes }: Cluster,
  user: number,
  round: number,
  tally: { expired: number; violations: number },
): Promise<void> {
  const [here, there] = user % 2 === 0 ? nodes : nodes.toReversed();
  if (here === undefined || there === undefined) throw new Error('no such node');
  const { token } = await here.createSession(String(user));
  await here.isValid(token);

  for (let pauseMs = (0.8 + 0.1 * (round % 4)) * IDLE_MS; ; pauseMs += 5) {
    await sleep(IDLE_MS / 3);
    await there.isValid(token);
    await sleep(pauseMs);
    const meanwhile = there.isValid(token);
    if (await here.isValid(token)) {
      await meanwhile;
      continue;
    }

    tally.expired += 1;
    const after = await Promise.all([there, here, there].map((node) => node.isValid(token)));
    await meanwhile;
    tally.violations += after.filter(Boolean).length;
    return;
  }
}
