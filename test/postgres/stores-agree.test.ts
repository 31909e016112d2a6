import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { definePolicy } from '../../src/session/session-policy.ts';
import type { LinkStore, MaintenanceStore } from '../../src/live/index.ts';
import type { FamilyEnd, RememberStore } from '../../src/remember/index.ts';
import type { SessionStore } from '../../src/session/session-store.ts';
import { MemoryDirectory, MemorySessionStore } from '../../src/stores/memory/index.ts';
import { migrateToLatest, PostgresSessionStore } from '../../src/stores/postgres/index.ts';
import { FakeClock, type HostRecords } from '../../src/testing/index.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { portsOn } from '../support/describe-ports.ts';
import { hostRecords, hostTablesSql } from '../support/host-tables.ts';

const SEED = Number(process.env['FC_SEED'] ?? randomInt(2 ** 31));
const LIVES = 150;

const USERS = ['1', '2'] as const;
const CHARACTERS = ['11', '12', '21'] as const;
const SESSIONS = Array.from({ length: 8 }, (_, n) => `00000000-0000-4000-8000-00000000000${n}`);

/** One thing that happens to a store, its host or its clock. */
type Step =
  | { readonly act: 'advance'; readonly ms: number }
  | {
      readonly act: 'create';
      readonly id: string;
      readonly user: string;
      readonly limit: number | null;
      readonly rejects: boolean;
    }
  | {
      readonly act: 'select';
      readonly id: string;
      readonly user: string;
      readonly character: string;
      readonly rejects: boolean;
    }
  | { readonly act: 'touch' | 'release' | 'end' | 'findEnding' | 'find'; readonly id: string }
  | { readonly act: 'endForUser' | 'disable' | 'enable'; readonly user: string }
  | { readonly act: 'link' | 'unlink' | 'drop'; readonly id: string; readonly node: string }
  | { readonly act: 'remember'; readonly id: string; readonly family: string }
  | {
      readonly act: 'redeem';
      readonly id: string;
      readonly family: string;
      readonly presented: number;
      readonly successor: number;
    }
  | { readonly act: 'forget'; readonly family: string }
  | { readonly act: 'keep' | 'die' | 'adopt'; readonly node: string }
  | { readonly act: 'hide'; readonly id: string; readonly isHidden: boolean }
  | { readonly act: 'close'; readonly admits: string; readonly ends: boolean }
  | { readonly act: 'endForCharacter' | 'delete'; readonly character: string }
  | { readonly act: 'give'; readonly character: string; readonly user: string; readonly world: string | null }
  | { readonly act: 'endAll' | 'cleanup' | 'count' | 'list' | 'who' | 'open' };

const NODES = Array.from({ length: 2 }, (_, n) => `10000000-0000-4000-8000-00000000000${n}`);

const FAMILIES = Array.from({ length: 3 }, (_, n) => `20000000-0000-4000-8000-00000000000${n}`);

const family = fc.constantFrom(...FAMILIES);
/** The n-th token of a family, and what it is known by. */
const generation = fc.integer({ min: 0, max: 3 });
const hashOf = (n: number): Uint8Array => new Uint8Array(32).fill(n);

const id = fc.constantFrom(...SESSIONS);
const node = fc.constantFrom(...NODES);
const user = fc.constantFrom(...USERS);
const character = fc.constantFrom(...CHARACTERS);
const rejects = fc.boolean();
const act = <const Act extends string>(...acts: Act[]): fc.Arbitrary<Act> => fc.constantFrom(...acts);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ act: act('create'), id, user, limit: fc.constantFrom(null, 1, 2), rejects }),
  },
  { weight: 4, arbitrary: fc.record({ act: act('select'), id, user, character, rejects }) },
  { weight: 3, arbitrary: fc.record({ act: act('advance'), ms: fc.constantFrom(1, 499, 500, 1_000) }) },
  {
    weight: 6,
    arbitrary: fc.record({ act: act('touch', 'release', 'end', 'find', 'findEnding'), id }),
  },
  { weight: 5, arbitrary: fc.record({ act: act('link', 'link', 'unlink', 'drop'), id, node }) },
  { weight: 4, arbitrary: fc.record({ act: act('keep', 'keep', 'die', 'adopt'), node }) },
  { weight: 3, arbitrary: fc.record({ act: act('remember'), id, family }) },
  {
    weight: 5,
    arbitrary: fc.record({ act: act('redeem'), id, family, presented: generation, successor: generation }),
  },
  { weight: 1, arbitrary: fc.record({ act: act('forget'), family }) },
  { weight: 1, arbitrary: fc.record({ act: act('hide'), id, isHidden: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      act: act('close'),
      admits: fc.constantFrom('player', 'admin'),
      ends: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ act: act('endForUser', 'disable', 'enable'), user }) },
  { weight: 2, arbitrary: fc.record({ act: act('endForCharacter', 'delete'), character }) },
  {
    weight: 1,
    arbitrary: fc.record({
      act: act('give'),
      character,
      user,
      world: fc.constantFrom('mist', 'stone', null),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ act: act('endAll', 'cleanup', 'count', 'list', 'who', 'who', 'open') }),
  },
);

