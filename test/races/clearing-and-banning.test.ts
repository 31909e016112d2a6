import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, SCALE, type ServerNode, startCluster, USERS } from './cluster.ts';

const TIMEOUT_MS = 10 * 60_000;

describe('two nodes', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster.close());

  it(
    'clear every session that was committed before, while others are being created',
    async () => {
      const [here, there] = cluster.nodes;
      for (let round = 0; round < 5 * SCALE; round += 1) {
        const stream = streamOfSignIns(here);
        await stream.begun;
        const cleared = await there.end('clearAllSessions');
        await stream.stop();

        // The clearing stamps its endings once it has the table to itself.
        const { rows } = await cluster.database.sql(`
          select count(*)::int as survivors from mud_auth.sessions
          where created_at < (select max(ended_at) from mud_auth.session_endings where reason = 'cleared')`);
        expect(cleared).toBeGreaterThan(0);
        expect(rows[0]?.['survivors']).toBe(0);
      }
    },
    TIMEOUT_MS,
  );

  it(
    'let nobody in whose ban raced with his sign-in',
    async () => {
      const [here, there] = cluster.nodes;
      const rounds = 100 * SCALE;
      let valid = 0;
      for (let round = 0; round < rounds; round += 1) {
        const [signIn] = await Promise.allSettled([
          here.createSession('1'),
          cluster.database.sql('update users set disabled = true where id = 1'),
        ]);
        if (signIn.status === 'fulfilled') {
          for (const node of [here, there]) if (await node.isValid(signIn.value.token)) valid += 1;
        }
        await cluster.database.sql('update users set disabled = false where id = 1');
        // Nor does lifting the ban bring back what was found banned.
        if (signIn.status === 'fulfilled' && (await there.isValid(signIn.value.token))) valid += 1;
      }

      expect(valid).toBe(0);
    },
    TIMEOUT_MS,
  );
});

describe.each(['read committed', 'repeatable read'] as const)(
  'two nodes, where the default of the host is %s,',
  (isolation) => {
    let cluster: Cluster;
    beforeAll(async () => {
      cluster = await startCluster({ isolation });
    });
    afterAll(() => cluster.close());

    it(
      'let nobody in whose sign-in raced with the closing of the game',
      async () => {
        const [here, there] = cluster.nodes;
        for (let round = 0; round < 5 * SCALE; round += 1) {
          await there.end('clearAllSessions');
          const stream = streamOfSignIns(here);
          await stream.begun;
          const ended = await there.startMaintenance({
            admit: 'admin',
            message: 'Back soon.',
            endSessions: true,
          });
          const insideWhenClosed = await countSessions(cluster);
          const { created, refusals } = await stream.stop();
          const insideLater = await countSessions(cluster);
          await there.endMaintenance();

          for (const refusal of refusals) expect(refusal).toMatchObject({ code: 'maintenance' });
          expect([insideWhenClosed, insideLater]).toEqual([0, 0]);
          expect(ended).toBe(created);
          expect(refusals.length).toBeGreaterThan(0);
        }
      },
      TIMEOUT_MS,
    );
  },
);

interface SignInStream {
  /** Resolves when some are in. */
  readonly begun: Promise<void>;
  /** Resolves when the last has been answered. */
  stop(): Promise<{ readonly created: number; readonly refusals: readonly unknown[] }>;
}

/** Players who sign in one after the other, many at a time, until it is stopped. */
function streamOfSignIns(node: ServerNode): SignInStream {
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const refusals: unknown[] = [];
  let created = 0;
  let isStopped = false;
  const signIn = async (user: number): Promise<void> => {
    while (!isStopped) {
      await node.createSession(String(user)).then(
        () => (created += 1),
        (error: unknown) => refusals.push(error),
      );
      if (created >= USERS) begin();
    }
  };
  const all = Promise.all(Array.from({ length: USERS }, (_, n) => signIn(n + 1)));

  return {
    begun,
    async stop() {
      isStopped = true;
      await all;
      return { created, refusals };
    },
  };
}

async function countSessions({ database }: Cluster): Promise<number> {
  const { rows } = await database.sql('select count(*)::int as inside from mud_auth.sessions');

  return Number(rows[0]?.['inside']);
}
