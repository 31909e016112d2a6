import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { User } from '../../../src/directory.ts';
import { definePolicy, type SessionPolicyOptions } from '../../../src/session/session-policy.ts';
import type { CreateSessionOutcome } from '../../../src/session/session-store.ts';
import type { Session } from '../../../src/session/session.ts';
import { MemoryDirectory } from '../../../src/stores/memory/memory-directory.ts';
import { MemorySessionStore } from '../../../src/stores/memory/memory-session-store.ts';
import { FakeClock } from '../../../src/testing/fake-clock.ts';
import { newUuid } from '../../../src/token.ts';

const SECOND = 1_000;
const DAY = 24 * 60 * 60 * SECOND;
const ALICE: User = { id: 'user-1', username: 'alice', role: 'player', disabled: false };
const BOB: User = { id: 'user-2', username: 'bob', role: 'player', disabled: false };
/** Many users with few sessions each. */
const CROWD: readonly User[] = Array.from({ length: 100 }, (_, n) => ({ ...ALICE, id: `crowd-${n}` }));
const FULL = { code: 'store_unavailable', status: 503, retryable: true, outcome: 'not-applied' } as const;
const KICKED = { reason: 'kicked', actorId: null } as const;

describe('MemorySessionStore', () => {
  it.each([0, -1, 1.5, NaN, Infinity, '10', null])('finds a cap of %o a mistake', (maxSessions) => {
    // What a host without types might pass.
    const options = { directory: new MemoryDirectory(), maxSessions: maxSessions as number };

    expect(() => new MemorySessionStore(options)).toThrow(TypeError);
  });
});

describe('createSession of a full store', () => {
  it('is refused as a store that cannot, not as a user who may not', async () => {
    const { create } = open(2);
    await create(ALICE);
    await create(ALICE);

    await expect(create(BOB)).rejects.toMatchObject(FULL);
  });

  it('writes nothing', async () => {
    const { create, store } = open(2);
    const held = [await create(ALICE), await create(ALICE)];

    for (let n = 0; n < 10; n += 1) await expect(create(BOB)).rejects.toMatchObject(FULL);

    expect(await store.countActiveSessions(0)).toBe(2);
    expect(await store.endSessionsForUser(BOB.id, KICKED)).toBe(0);
    for (const { id } of held) expect(await store.findSession(id)).not.toBeNull();
  });

  it('ends none of the user’s sessions to make room, while he is under his limit', async () => {
    const { create, store } = open(2);
    const held = [await create(ALICE), await create(BOB)];

    await expect(create(ALICE, { maxSessionsPerUser: 2 })).rejects.toMatchObject(FULL);

    for (const { id } of held) {
      expect(await store.findSession(id)).not.toBeNull();
      expect(await store.findEnding(id)).toBeNull();
    }
  });

  it('succeeds where it replaces a session of the user', async () => {
    const { create, store } = open(2);
    const oldest = await create(ALICE);
    await create(BOB);

    const session = await create(ALICE, { maxSessionsPerUser: 1 });

    expect(await store.findSession(session.id)).not.toBeNull();
    expect((await store.findEnding(oldest.id))?.ending.reason).toBe('replaced');
    expect(await store.countActiveSessions(0)).toBe(2);
  });

  it('says of a user at his limit that he is, under `reject`', async () => {
    const { attempt, create } = open(1);
    const policy = { maxSessionsPerUser: 1, sessionLimitPolicy: 'reject' } as const;
    await create(ALICE, policy);

    expect(await attempt(ALICE, policy)).toEqual({ outcome: 'session_limit_reached', limit: 1 });
  });

  it('succeeds again once a session has ended', async () => {
    const { create, store } = open(1);
    const { id } = await create(ALICE);
    await store.endSession(id, KICKED);

    await expect(create(BOB)).resolves.toBeDefined();
  });

  it('sweeps expired sessions out to make room', async () => {
    const { clock, create, createMany, store } = open(100);
    await createMany(100, SECOND);

    clock.advance(SECOND - 1);
    await expect(create(BOB)).rejects.toMatchObject(FULL);
    clock.advance(1);
    for (let n = 0; n < 100; n += 1) await create(BOB);
    expect(await store.countActiveSessions(0)).toBe(100);
    await expect(create(BOB)).rejects.toMatchObject(FULL);
  });

  it('finds the one that has expired, wherever it stands and whatever was swept before', async () => {
    for (let place = 0; place < 40; place += 1) {
      const { clock, create, createMany } = open(40);
      await createMany(place, 10 * SECOND);
      await create(ALICE, { idleTimeoutMs: SECOND });
      await createMany(39 - place, 10 * SECOND);

      clock.advance(SECOND);

      await expect(create(BOB)).resolves.toBeDefined();
    }
  });

  it('finds the one of many that has expired, though it was refused just before', async () => {
    const { clock, create, createMany } = open(100);
    await createMany(50, 10 * SECOND);
    await create(ALICE, { idleTimeoutMs: SECOND });
    await createMany(49, 10 * SECOND);
    await expect(create(BOB)).rejects.toMatchObject(FULL);

    clock.advance(SECOND);

    await expect(create(BOB)).resolves.toBeDefined();
    await expect(create(BOB)).rejects.toMatchObject(FULL);
  });

  it('never comes to that while sessions expire as fast as they are created', async () => {
    const { clock, create, store } = open(100);

    for (let n = 0; n < 5_000; n += 1) {
      await create(CROWD[n % CROWD.length] ?? ALICE, { idleTimeoutMs: 100 * SECOND });
      clock.advance(SECOND);
    }

    expect(await store.countActiveSessions(0)).toBe(99);
  });
});

