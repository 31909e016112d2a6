// One server process with connections, driven by messages: a SessionService over a pool of its own, and
// LiveSessions that listen to the other nodes.
import type { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { queryObjects } from 'node:v8';
import pg from 'pg';
import {
  type RemovalReason,
  type SessionPolicyOptions,
  SessionService,
  SessionStoreError,
} from '../../src/index.ts';
import { type ConnectionEndReason, LiveSessions } from '../../src/live/index.ts';
import { LiveSession } from '../../src/live/live-session.ts';
import { PostgresLinkStore, PostgresSessionEvents } from '../../src/stores/postgres/live/index.ts';
import { PostgresSessionStore } from '../../src/stores/postgres/index.ts';

export interface LiveNodeSettings {
  /** Its listening connection goes by this name in `pg_stat_activity`. */
  readonly name: string;
  readonly url: string;
  /** Where it listens: the same server, perhaps by a way that can fail. */
  readonly listenUrl: string;
  /** Loses all that other nodes tell, though its listening connection answers and hears itself. */
  readonly losesHints: boolean;
  readonly policy: SessionPolicyOptions;
  /** Settings of `LiveSessions`. */
  readonly live: { readonly nodeLeaseMs?: number; readonly sweepIntervalMs?: number };
}

/** Who has signed in. */
export interface Player {
  readonly userId: string;
  readonly sessionId: string;
  readonly token: string;
}

/** What a host does on its own authority. */
export type Revocation = ({ readonly sessionId: string } | { readonly userId: string }) & {
  readonly reason: RemovalReason;
};

/** A connection of this session was told to close. Times here are those of the machine's clock. */
export interface Closing {
  readonly sessionId: string;
  readonly reason: ConnectionEndReason;
  readonly at: number;
}

/** When the host was told of something about a session. */
export interface Told {
  readonly sessionId: string;
  readonly at: number;
}

export interface Report {
  /** One for each call of a connection's `close`. */
  readonly closings: readonly Closing[];
  /** The sessions that have connections here. */
  readonly attached: readonly string[];
  readonly linkDead: readonly Told[];
  readonly left: readonly Told[];
  /** How many events it has heard, its own among them. */
  readonly heard: number;
  /** How often the channel said that something may have been missed. */
  readonly gaps: number;
}

/** What is not to grow, after a garbage collection. */
export interface Usage {
  readonly heapBytes: number;
  readonly liveSessions: number;
  readonly timers: number;
  /** Of the process, of the pool, and of its connections. */
  readonly listeners: number;
}

/** What a node can be told to do. */
export interface LiveNodeCalls {
  signIn(userIds: readonly string[]): Promise<readonly Player[]>;
  /** Lets each play the character whose id is that of the user. */
  play(players: readonly Player[]): Promise<unknown>;
  attach(players: readonly Player[]): Promise<unknown>;
  /** Signs somebody in for every two rounds, attaches him twice, and detaches him at once. */
  attachAndDetach(rounds: number): Promise<unknown>;
  /** Revokes, and insists on it where the database is away; when each call returned. */
  revoke(revocations: readonly Revocation[]): Promise<readonly number[]>;
  sweep(): Promise<void>;
  report(): Promise<Report>;
  usage(): Promise<Usage>;
  /** Those in the world `mist`, as session ids. */
  who(): Promise<readonly { readonly sessionId: string; readonly isLinkDead: boolean }[]>;
  /** The characters that they play by now. */
  charactersOf(players: readonly Player[]): Promise<readonly (string | null)[]>;
}

export interface LiveNodeCall {
  readonly id: number;
  readonly name: keyof LiveNodeCalls;
  readonly args: readonly unknown[];
}

/** What became of it. */
export type LiveNodeAnswer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string };

const AT_ONCE = 20;
const PAUSE_MS = 50;
const COLLECTIONS = 5;
const WORLD = 'mist';
const USERS = 100;

/** Hears nothing but its own heartbeat. */
class HintlessClient extends pg.Client {
  override emit(event: string | symbol, ...args: unknown[]): boolean {
    return isHint(event, args[0]) || super.emit(event, ...args);
  }
}

const settings: LiveNodeSettings = JSON.parse(process.argv[2] ?? '{}');
const pool = new pg.Pool({
  connectionString: settings.url,
  connectionTimeoutMillis: 5_000,
  idleTimeoutMillis: 0, // no timers but those of the library
});
const clients: EventEmitter[] = [];
pool.on('connect', (client) => clients.push(client));
const store = new PostgresSessionStore({
  pool,
  users: { relation: 'users', idType: 'integer' },
  characters: { relation: 'characters', idType: 'integer' },
});
const Client = settings.losesHints ? HintlessClient : pg.Client;
const events = new PostgresSessionEvents({
  pool,
  createClient: () => new Client({ connectionString: settings.listenUrl, application_name: settings.name }),
});
const sessions = new SessionService({ store, events, policy: settings.policy });

