import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, SCALE, startCluster } from './cluster.ts';

const RACERS = 8;
const ROUNDS = 40 * SCALE;
const TIMEOUT_MS = 10 * 60_000;
const ISOLATIONS = ['read committed', 'repeatable read'] as const;

for (const isolation of ISOLATIONS) {
  describe(`two nodes on a database whose default is ${isolation}`, () => {
    for (const limit of [1, 3]) {
      it(
        `never have more than ${limit} live sessions of a user whose sign-ins race`,
        async () => {
          const cluster = await startCluster({ policy: { maxSessionsPerUser: limit }, isolation });
          const watch = watchMost(cluster, 'select count(*)::int as most from mud_auth.sessions');

          for (let round = 0; round < ROUNDS; round += 1) {
            await atOnce((racer) => nodeOf(cluster, racer).createSession('1'));
            expect(await liveOf(cluster)).toBe(limit);
          }

          expect(await watch.stop()).toBeLessThanOrEqual(limit);
          await cluster.close();
        },
        TIMEOUT_MS,
      );
    }

    describe('and one character', () => {
      let cluster: Cluster;
      beforeAll(async () => {
        cluster = await startCluster({ isolation });
      });
      afterAll(() => cluster.close());

      it(
        'never seat two of the sessions that race for it',
        async () => {
          const watch = watchMost(
            cluster,
            'select coalesce(max(n), 0)::int as most from (select count(*) as n from mud_auth.sessions where character_id is not null group by character_id) as seats',
          );
          for (let round = 0; round < ROUNDS; round += 1) {
            const created = await atOnce((racer) => nodeOf(cluster, racer).createSession('1'));

            // A session that was taken over before its own turn is refused, with the reason.
            const outcomes = await Promise.allSettled(
              created.map(({ token }, racer) => nodeOf(cluster, racer).selectCharacter(token, '101')),
            );

            expect(reasonsOf(outcomes)).toEqual([]);
            expect(await liveOf(cluster)).toBe(1);
            await nodeOf(cluster, round).end('removeSessionsForUser', '1');
          }

          expect(await watch.stop()).toBe(1);
        },
        TIMEOUT_MS,
      );

      it(
        'let two sessions change characters without a deadlock',
        async () => {
          for (let round = 0; round < ROUNDS; round += 1) {
            const [first, second] = await Promise.all([
              nodeOf(cluster, 0).createSession('2'),
              nodeOf(cluster, 1).createSession('2'),
            ]);
            await nodeOf(cluster, 0).selectCharacter(first.token, '102');
            await nodeOf(cluster, 1).selectCharacter(second.token, '202');

            const outcomes = await Promise.allSettled([
              nodeOf(cluster, 0).selectCharacter(first.token, '202'),
              nodeOf(cluster, 1).selectCharacter(second.token, '102'),
            ]);

            expect(reasonsOf(outcomes)).toEqual([]);
            await nodeOf(cluster, round).end('removeSessionsForUser', '2');
          }
        },
        TIMEOUT_MS,
      );
    });
  });
}

function nodeOf({ nodes }: Cluster, n: number): Cluster['nodes'][number] {
  return nodes[n % 2 === 0 ? 0 : 1];
}

function atOnce<T>(act: (racer: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: RACERS }, (_, racer) => act(racer)));
}

async function liveOf({ database }: Cluster): Promise<unknown> {
  const { rows } = await database.sql('select count(*)::int as live from mud_auth.sessions');

  return rows[0]?.['live'];
}

/** What went wrong, but for sessions that lost their race. */
function reasonsOf(outcomes: readonly PromiseSettledResult<unknown>[]): string[] {
  return outcomes
    .filter((outcome) => outcome.status === 'rejected')
    .map(({ reason }) => String(Reflect.get(Object(reason), 'code')))
    .filter((code) => code !== 'session_invalid:taken_over');
}

/** Asks over and over for a figure, and keeps the highest. */
function watchMost({ database }: Cluster, query: string): { stop(): Promise<number> } {
  let isWatching = true;
  let most = 0;
  const watching = (async () => {
    while (isWatching) {
      const { rows } = await database.sql(query);
      most = Math.max(most, Number(rows[0]?.['most']));
    }
  })();

  return {
    async stop() {
      isWatching = false;
      await watching;

      return most;
    },
  };
}
