import { describe, expect, it } from 'vitest';
import {
  type MemoryLinkStore,
  type MemoryRememberStore,
  MemorySessionStore,
} from '../../src/stores/memory/index.ts';
import {
  describeLinkStore,
  describeMaintenanceStore,
  describeRememberStore,
  describeSessionStore,
  type StoreContext,
} from '../../src/testing/index.ts';
import { portsOn } from '../support/describe-ports.ts';
import {
  CachingDirectory,
  BlindLinkStore,
  CachingStore,
  CredulousLinkStore,
  ForgetfulStore,
  ForgivingRememberStore,
  GreedyLinkStore,
  HastyStore,
  ImpatientLinkStore,
  KindStore,
  LateStore,
  LenientStore,
  LooseRememberStore,
  ObliviousRememberStore,
  OpenStore,
  RevivingStore,
  SparingStore,
} from './broken-stores.ts';

// The conformance suite is worth what it finds. Here it is run on stores that are wrong in one
// point each, as an author might get them wrong, and has to find every one of them out.

const CREATING = 'createSession';
const READING = 'findSession and findEnding';
const TOUCHING = 'touchSession and expireSession';
const RENEWING = 'renewSession';
const SEATING = 'selectCharacter and releaseCharacter';
const ENDING = 'the ends of sessions';
const LISTING = 'counts and lists';
const LINKING = 'nodes, and the links of sessions';
const PRESENCE = 'who is there';
const MAINTENANCE = 'a closed game';
const REMEMBERING = 'clients that are remembered';
const FORGETTING = 'clients that are forgotten';
const RACING = 'calls at the same time';

const SUITES = [describeSessionStore, describeLinkStore, describeMaintenanceStore, describeRememberStore];

/** Cases of the suite that a store fails, by chapter. */
type Failures = Readonly<Record<string, readonly string[]>>;

describe('the suites of stores', () => {
  it('finds nothing wrong with a sound store', async () => {
    expect(await failuresOf((context) => new MemorySessionStore(context))).toEqual({});
  });

  it('has a sound store pass some cases in every chapter', async () => {
    const cases = casesOf((context) => new MemorySessionStore(context));

    const chapters = new Set(cases.map(({ chapter }) => chapter));

    expect([...chapters]).toEqual([
      CREATING,
      READING,
      TOUCHING,
      RENEWING,
      SEATING,
      ENDING,
      LISTING,
      RACING,
      LINKING,
      PRESENCE,
      MAINTENANCE,
      REMEMBERING,
      FORGETTING,
    ]);
  });

  it('opens a store for each case, and closes it whatever happens', async () => {
    let opened = 0;
    let closed = 0;
    const cases = casesOf(
      (context) => {
        opened += 1;

        return new ForgetfulStore(context);
      },
      async () => {
        closed += 1;
      },
    );

    await Promise.allSettled(cases.map(({ run }) => run()));

    expect(opened).toBe(cases.length);
    expect(closed).toBe(cases.length);
  });

  it.each<[string, Open, readonly string[]]>([
    [
      'lets a session live until after its deadline',
      (context) => new LateStore(context),
      [TOUCHING, LISTING],
    ],
    ['touches a session that has expired', (context) => new LenientStore(context), [TOUCHING]],
    ['revives an ended session by a touch', (context) => new RevivingStore(context), [TOUCHING, RACING]],
    ['does not remember how a session ended', (context) => new ForgetfulStore(context), [READING, ENDING]],
    ['still finds a session that has ended', (context) => new CachingStore(context), [ENDING, RACING]],
    ['counts sessions before it locks', (context) => new HastyStore(context), [RACING]],
    ['takes a character over and lets its holder live', (context) => new KindStore(context), [SEATING]],
    ['leaves one session when it clears all', (context) => new SparingStore(context), [ENDING]],
    ['drops link-dead players without a grace', linkedBy(ImpatientLinkStore), [LINKING]],
    ['drops those who have come back', linkedBy(BlindLinkStore), [LINKING]],
    ['lets a node adopt from the living', linkedBy(GreedyLinkStore), [LINKING]],
    ['believes dead nodes', linkedBy(CredulousLinkStore), [LINKING, PRESENCE]],
    ['lets everybody into a closed game', (context) => new OpenStore(context), [MAINTENANCE]],
    ['forgives every copy', rememberedBy(ForgivingRememberStore), [REMEMBERING]],
    ['does not know a copy', rememberedBy(ObliviousRememberStore), [REMEMBERING]],
    ['lets go of sessions', rememberedBy(LooseRememberStore), [FORGETTING]],
    ['remembers users', (context) => new MemorySessionStore(rememberingUsers(context)), [READING, LISTING]],
  ])('finds out a store that %s', async (_, open, chapters) => {
    const failures = await failuresOf(open);

    expect(Object.keys(failures)).toEqual(expect.arrayContaining([...chapters]));
  });

  it('finds the store that counts too early in its races alone', async () => {
    const failures = await failuresOf((context) => new HastyStore(context));

    expect(Object.keys(failures)).toEqual([RACING]);
  });
});

interface Case {
  readonly chapter: string;
  readonly title: string;
  readonly run: () => Promise<void>;
}

/** Opens what is wrong: a store of sessions, or one of another port on a sound store of sessions. */
type Open = (context: StoreContext) => MemorySessionStore | ({ readonly store: MemorySessionStore } & Others);

type Others = Partial<ReturnType<typeof portsOn>>;

function linkedBy(Links: typeof MemoryLinkStore): Open {
  return on((store) => ({ links: new Links(store) }));
}

function rememberedBy(Remember: typeof MemoryRememberStore): Open {
  return on((store) => ({ remember: new Remember(store) }));
}

function on(others: (store: MemorySessionStore) => Others): Open {
  return (context) => {
    const store = new MemorySessionStore(context);

    return { store, ...others(store) };
  };
}

/** The cases of the suite for a store, collected instead of run. */
function casesOf(open: Open, close?: () => Promise<void>): Case[] {
  const cases: Case[] = [];
  let chapter = '';

  for (const describeStore of SUITES) {
    describeStore('a store', {
      describe: (title, body) => {
        chapter = title;
        body();
      },
      it: (title, run) => cases.push({ chapter, title, run }),
      open: (context) => {
        const opened = open(context);
        const others = opened instanceof MemorySessionStore ? { store: opened } : opened;

        return { ...portsOn(others.store), ...others, ...(close && { close }) };
      },
    });
  }

  return cases;
}

async function failuresOf(open: Open): Promise<Failures> {
  const failed: Pick<Case, 'chapter' | 'title'>[] = [];
  for (const { chapter, title, run } of casesOf(open)) {
    const hasFailed = await run().then(
      () => false,
      () => true,
    );
    if (hasFailed) failed.push({ chapter, title });
  }
  const chapters = [...new Set(failed.map(({ chapter }) => chapter))];

  return Object.fromEntries(
    chapters.map((chapter) => [
      chapter,
      failed.filter((failure) => failure.chapter === chapter).map(({ title }) => title),
    ]),
  );
}

function rememberingUsers({
  clock,
  directory,
}: StoreContext): ConstructorParameters<typeof MemorySessionStore>[0] {
  return { clock, directory: new CachingDirectory(directory) };
}