const closings: Closing[] = [];
const linkDead: Told[] = [];
const left: Told[] = [];
let heard = 0;
let gaps = 0;
const listening = Promise.withResolvers<void>();
events.subscribe({
  heard() {
    heard += 1;
  },
  missed() {
    gaps += 1;
    listening.resolve();
  },
});
const live = new LiveSessions({
  store: new PostgresLinkStore(store),
  sessions,
  onLinkDead: ({ session }) => void linkDead.push({ sessionId: session.id, at: Date.now() }),
  onLeft: ({ session }) => void left.push({ sessionId: session.id, at: Date.now() }),
  ...settings.live,
});

const calls: LiveNodeCalls = {
  signIn: (userIds) =>
    someAtOnce(userIds, async (userId) => {
      const { token, session } = await sessions.createSession(userId);
      return { userId, sessionId: session.id, token };
    }),
  play: (players) => someAtOnce(players, ({ token, userId }) => sessions.selectCharacter(token, userId)),
  attach: (players) => someAtOnce(players, attach),
  attachAndDetach: (rounds) =>
    someAtOnce(
      Array.from({ length: rounds / 2 }, (_, n) => n),
      comeAndGoTwice,
    ),
  revoke: (revocations) =>
    someAtOnce(revocations, async (revocation) => {
      await insist(() => revoke(revocation));
      return Date.now();
    }),
  sweep: () => live.sweep(),
  async report() {
    return {
      closings,
      attached: live.principals.map(({ session }) => session.id),
      linkDead,
      left,
      heard,
      gaps,
    };
  },
  async usage() {
    linkDead.length = 0; // what is noted here is not the library's
    left.length = 0;
    const liveSessions = queryObjects(LiveSession, { format: 'count' });
    const timers = queryObjects(setTimeout(() => {}).constructor, { format: 'count' });
    // What is collected lets go of more; code that was used at the start is forgotten after a while.
    for (let time = 0; time < COLLECTIONS; time += 1) {
      globalThis.gc?.();
      await sleep(PAUSE_MS);
    }

    return {
      heapBytes: process.memoryUsage().heapUsed,
      liveSessions,
      timers,
      listeners: [process, pool, ...clients].reduce((sum, emitter) => sum + listenersOf(emitter), 0),
    };
  },
  who: () => live.who(WORLD),
  charactersOf: (players) =>
    someAtOnce(players, async ({ token }) => (await sessions.validateSession(token)).session.characterId),
};

process.on('message', (call: LiveNodeCall) => {
  void answer(call).then((reply) => process.send?.(reply));
});
process.on('disconnect', () => process.exit(0));
await store.ready();
await listening.promise;
process.send?.({ id: 0, value: 'ready' } satisfies LiveNodeAnswer);

async function answer({ id, name, args }: LiveNodeCall): Promise<LiveNodeAnswer> {
  try {
    // The caller's types have seen to the arguments.
    return { id, value: await Reflect.apply(calls[name], calls, args) };
  } catch (error) {
    return { id, error: error instanceof Error ? String(error.stack) : String(error) };
  }
}

/** As a host does, it detaches the connection when that has closed. */
async function attach({ token, sessionId }: Player): Promise<void> {
  const attaching = live.attach(token, {
    close({ reason }) {
      closings.push({ sessionId, reason, at: Date.now() });
      void attaching.then((attachment) => attachment.detach());
    },
  });
  await attaching;
}

async function comeAndGoTwice(visit: number): Promise<void> {
  const userId = String(1 + (visit % USERS));
  const { token } = await sessions.createSession(userId);
  const first = await live.attach(token, { close() {} });
  first.detach();
  const second = await live.attach(token, { close() {} });
  if (visit % 2 === 0) await sessions.selectCharacter(token, userId);
  second.detach();
}

function revoke(revocation: Revocation): Promise<unknown> {
  const { reason } = revocation;

  return 'userId' in revocation
    ? sessions.removeSessionsForUser(revocation.userId, { reason })
    : sessions.removeSession(revocation.sessionId, { reason });
}

/** Makes a call until it is answered. */
async function insist<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof SessionStoreError && error.retryable)) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

/** What becomes of each, in their order. */
async function someAtOnce<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const rest = items.entries();
  const takeTurns = async (): Promise<void> => {
    for (const [index, item] of rest) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, takeTurns));

  return results;
}

function isHint(event: string | symbol, message: unknown): boolean {
  if (event !== 'notification' || typeof message !== 'object' || message === null) return false;
  const channel: unknown = Reflect.get(message, 'channel');

  return typeof channel === 'string' && !channel.startsWith('mud_auth_echo_');
}

function listenersOf(emitter: EventEmitter): number {
  return emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);
}
