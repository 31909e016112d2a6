import { randomBytes } from 'node:crypto';
import assert from 'node:assert/strict';
import type { Character, User } from '../../directory.ts';
import type { EndingCause } from '../../session/ending.ts';
import { definePolicy, type SessionPolicyOptions } from '../../session/session-policy.ts';
import type { SessionStore } from '../../session/session-store.ts';
import type { Session } from '../../session/session.ts';
import { MemoryDirectory } from '../../stores/memory/memory-directory.ts';
import { newUuid } from '../../token.ts';
import { FakeClock } from '../fake-clock.ts';

/** Where a store under test is told of the host's users and characters. */
export interface HostRecords {
  /** Adds a user, or replaces the one with his id. */
  putUser(user: User): Promise<void>;
  /** Adds a character, or replaces the one with its id. */
  putCharacter(character: Character): Promise<void>;
  deleteUser(userId: string): Promise<void>;
  deleteCharacter(characterId: string): Promise<void>;
}

/** What each store under test is opened with. */
export interface StoreContext {
  /** The only clock the store may read. */
  readonly clock: FakeClock;
  /** The users and characters, for a store that reads a `Directory`. */
  readonly directory: MemoryDirectory;
}

/** A store under test: empty, and used by one case only. */
export interface OpenedStore {
  readonly store: SessionStore;
  /** Where users and characters are put, if the store reads them elsewhere than in the directory. */
  readonly host?: HostRecords;
  /** Called at the end of the case. */
  readonly close?: () => Promise<void>;
}

/** What a suite is given; that of another port is given a store of that port, too. */
export interface StoreSuiteOptions<Others extends object = object> {
  /** The `describe` of your test runner. */
  readonly describe: (title: string, body: () => void) => unknown;
  /** The `it` of your test runner. */
  readonly it: (title: string, body: () => Promise<void>) => unknown;
  /** Opens a fresh, empty store. Called once for every case. */
  readonly open: (context: StoreContext) => (OpenedStore & Others) | Promise<OpenedStore & Others>;
  /** The host's n-th id, in the form that the store takes. Default: `String(n)`. */
  readonly hostId?: (n: number) => string;
}

/** Users and characters of the suite: Alice plays Aria, Borin and Lost; Bob plays Cato. */
interface People {
  readonly alice: User;
  readonly bob: User;
  /** Of Alice, in the world `mist`. */
  readonly aria: Character;
  /** Of Alice, in the world `stone`. */
  readonly borin: Character;
  /** Of Alice, in a world that is gone. */
  readonly lost: Character;
  /** Of Bob, in the world `mist`. */
  readonly cato: Character;
  /** An id that no user and no character has. */
  readonly unknownId: string;
}

/** One case's store, clock and people. */
export interface Fixture extends People {
  readonly store: SessionStore;
  readonly clock: FakeClock;
  readonly host: HostRecords;
  /** Creates a session for a user, and fails the case if the store does not. */
  readonly create: (user: User, policy?: SessionPolicyOptions) => Promise<Session>;
  /** Lets a session play a character, taking it over if need be. */
  readonly play: (session: Session, character: Character) => Promise<void>;
  /** Whether the session can still be used. */
  readonly isLive: (session: Session) => Promise<boolean>;
}

/** Declares one case of the suite, with a store of its own. */
export type DeclareCase<Others extends object = object> = (
  title: string,
  body: (fixture: Fixture & Others) => Promise<void>,
) => void;

/** The cases of a suite by chapter. */
export type Chapters<Others extends object = object> = Readonly<
  Record<string, (it: DeclareCase<Others>) => void>
>;

export const KICKED: EndingCause = { reason: 'kicked', actorId: null };

/** Declares the cases of a suite, each of which opens a store of its own. */
export function describeChapters<Others extends object>(
  title: string,
  chapters: Chapters<Others>,
  options: StoreSuiteOptions<Others>,
): void {
  options.describe(title, () => {
    for (const [chapter, declareCases] of Object.entries(chapters)) {
      options.describe(chapter, () => {
        declareCases((sentence, body) => {
          options.it(sentence, () => withFixture(options, body));
        });
      });
    }
  });
}

/** Runs the body on a fresh store, and closes it whatever happens. */
async function withFixture<Others extends object>(
  options: StoreSuiteOptions<Others>,
  body: (fixture: Fixture & Others) => Promise<void>,
): Promise<void> {
  const clock = new FakeClock();
  const directory = new MemoryDirectory();
  const opened = await options.open({ clock, directory });
  const { store, host = directory, close } = opened;

  try {
    const people = peopleOf(options.hostId ?? String);
    for (const user of [people.alice, people.bob]) await host.putUser(user);
    for (const character of [people.aria, people.borin, people.lost, people.cato]) {
      await host.putCharacter(character);
    }
    await body({ ...opened, ...people, ...actionsOn(store), clock, host });
  } finally {
    await close?.();
  }
}

/** A fresh 32-byte hash, as of some secret. */
export function someHash(): Uint8Array {
  return randomBytes(32);
}

function peopleOf(hostId: (n: number) => string): People {
  const alice: User = { id: hostId(1), username: 'alice', role: 'player', disabled: false };
  const bob: User = { id: hostId(2), username: 'bob', role: 'player', disabled: false };

  return {
    alice,
    bob,
    aria: { id: hostId(11), userId: alice.id, name: 'Aria', worldId: 'mist' },
    borin: { id: hostId(12), userId: alice.id, name: 'Borin', worldId: 'stone' },
    lost: { id: hostId(13), userId: alice.id, name: 'Lost', worldId: null },
    cato: { id: hostId(21), userId: bob.id, name: 'Cato', worldId: 'mist' },
    unknownId: hostId(99),
  };
}

function actionsOn(store: SessionStore): Pick<Fixture, 'create' | 'play' | 'isLive'> {
  return {
    async create(user, policy) {
      const created = await store.createSession({
        id: newUuid(),
        userId: user.id,
        secretHash: someHash(),
        clientType: 'suite',
        isAuthenticated: true,
        policy: definePolicy(policy),
      });
      assert.ok(created.outcome === 'created', `creating a session: ${created.outcome}`);

      return created.session;
    },
    async play(session, character) {
      const selected = await store.selectCharacter({
        sessionId: session.id,
        userId: session.userId,
        characterId: character.id,
        seatPolicy: 'take_over',
      });
      assert.equal(selected.outcome, 'selected');
    },
    async isLive(session) {
      return (await store.touchSession(session.id)).outcome !== 'ended';
    },
  };
}