describe('createSession of a store with room', () => {
  it('ends expired sessions by and by, long before there is need', async () => {
    const { clock, create, createMany, store } = open(100_000);
    const expired = await createMany(100, SECOND);
    clock.advance(SECOND);

    for (let n = 0; n < 50; n += 1) await create(BOB);

    for (const { id } of expired) {
      expect(await store.findSession(id)).toBeNull();
      expect((await store.findEnding(id))?.ending.reason).toBe('expired');
    }
  });

  it('ends a few of them at a time, and does not stop for all', async () => {
    const { clock, create, createMany, store } = open(100_000);
    const expired = await createMany(100, SECOND);
    clock.advance(SECOND);

    await create(BOB);

    const left = await Promise.all(expired.map(({ id }) => store.findSession(id)));
    expect(left.filter((record) => record !== null).length).toBeGreaterThan(80);
  });

  it('ends none that live', async () => {
    const { create, store } = open(100_000);

    for (let n = 0; n < 100; n += 1) await create(ALICE);

    expect(await store.countActiveSessions(0)).toBe(100);
  });
});

describe('findEnding', () => {
  it('remembers as many endings as sessions may be, the latest ones', async () => {
    const { create, store } = open(3);
    const ended = [];
    for (let n = 0; n < 5; n += 1) {
      const { id } = await create(ALICE);
      await store.endSession(id, KICKED);
      ended.push(id);
    }

    const remembered = await Promise.all(ended.map((id) => store.findEnding(id)));

    expect(remembered.map((record) => record !== null)).toEqual([false, false, true, true, true]);
  });

  it('takes the latest ending of an id for the latest, though the id was used before', async () => {
    const { attempt, create, store } = open(2);
    const end = (id: string): Promise<unknown> => store.endSession(id, KICKED);
    const { id: twice } = await create(ALICE);
    await end(twice);
    await end((await create(ALICE)).id);
    await attempt(ALICE, {}, twice);
    await end(twice);

    await end((await create(ALICE)).id);

    expect(await store.findEnding(twice)).not.toBeNull();
  });

  it('remembers the last endings of a flood of sign-ins and logouts', async () => {
    const { create, store } = open(10);
    const ids = [];
    for (let n = 0; n < 1_000; n += 1) ids.push((await create(ALICE, { maxSessionsPerUser: 1 })).id);

    const remembered = await Promise.all(ids.map((id) => store.findEnding(id)));

    expect(remembered.filter((record) => record !== null)).toHaveLength(10);
  });
});

