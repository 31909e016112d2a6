import { describe, expect, it } from 'vitest';
import { definePolicy } from '../../../src/session/session-policy.ts';
import type { CreateSessionOutcome } from '../../../src/session/session-store.ts';
import type { Session } from '../../../src/session/session.ts';
import { MemoryDirectory } from '../../../src/stores/memory/memory-directory.ts';
import { MemorySessionStore } from '../../../src/stores/memory/memory-session-store.ts';
import { FakeClock } from '../../../src/testing/index.ts';
import { newUuid } from '../../../src/token.ts';
import { describePorts } from '../../support/describe-ports.ts';

const ALICE = { id: 'user-1', username: 'alice', role: 'player', disabled: false };
const BOB = { id: 'user-2', username: 'bob', role: 'player', disabled: false };
const ARIA = { id: 'character-2', userId: ALICE.id, name: 'Aria', worldId: 'mist' };
const CATO = { id: 'character-1', userId: BOB.id, name: 'Cato', worldId: 'mist' };
const KICKED = { reason: 'kicked', actorId: null } as const;

describePorts('MemorySessionStore', {
  describe,
  it,
  open: (context) => ({ store: new MemorySessionStore(context) }),
});

describe('findSession', () => {
  it('gives out no hash that the store still holds, and neither does findEnding', async () => {
    const { store, id } = await openWithSession();
    const secretHash = [...((await store.findSession(id))?.secretHash ?? [])];
    expect(secretHash).toHaveLength(32);

    (await store.findSession(id))?.secretHash.fill(0);
    expect([...((await store.findSession(id))?.secretHash ?? [])]).toEqual(secretHash);
    await store.endSession(id, KICKED);
    (await store.findEnding(id))?.secretHash.fill(0);

    expect([...((await store.findEnding(id))?.secretHash ?? [])]).toEqual(secretHash);
  });

  it('says when it read the row, not when the host had answered', async () => {
    const { clock, directory, store, id } = await openWithSession();
    const before = clock.now();
    directory.findUser = async () => {
      clock.advance(5_000);

      return ALICE;
    };

    expect((await store.findSession(id))?.readAt).toEqual(before);
  });
});

describe('selectCharacter', () => {
  it('binds no character of one user to the session of another', async () => {
    const { store, id } = await openWithSession();
    const ofBob = { sessionId: id, userId: BOB.id, characterId: CATO.id, seatPolicy: 'take_over' } as const;

    expect(await store.selectCharacter(ofBob)).toEqual({ outcome: 'session_ended' });
    expect((await store.findSession(id))?.session.characterId).toBeNull();
  });
});

// Types keep nobody from moving a date, nor a host without types from anything else.
describe('what a caller is given', () => {
  it.each<[string, (opened: Opened) => Promise<Session | undefined>]>([
    ['created', ({ session }) => Promise.resolve(session)],
    ['found', async ({ store, id }) => (await store.findSession(id))?.session],
    ['selected', ({ store, id }) => select(store, id)],
    [
      'selected again',
      async ({ store, id }) => {
        await select(store, id);

        return select(store, id);
      },
    ],
  ])('is his own, when a session is %s', async (_, give) => {
    const opened = await openWithSession();
    const given = await give(opened);
    const before = structuredClone(await opened.store.findSession(opened.id));

    given?.createdAt.setTime(0);
    given?.lastActiveAt.setTime(0);
    given?.absoluteExpiresAt.setTime(0);
    Object.assign(given ?? {}, { userId: BOB.id });

    expect((await opened.store.findSession(opened.id))?.session).toEqual(before?.session);
  });

  it('is his own, when a session is touched', async () => {
    const { store, id } = await openWithSession();
    const touched = await store.touchSession(id);
    const before = structuredClone(await store.findSession(id));

    if (touched.outcome === 'touched') touched.lastActiveAt.setTime(0);

    expect((await store.findSession(id))?.session).toEqual(before?.session);
  });
});

// An id ought never to be used twice. Where a host does it all the same, nothing of the first
// session may stick to the second: this is what shows whether all indexes forget an ended one.
describe('endSession of a session whose id is used again', () => {
  it('takes it from the user whose it was', async () => {
    const { create, store, id } = await openWithSession();
    await create(BOB.id, newUuid());
    await create(ALICE.id, newUuid());
    await store.endSession(id, KICKED);
    await create(BOB.id, id);

    expect(await store.endSessionsForUser(ALICE.id, KICKED)).toBe(1);
    expect(await store.findSession(id)).not.toBeNull();
  });

  it('takes it from the character that it played', async () => {
    const { create, store } = await openWithSession();
    const id = newUuid();
    await create(BOB.id, id);
    await store.selectCharacter({
      sessionId: id,
      userId: BOB.id,
      characterId: CATO.id,
      seatPolicy: 'reject',
    });
    await store.endSession(id, KICKED);
    await create(BOB.id, id);

    expect(await store.endSessionForCharacter(CATO.id, KICKED)).toBeNull();
    expect(await store.findSession(id)).not.toBeNull();
  });
});

interface Opened {
  readonly clock: FakeClock;
  readonly directory: MemoryDirectory;
  readonly store: MemorySessionStore;
  /** A session of Alice. */
  readonly id: string;
  readonly session: Session | undefined;
  readonly create: (userId: string, id: string) => Promise<CreateSessionOutcome>;
}

async function openWithSession(): Promise<Opened> {
  const clock = new FakeClock();
  const directory = new MemoryDirectory({ users: [ALICE, BOB], characters: [ARIA, CATO] });
  const store = new MemorySessionStore({ clock, directory });
  const create: Opened['create'] = (userId, id) =>
    store.createSession({
      id,
      userId,
      secretHash: new Uint8Array(32),
      clientType: '',
      isAuthenticated: true,
      policy: definePolicy(),
    });
  const id = newUuid();
  const created = await create(ALICE.id, id);
  const session = created.outcome === 'created' ? created.session : undefined;

  return { clock, directory, store, id, session, create };
}

async function select(store: MemorySessionStore, sessionId: string): Promise<Session | undefined> {
  const selection = { sessionId, userId: ALICE.id, characterId: ARIA.id, seatPolicy: 'reject' } as const;
  const selected = await store.selectCharacter(selection);

  return selected.outcome === 'selected' ? selected.session : undefined;
}