describe(`the stores, told the same (seed ${SEED})`, () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
    await migrateToLatest(database.pool);
    await database.sql(hostTablesSql('integer'));
  });
  afterAll(() => database.close());

  it('answer the same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const [memory, postgres] = await openBoth();
        for (const [index, next] of steps.entries()) {
          const expected = await take(next, memory);
          const actual = await take(next, postgres);
          assert.deepEqual(actual, expected, `step ${index}: ${JSON.stringify(next)}`);
        }
      }),
      { numRuns: LIVES, seed: SEED },
    );
  });

  async function openBoth(): Promise<[World, World]> {
    await database.sql(
      `delete from mud_auth.sessions; delete from mud_auth.session_endings; delete from mud_auth.nodes; delete from mud_auth.remember_families;
       delete from mud_auth.maintenance; delete from users; delete from characters`,
    );
    const directory = new MemoryDirectory();
    const clocks = [new FakeClock(), new FakeClock()] as const;
    const relations = {
      users: { relation: 'users', idType: 'integer' },
      characters: { relation: 'characters', idType: 'integer' },
    } as const;
    const memory = new MemorySessionStore({ directory, clock: clocks[0] });
    const postgres = new PostgresSessionStore({ pool: database.pool, clock: clocks[1], ...relations });
    const worlds: [World, World] = [
      {
        clock: clocks[0],
        host: directory,
        store: memory,
        ...portsOn(memory),
        used: new Set(),
      },
      {
        clock: clocks[1],
        host: hostRecords(database.sql),
        store: postgres,
        ...portsOn(postgres),
        used: new Set(),
      },
    ];
    for (const { host } of worlds) {
      for (const userId of USERS)
        await host.putUser({ id: userId, username: `user${userId}`, role: 'player', disabled: false });
      for (const characterId of CHARACTERS) {
        await host.putCharacter({
          id: characterId,
          userId: characterId.slice(0, 1),
          name: `hero${characterId}`,
          worldId: 'mist',
        });
      }
    }

    return worlds;
  }
});

interface World {
  readonly clock: FakeClock;
  readonly host: HostRecords;
  readonly store: SessionStore;
  readonly links: LinkStore;
  readonly maintenance: MaintenanceStore;
  readonly remember: RememberStore;
  /** The ids that were used: a session's is always fresh. */
  readonly used: Set<string>;
}

