import { afterEach, describe, expect, it } from 'vitest';
import { type Cluster, Refusal, SCALE, startCluster } from './cluster.ts';

const RACERS = 20;
const ROUNDS = 200 * SCALE;
const TIMEOUT_MS = 10 * 60_000;
const SHORT_GRACE_MS = 50;

describe('two nodes that remember clients', () => {
  let cluster: Cluster;
  afterEach(() => cluster.close());

  for (const isolation of ['read committed', 'repeatable read'] as const) {
    it(
      `give one successor to all who come at once with one token (default ${isolation})`,
      async () => {
        cluster = await startCluster({ isolation });
        let { rememberToken } = await nodeOf(0).signIn('1');

        for (let round = 0; round < ROUNDS; round += 1) {
          const redeemed = await atOnce((racer) => nodeOf(racer).redeem(rememberToken));

          const successors = new Set(redeemed.map((one) => one.rememberToken));
          expect(successors.size).toBe(1);
          [rememberToken] = successors as unknown as [string];
          const { token } = redeemed[round % RACERS] ?? { token: '' };
          expect(await nodeOf(round).isValid(token)).toBe(true);
          if (round % 20 === 19) await forgetSessions();
        }

        expect(await countOf('mud_auth.remember_tokens')).toBe(ROUNDS + 1);
        expect(await countOf('mud_auth.remember_tokens where used_at is null')).toBe(1);
      },
      TIMEOUT_MS,
    );
  }

  it(
    'leave nothing of a family whose used token came back, whoever comes with the good one meanwhile',
    async () => {
      cluster = await startCluster({ graceMs: SHORT_GRACE_MS });

      for (let round = 0; round < ROUNDS / 4; round += 1) {
        const { rememberToken: stolen } = await nodeOf(0).signIn('2');
        const { rememberToken } = await nodeOf(1).redeem(stolen);
        await new Promise((resolve) => setTimeout(resolve, SHORT_GRACE_MS));

        const outcomes = await Promise.allSettled([
          nodeOf(0).redeem(rememberToken),
          nodeOf(1).redeem(stolen),
          nodeOf(1).redeem(rememberToken),
          nodeOf(0).redeem(stolen),
        ]);

        const [, thief, , other] = outcomes.map(({ status }) => status);
        expect([thief, other]).toEqual(['rejected', 'rejected']);
        expect(outcomes.filter(isOtherThanRefused)).toEqual([]);
        for (const { token } of outcomes.flatMap(valueOf))
          expect(await nodeOf(round).isValid(token)).toBe(false);
        expect(await countOf('mud_auth.remember_families')).toBe(0);
        expect(await countOf('mud_auth.sessions')).toBe(0);
      }
    },
    TIMEOUT_MS,
  );

  it(
    'leave nothing of a user whose sessions are removed while his client comes back',
    async () => {
      cluster = await startCluster();

      for (let round = 0; round < ROUNDS / 4; round += 1) {
        const { rememberToken } = await nodeOf(0).signIn('5');
        await Promise.all([nodeOf(0).createSession('5'), nodeOf(1).createSession('5')]);

        const [removed, ...outcomes] = await Promise.allSettled([
          nodeOf(round).end('removeSessionsForUser', '5'),
          nodeOf(0).redeem(rememberToken),
          nodeOf(1).redeem(rememberToken),
          nodeOf(0).redeem(rememberToken),
        ]);

        expect(removed.status).toBe('fulfilled');
        expect(outcomes.filter(isOtherThanRefused)).toEqual([]);
        for (const { token } of outcomes.flatMap(valueOf))
          expect(await nodeOf(round).isValid(token)).toBe(false);
        expect(await countOf('mud_auth.sessions')).toBe(0);
        expect(await countOf('mud_auth.remember_families')).toBe(0);
      }
    },
    TIMEOUT_MS,
  );

  it(
    'end what hangs together in every order without a deadlock',
    async () => {
      cluster = await startCluster();
      const before = await countDeadlocks();

      for (let round = 0; round < ROUNDS / 5; round += 1) {
        const [one, other] = [await nodeOf(0).signIn('6'), await nodeOf(1).signIn('6')];
        const endings = [
          nodeOf(0).revoke(one.rememberToken),
          nodeOf(1).end('removeSession', one.session.id),
          nodeOf(0).redeem(other.rememberToken),
          nodeOf(1).redeem(other.rememberToken),
          round % 2 === 0 ? nodeOf(1).end('removeSessionsForUser', '6') : nodeOf(1).end('clearAllSessions'),
          nodeOf(0).revoke(other.rememberToken),
        ];
        const outcomes = await Promise.allSettled(endings);
        expect(outcomes.filter(isOtherThanRefused)).toEqual([]);
      }

      expect((await countDeadlocks()) - before).toBe(0);
    },
    TIMEOUT_MS,
  );

  it(
    'remember nobody whose session was kicked while he signed in',
    async () => {
      cluster = await startCluster();

      for (let round = 0; round < ROUNDS / 4; round += 1) {
        const signing = nodeOf(0).signIn('3');
        const [signedIn] = await Promise.allSettled([
          signing,
          nodeOf(1).end('removeSessionsForUser', '3'),
          nodeOf(0).end('removeSessionsForUser', '3'),
        ]);

        // Either he signed in after it, or he is not remembered.
        const isIn = signedIn.status === 'fulfilled' && (await nodeOf(1).isValid(signedIn.value.token));
        expect(await countOf('mud_auth.remember_families')).toBe(isIn ? 1 : 0);
        await nodeOf(0).end('removeSessionsForUser', '3');
        expect(await countOf('mud_auth.remember_families')).toBe(0);
      }
    },
    TIMEOUT_MS,
  );

  it('lock nobody out if one is killed after it has redeemed a token, and before it says so', async () => {
    cluster = await startCluster({ diesOfRedeeming: true });
    const { rememberToken } = await nodeOf(1).signIn('4');

    void nodeOf(0)
      .redeem(rememberToken)
      .catch(() => {});
    await expect.poll(() => countOf('mud_auth.remember_tokens'), { timeout: 10_000 }).toBe(2);
    const { rememberToken: successor, token } = await nodeOf(1).redeem(rememberToken);

    expect(await nodeOf(1).isValid(token)).toBe(true);
    expect(await countOf('mud_auth.remember_tokens')).toBe(2); // it is the one that was lost
    await expect(nodeOf(1).redeem(successor)).resolves.toBeDefined();
  });

  function nodeOf(n: number) {
    return cluster.nodes[n % 2 === 0 ? 0 : 1];
  }

  async function countDeadlocks(): Promise<number> {
    // What a backend counts is told to all when it is idle for a while, or has ended.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const { rows } = await cluster.database.sql(
      'select deadlocks from pg_stat_database where datname = current_database()',
    );

    return Number(rows[0]?.['deadlocks']);
  }

  async function countOf(from: string): Promise<number> {
    const { rows } = await cluster.database.sql(`select count(*) from ${from}`);

    return Number(rows[0]?.['count']);
  }

  async function forgetSessions(): Promise<void> {
    await cluster.database.sql('delete from mud_auth.sessions');
  }
});

function atOnce<T>(act: (racer: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: RACERS }, (_, racer) => act(racer)));
}

function valueOf<T>(outcome: PromiseSettledResult<T>): T[] {
  return outcome.status === 'fulfilled' ? [outcome.value] : [];
}

/** A call that failed, and not with a plain 401. */
function isOtherThanRefused(outcome: PromiseSettledResult<unknown>): boolean {
  if (outcome.status === 'fulfilled') return false;

  return !(outcome.reason instanceof Refusal) || outcome.reason.code !== 'session_invalid:null';
}
