import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Cluster, Refusal, SCALE, type ServerNode, startCluster } from './cluster.ts';

const SEED = Number(process.env['RACE_SEED'] ?? randomInt(2 ** 31));
const STEPS_PER_LANE = 150 * SCALE;
const LANES = 16;
const FEW_USERS = 3;

/** What may become of a call while others do as they please. */
const EXPECTED = /^(session_invalid:|character_(in_use|not_selected)$)/;

/** A token that somebody holds, and whether it was ever refused. */
interface Holding {
  readonly user: number;
  readonly token: string;
  readonly sessionId: string;
  wasRefused: boolean;
}

for (const isolation of ['read committed', 'repeatable read'] as const) {
  describe(`two nodes on ${isolation}, where everything happens at once (seed ${SEED})`, () => {
    it(
      'answer as they should, keep every seat single, and leave the ended ended',
      async () => {
        const cluster = await startCluster({
          policy: { maxSessionsPerUser: 4, touchIntervalMs: 0 },
          isolation,
        });
        const holdings: Holding[] = [];
        const surprises: string[] = [];

        await Promise.all(
          Array.from({ length: LANES }, (_, lane) => liveThrough(lane, cluster, holdings, surprises)),
        );

        expect(surprises).toEqual([]);
        await expectOrder(cluster, holdings);
        await cluster.close();
      },
      20 * 60_000,
    );
  });
}

async function liveThrough(
  lane: number,
  { nodes }: Cluster,
  holdings: Holding[],
  surprises: string[],
): Promise<void> {
  const chance = randomFrom(SEED + lane);
  for (let step = 0; step < STEPS_PER_LANE; step += 1) {
    const node = nodes[chance(2)] ?? nodes[0];
    const user = 1 + chance(FEW_USERS);
    const holding = holdings[Math.max(0, holdings.length - 1 - chance(12))];
    try {
      if (holding === undefined || chance(4) === 0) holdings.push(await signIn(node, user));
      else await actOn(holding, node, chance);
    } catch (error) {
      const code = error instanceof Refusal ? error.code : 'unexpected';
      if (!EXPECTED.test(code)) surprises.push(`${code}: ${String(error)}`);
    }
  }
}

async function signIn(node: ServerNode, user: number): Promise<Holding> {
  const { token, session } = await node.createSession(String(user));

  return { user, token, sessionId: session.id, wasRefused: false };
}

async function actOn(holding: Holding, node: ServerNode, chance: (below: number) => number): Promise<void> {
  const { user, token, sessionId, wasRefused } = holding;
  const character = String(100 * (1 + chance(2)) + user);

  switch (chance(20)) {
    case 0:
      return void (await node.end('removeSession', sessionId));
    case 1:
      return void (await node.end('logout', token));
    case 2:
      return void (await node.end('removeSessionsForCharacter', character));
    case 3:
      return void (await node.end('cleanupExpiredSessions'));
    case 4:
      return void (await (chance(4) === 0
        ? node.end('clearAllSessions')
        : node.end('removeSessionsForUser', String(user))));
    case 5:
    case 6:
      return void (await node.end('releaseCharacter', token));
    case 7:
    case 8:
    case 9:
    case 10:
    case 11:
    case 12:
      return void (await node.selectCharacter(token, character));
    default: {
      const isValid = await node.isValid(token);
      if (wasRefused && isValid) throw new Error(`${sessionId} was refused, and is valid again`);
      holding.wasRefused ||= !isValid;
    }
  }
}

async function expectOrder({ database, nodes }: Cluster, holdings: readonly Holding[]): Promise<void> {
  const { rows: live } = await database.sql('select id::text, user_id, character_id from mud_auth.sessions');
  const { rows: ended } = await database.sql('select session_id::text, reason from mud_auth.session_endings');
  const liveIds = new Set(live.map(({ id }) => id));
  const endedIds = new Set(ended.map(({ session_id }) => session_id));
  const seats = live.map(({ character_id }) => character_id).filter((id) => id !== null);

  expect(new Set(seats).size).toBe(seats.length);
  for (let user = 1; user <= FEW_USERS; user += 1) {
    expect(live.filter(({ user_id }) => user_id === String(user)).length).toBeLessThanOrEqual(4);
  }
  for (const { sessionId, token } of holdings) {
    expect([sessionId, liveIds.has(sessionId) !== endedIds.has(sessionId)]).toEqual([sessionId, true]);
    expect([sessionId, await nodes[0].isValid(token)]).toEqual([sessionId, liveIds.has(sessionId)]);
  }
}

/** A small generator whose every run can be had again: Mulberry32. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;

  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;

    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}