async function take(
  next: Step,
  { clock, host, links, maintenance, remember, store, used }: World,
): Promise<unknown> {
  const cause = { reason: 'kicked', actorId: null } as const;

  switch (next.act) {
    case 'advance':
      return clock.advance(next.ms);
    case 'create':
      if (used.has(next.id)) return null;
      used.add(next.id);
      return store.createSession({
        id: next.id,
        userId: next.user,
        secretHash: new Uint8Array(32).fill(7),
        clientType: 'any',
        isAuthenticated: true,
        policy: definePolicy({
          idleTimeoutMs: 1_000,
          absoluteTimeoutMs: 3_000,
          maxSessionsPerUser: next.limit,
          sessionLimitPolicy: next.rejects ? 'reject' : 'replace_oldest',
        }),
      });
    case 'select':
      return store.selectCharacter({
        sessionId: next.id,
        userId: next.user,
        characterId: next.character,
        seatPolicy: next.rejects ? 'reject' : 'take_over',
      });
    case 'touch':
      return store.touchSession(next.id);
    case 'release':
      return store.releaseCharacter(next.id);
    case 'end':
      return store.endSession(next.id, cause);
    case 'find': {
      // An expired session may be there still, or not.
      const record = await store.findSession(next.id);
      const isGone = record === null || (await store.touchSession(next.id)).outcome === 'ended';
      return isGone ? null : { ...record, secretHash: [...record.secretHash] };
    }
    case 'findEnding':
      // An expired session may be remembered already, or not yet.
      await store.expireSession(next.id);
      return (await store.findEnding(next.id))?.ending.reason ?? null;
    case 'link':
      return links.linkSession({ sessionId: next.id, nodeId: next.node });
    case 'remember':
      // The id of a family is always fresh, and what is over has to be seen as gone.
      if (used.has(next.family)) return null;
      used.add(next.family);
      return remember.startFamily({
        id: next.family,
        sessionId: next.id,
        secretHash: hashOf(0),
        idleTimeoutMs: 2_000,
        absoluteTimeoutMs: 5_000,
      });
    case 'redeem': {
      const { presented, successor } = next;
      const redemption = { familyId: next.family, sessionId: next.id, graceMs: 500 };
      const hashes = { secretHash: hashOf(presented), successorHash: hashOf(successor) };
      // A successor is always fresh, but where it is repeated.
      const before = await remember.findToken(next.family, hashOf(successor));
      const isFresh = before === null && presented < successor;
      const outcome =
        isFresh || before !== null ? await remember.redeemToken({ ...redemption, ...hashes }) : null;
      return [outcome, await remember.findToken(next.family, hashOf(presented))];
    }
    case 'forget':
      return remember.endFamily(next.family, { reason: 'reuse_detected', actorId: null }).then(sorted);
    case 'unlink':
      return links.unlinkSession({ sessionId: next.id, nodeId: next.node });
    case 'drop':
      return links.dropLinkDead({ sessionId: next.id, nodeId: next.node }, 500);
    case 'keep':
      return links.keepNode({ id: next.node, name: 'a node', leaseMs: 1_000 });
    case 'die':
      return links.endNode(next.node);
    case 'adopt':
      return [await links.adoptSessions(next.node), (await links.listLinkedSessions(next.node)).toSorted()];
    case 'hide':
      return links.hideSession(next.id, next.isHidden);
    case 'close':
      return maintenance.startMaintenance({
        admittedRoles: [next.admits],
        message: 'Back soon.',
        expectedEnd: null,
        endsSessions: next.ends,
        actorId: null,
      });
    case 'open':
      return [await maintenance.findMaintenance(), await maintenance.endMaintenance()];
    case 'who': {
      const lists = [
        await links.listPresentCharacters(null, 500),
        await links.listPresentCharacters('mist', 0),
      ];
      return lists.map((list) => list.toSorted((a, b) => (a.sessionId < b.sessionId ? -1 : 1)));
    }
    case 'endForUser':
      return store.endSessionsForUser(next.user, cause);
    case 'disable':
    case 'enable':
      return host.putUser({
        id: next.user,
        username: `user${next.user}`,
        role: 'player',
        disabled: next.act === 'disable',
      });
    case 'endForCharacter':
      return (await store.endSessionForCharacter(next.character, cause))?.sessionId ?? null;
    case 'delete':
      return host.deleteCharacter(next.character);
    case 'give':
      return host.putCharacter({ id: next.character, userId: next.user, name: 'given', worldId: next.world });
    case 'endAll':
      return store.endAllSessions({ reason: 'cleared', actorId: null });
    case 'cleanup':
      await store.cleanupExpiredSessions();
      return store.cleanupExpiredSessions();
    case 'count':
      return [await store.countActiveSessions(0), await store.countActiveSessions(500)];
    case 'list': {
      const lists = [
        await store.listActiveCharacters('mist', 0),
        await store.listActiveCharacters('stone', 500),
      ];
      return lists.map((list) => list.toSorted((a, b) => (a.sessionId < b.sessionId ? -1 : 1)));
    }
  }
}

function sorted({ wasLive, endings }: FamilyEnd): FamilyEnd {
  return { wasLive, endings: endings.toSorted((a, b) => (a.sessionId < b.sessionId ? -1 : 1)) };
}
