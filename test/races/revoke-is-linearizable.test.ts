import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CreatedSession } from '../../src/index.ts';
import { type Cluster, SCALE, type ServerNode, startCluster, USERS } from './cluster.ts';

/** On each of the two defaults; together a thousand revokes, ten thousand in the long form. */
const ROUNDS_PER_USER = Math.ceil((500 * SCALE) / USERS);
const MINUTES = 60_000;

/** Every way in which a session of a user is revoked. What it is given is valid at that moment. */
const REVOCATIONS: readonly ((
  node: ServerNode,
  created: CreatedSession,
  user: number,
) => Promise<unknown>)[] = [
  (node, { session }) => node.end('removeSession', session.id),
  (node, { token }) => node.end('logout', token),
  (node, _, user) => node.end('removeSessionsForUser', String(user)),
  async (node, { token }, user) => {
    await node.selectCharacter(token, String(100 + user));
    await node.end('removeSessionsForCharacter', String(100 + user));
  },
  async (node, { token }, user) => {
    await node.selectCharacter(token, String(100 + user));
    const { token: successor } = await node.createSession(String(user));
    await node.selectCharacter(successor, String(100 + user)); // takes over
  },
  // Three more sign-ins under the limit of three.
  async (node, _, user) => {
    for (let n = 0; n < 3; n += 1) await node.createSession(String(user));
  },
];

interface Tally {
  revokes: number;
  /** Validates that were invoked after a revoke had returned, and succeeded. */
  violations: number;
}

describe('a revoke', () => {
  for (const isolation of ['read committed', 'repeatable read'] as const)
    describe(`on two nodes whose database defaults to ${isolation}`, () => {
      let cluster: Cluster;
      beforeAll(async () => {
        cluster = await startCluster({ policy: { maxSessionsPerUser: 3 }, isolation });
      });
      afterAll(() => cluster.close());

      it(
        `is seen by every validate invoked after it returned, ${ROUNDS_PER_USER * USERS} times`,
        async () => {
          const { revokes, violations } = await revokeOverAndOver(cluster, ROUNDS_PER_USER);

          expect(revokes).toBe(ROUNDS_PER_USER * USERS);
          expect(violations).toBe(0);
          // Or it would say nothing of answers that callers share.
          for (const node of cluster.nodes)
            expect(await node.countSharedStatements()).toBeGreaterThan(revokes / 10);
        },
        10 * MINUTES,
      );

      it(
        'of all sessions is seen by every validate invoked after it returned',
        async () => {
          for (let round = 0; round < 10 * SCALE; round += 1) {
            const [here, there] = cluster.nodes;
            const created = await Promise.all(users().map((user) => here.createSession(String(user))));

            await there.end('clearAllSessions');

            const valid = await Promise.all(
              created.flatMap(({ token }) => cluster.nodes.map((node) => node.isValid(token))),
            );
            expect(valid).not.toContain(true);
          }
        },
        10 * MINUTES,
      );
    });

  it('is found to be late by this check where validates are cached for 200 ms', async () => {
    const cluster = await startCluster({ policy: { maxSessionsPerUser: 3 }, cacheMs: 200 });

    const { violations } = await revokeOverAndOver(cluster, 3);
    await cluster.close();

    expect(violations).toBeGreaterThan(0);
  });
});

async function revokeOverAndOver(cluster: Cluster, rounds: number): Promise<Tally> {
  const tally: Tally = { revokes: 0, violations: 0 };
  await Promise.all(
    users().map(async (user) => {
      for (let round = 0; round < rounds; round += 1) await revokeOnce(cluster, user, round, tally);
    }),
  );

  return tally;
}

async function revokeOnce({ nodes }: Cluster, user: number, round: number, tally: Tally): Promise<void> {
  const [here, there] = round % 2 === 0 ? nodes : nodes.toReversed();
  const revoke = REVOCATIONS[(user + round) % REVOCATIONS.length];
  if (here === undefined || there === undefined || revoke === undefined) throw new Error('no such round');
  const created = await here.createSession(String(user));
  const both = (): Promise<boolean[]> => Promise.all(nodes.map((node) => node.isValid(created.token)));

  const before = await both();
  expect(before).toEqual([true, true]);
  // These are under way while the revoke is, and may see either.
  const meanwhile = [both(), both()];
  await revoke(there, created, user);
  const after = await both();

  await Promise.all(meanwhile);
  tally.revokes += 1;
  tally.violations += after.filter(Boolean).length;
}

function users(): number[] {
  return Array.from({ length: USERS }, (_, index) => index + 1);
}