describe('cleanupExpiredSessions of many sessions', () => {
  it('lets other calls through before it is done', async () => {
    const { clock, createMany, store } = open(5_000);
    const sessions = await createMany(2_500, SECOND);
    clock.advance(SECOND);

    const cleanup = store.cleanupExpiredSessions();
    const meanwhile = await Promise.all(sessions.map(({ id }) => store.findSession(id)));

    expect(meanwhile.filter((record) => record !== null).length).toBeGreaterThan(1_000);
    expect(await cleanup).toBe(2_500);
    const after = await Promise.all(sessions.map(({ id }) => store.findSession(id)));
    expect(after.filter((record) => record !== null)).toEqual([]);
  });

  it('lets other calls through while it forgets old endings', async () => {
    const { clock, createMany, store } = open(5_000);
    const sessions = await createMany(2_500, DAY);
    for (const { id } of sessions) await store.endSession(id, KICKED);
    clock.advance(7 * DAY);

    let turns = 0;
    let isDone = false;
    const cleanup = store.cleanupExpiredSessions().then(() => (isDone = true));
    for (; !isDone; turns += 1) await setImmediate();

    await cleanup;
    expect(turns).toBeGreaterThanOrEqual(2);
  });

  it('does not count what others end meanwhile', async () => {
    const { clock, createMany, store } = open(5_000);
    const sessions = await createMany(1_500, SECOND);
    clock.advance(SECOND);

    const cleanup = store.cleanupExpiredSessions();
    const ended = await Promise.all(sessions.slice(0, 900).map(({ id }) => store.expireSession(id)));
    const byUs = ended.filter((ending) => ending !== null).length;

    expect(byUs).toBeGreaterThan(0);
    expect(await cleanup).toBe(1_500 - byUs);
  });

  it('is harmless when it runs twice at once', async () => {
    const { clock, create, createMany, store } = open(5_000);
    await createMany(2_500, SECOND);
    await create(BOB);
    clock.advance(SECOND);

    const counts = await Promise.all([store.cleanupExpiredSessions(), store.cleanupExpiredSessions()]);

    expect(counts[0] + counts[1]).toBe(2_500);
    expect(await store.countActiveSessions(0)).toBe(1);
  });

  it('leaves those alone that are created meanwhile', async () => {
    const { clock, create, createMany, store } = open(5_000);
    await createMany(2_500, SECOND);
    clock.advance(SECOND);

    const cleanup = store.cleanupExpiredSessions();
    const session = await create(BOB, { idleTimeoutMs: SECOND });
    await cleanup;

    expect((await store.touchSession(session.id)).outcome).toBe('touched');
  });
});

interface Opened {
  readonly clock: FakeClock;
  readonly store: MemorySessionStore;
  readonly attempt: (user: User, policy?: SessionPolicyOptions, id?: string) => Promise<CreateSessionOutcome>;
  readonly create: (user: User, policy?: SessionPolicyOptions) => Promise<Session>;
  /** So many sessions, of many users in turn. */
  readonly createMany: (count: number, idleTimeoutMs: number) => Promise<Session[]>;
}

function open(maxSessions: number): Opened {
  const clock = new FakeClock();
  const store = new MemorySessionStore({
    directory: new MemoryDirectory({ users: [ALICE, BOB, ...CROWD] }),
    clock,
    maxSessions,
  });
  const attempt: Opened['attempt'] = (user, policy, id = newUuid()) =>
    store.createSession({
      id,
      userId: user.id,
      secretHash: new Uint8Array(32),
      clientType: '',
      isAuthenticated: true,
      policy: definePolicy(policy),
    });

  const create: Opened['create'] = async (user, policy) => {
    const created = await attempt(user, policy);
    if (created.outcome !== 'created')
      throw new TypeError(`A session was expected, it is ${created.outcome}.`);

    return created.session;
  };
  const createMany: Opened['createMany'] = async (count, idleTimeoutMs) => {
    const sessions = [];
    for (let n = 0; n < count; n += 1)
      sessions.push(await create(CROWD[n % CROWD.length] ?? ALICE, { idleTimeoutMs }));

    return sessions;
  };

  return { clock, store, attempt, create, createMany };
}
