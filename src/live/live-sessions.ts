import { InvalidSessionError } from '../errors.ts';
import type { MaintenanceMode } from '../maintenance/maintenance-mode.ts';
import { requireBoolean, requireFunction, requirePlainObject, requireString } from '../session/arguments.ts';
import { byCharacterName, windowOf } from '../session/presence.ts';
import type { Principal } from '../session/principal.ts';
import { termsFor } from '../session/session-policy.ts';
import type { SessionService } from '../session/session-service.ts';
import type { TokenInput } from '../session/session-resolver.ts';
import { withTimeLimit } from '../time-limit.ts';
import { CoalescedTask } from './coalesced-task.ts';
import type { Connection } from './connection.ts';
import { connectionEnd } from './connection-end.ts';
import { LiveSession } from './live-session.ts';
import type { LinkStore, PresentCharacter } from './link-store.ts';
import { Node } from './node.ts';
import { type Presence, presenceOf, visibleTo, type WhoOptions } from './presence.ts';
import { safely } from './safely.ts';
import type { SessionEvent } from './session-events.ts';
import type { Surroundings } from './surroundings.ts';

/** What the watch over connections is built from. */
export interface LiveSessionsOptions {
  /** Whose sessions they are, and whose events are heard. */
  readonly sessions: SessionService<string>;
  /** The store of these sessions. */
  readonly store: LinkStore;
  /**
   * Whether a session may have several connections at a time. `false`, the default: the newest one
   * stays, so that who comes back is not kept out by a socket that is dead and does not know it.
   */
  readonly severalConnections?: boolean;
  /** All sessions with connections are looked at so often, whatever was heard. In milliseconds. Default 10 seconds. */
  readonly sweepIntervalMs?: number;
  /** Connections are kept for so long while the store does not answer. In milliseconds. Default 60 seconds. */
  readonly offlineGraceMs?: number;
  /**
   * Connections are told so long before their session ends, or a quarter of its idle time if that
   * is less. In milliseconds. Default 2 minutes.
   */
  readonly warnBeforeMs?: number;
  /** `close` waits for connections so long. In milliseconds. Default 5 seconds. */
  readonly closeTimeoutMs?: number;
  /** A node that does not renew its lease within this time is taken for dead. In milliseconds. Default 15 seconds. */
  readonly nodeLeaseMs?: number;
  /**
   * Asked when a player's link-dead grace is over: `false` keeps his character in the game, say in
   * combat, and it is asked again in a few seconds. Default: all may leave.
   */
  readonly mayLeave?: (principal: Principal) => Promise<boolean> | boolean;
  /** Told on one node when a player with a character, whose id is in his session, has lost his connection. */
  readonly onLinkDead?: (principal: Principal) => Promise<void> | void;
  /** Told on one node when a link-dead player's character has left. His session lives on. */
  readonly onLeft?: (principal: Principal) => Promise<void> | void;
  /** Whose message is told to those who are sent out for maintenance. Default: the library has its own. */
  readonly maintenance?: MaintenanceMode;
  /** Told of what the host's functions throw, and of what the store could not save yet. Default: nobody is. */
  readonly onError?: (error: unknown) => void;
}

/** A connection that is watched over. */
export interface Attachment {
  /** Who was behind the session when it was last looked at. */
  readonly principal: Principal;
  /** To be called when the connection has closed by itself: nothing more is told to it. The session lives on. */
  detach(): void;
}

/** Those who are sent out are not to wait for a word of the host's any longer. */
const MESSAGE_PATIENCE_MS = 2_000;

/** With so many at once, what a sweep reads does not hold up the event loop. */
const AT_ONCE = 500;

/**
 * The connections of this node, each with the session that it hangs off. When a session ends, on
 * whatever node and for whatever reason, its connections are closed: at once where the events are
 * heard, else by the next sweep.
 */
export class LiveSessions {
  readonly #sessions: SessionService<string>;
  readonly #store: LinkStore;
  readonly #closeTimeoutMs: number;
  readonly #surroundings: Surroundings;
  readonly #node: Node;
  readonly #live = new Map<string, LiveSession>();
  readonly #sweeps = new CoalescedTask(() => this.#lookAtAll());
  readonly #sweeper: NodeJS.Timeout;
  readonly #unsubscribe: () => void;
  #isClosed = false;

  /** @throws TypeError for settings that are unknown or impossible. */
  constructor(options: LiveSessionsOptions) {
    checkOptions(options);
    const {
      sessions,
      store,
      sweepIntervalMs = 10_000,
      closeTimeoutMs = 5_000,
      nodeLeaseMs = 15_000,
    } = options;
    const { onError = () => {} } = options;

    this.#sessions = sessions;
    this.#store = store;
    this.#closeTimeoutMs = closeTimeoutMs;
    this.#node = new Node({
      store,
      leaseMs: nodeLeaseMs,
      onAdopted: (sessionIds) => this.#adopt(sessionIds),
      onError,
    });
    this.#surroundings = surroundingsOf(options, this.#node.id, (session) => {
      if (this.#live.get(session.id) === session) this.#live.delete(session.id);
    });
    this.#unsubscribe = sessions.events.subscribe({
      heard: (event) => this.#hear(event),
      missed: () => void this.#sweeps.run(),
    });
    this.#sweeper = setInterval(() => void this.#sweeps.run(), sweepIntervalMs);
    this.#sweeper.unref();
  }

  /** Which of the processes on one store this is; a fresh UUID at each start. */
  get nodeId(): string {
    return this.#node.id;
  }

  /** How many sessions have connections here. */
  get size(): number {
    return this.principals.length;
  }

  /** Who was behind each session that has connections here when it was last looked at. */
  get principals(): readonly Principal[] {
    return Array.from(this.#live.values())
      .filter(({ isConnected }) => isConnected)
      .map(({ principal }) => principal)
      .filter((principal) => principal !== null);
  }

  /**
   * Hangs a connection off the session of a token, which ends its being link-dead. Counts as
   * activity. Once it resolves, the connection is closed on every end of the session; if the session
   * ended meanwhile, it has been.
   *
   * @throws InvalidSessionError as `validateSession` does. The connection is not touched then.
   */
  async attach(token: TokenInput, connection: Connection): Promise<Attachment> {
    if (typeof connection?.close !== 'function')
      throw new TypeError('connection must have a function close.');
    const principal = await this.#sessions.validateSession(token);
    await this.#node.begun();

    const { id } = principal.session;
    if (this.#isClosed) {
      await safely(() => connection.close(connectionEnd('shutdown')), this.#surroundings.onError);
      return { principal, detach() {} };
    }

    const session = this.#live.get(id) ?? this.#watch(id);
    await session.add(connection, principal);

    return {
      get principal() {
        return session.principal ?? principal;
      },
      detach: () => session.remove(connection),
    };
  }

  /**
   * Who is in a world now, by character name: those with a connection, those who have lost it and
   * keep their place for a while, and those who play without one and were active within the window.
   * The same on all nodes. Who wishes not to be seen is left out.
   */
  async who(worldId: string, options: WhoOptions = {}): Promise<readonly PresentCharacter[]> {
    requireString('worldId', worldId);

    return this.#listPresent(worldId, options);
  }

  /** How many there are of those whom `who` lists, in all worlds and in each. */
  async countPresent(options: WhoOptions = {}): Promise<Presence> {
    return presenceOf(await this.#listPresent(null, options));
  }

  /**
   * Hides the player behind a token from those below him in `who`, or shows him again, for as long
   * as the session lives. Counts as activity. Who may do so is for the host to decide.
   *
   * @throws InvalidSessionError as `validateSession` does.
   */
  async hide(token: TokenInput, isHidden: boolean = true): Promise<void> {
    requireBoolean('isHidden', isHidden);
    const { session } = await this.#sessions.validateSession(token);
    if (await this.#store.hideSession(session.id, isHidden)) return;

    await this.#sessions.validateSession(token); // throws, with the reason
    throw new InvalidSessionError();
  }

  /** Looks at all sessions in the care of this node, as is done regularly. */
  async sweep(): Promise<void> {
    await this.#sweeps.run();
  }

  /**
   * Closes all connections, for the process goes down; their sessions live on, link-dead until the
   * players come back, here after a restart or on another node. Resolves when all have closed, or
   * after `closeTimeoutMs`. Connections that are attached later are closed at once.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#sweeper);
    this.#unsubscribe();
    const all = Promise.all([
      this.#node.close().catch(this.#surroundings.onError),
      ...Array.from(this.#live.values(), (session) => session.shutDown()),
    ]);
    await withTimeLimit(all, this.#closeTimeoutMs).catch(this.#surroundings.onError);
  }

  async #listPresent(worldId: string | null, options: WhoOptions): Promise<readonly PresentCharacter[]> {
    const { policy, roles } = this.#sessions;
    const present = await this.#store.listPresentCharacters(worldId, windowOf(options, policy));

    return visibleTo(options.viewer, present, roles).toSorted(byCharacterName);
  }

  #watch(sessionId: string): LiveSession {
    const session = new LiveSession(sessionId, this.#surroundings);
    this.#live.set(sessionId, session);

    return session;
  }

  #adopt(sessionIds: readonly string[]): void {
    for (const id of sessionIds) if (!this.#live.has(id)) this.#watch(id);
    if (sessionIds.length > 0) void this.#sweeps.run();
  }

  #hear(event: SessionEvent): void {
    switch (event.type) {
      case 'session_ended':
      case 'session_moved':
        return void this.#live.get(event.sessionId)?.recheck();
      case 'user_sessions_ended':
        for (const session of this.#live.values())
          if (session.principal?.userId === event.userId) void session.recheck();
        return;
      case 'all_sessions_ended':
        return void this.#sweeps.run();
    }
  }

  async #lookAtAll(): Promise<void> {
    const all = [...this.#live.values()];
    for (let first = 0; first < all.length; first += AT_ONCE) {
      await Promise.all(all.slice(first, first + AT_ONCE).map((session) => session.recheck()));
    }
  }
}

function surroundingsOf(
  options: LiveSessionsOptions,
  nodeId: string,
  onOver: Surroundings['onOver'],
): Surroundings {
  const {
    sessions,
    store,
    severalConnections = false,
    offlineGraceMs = 60_000,
    warnBeforeMs = 120_000,
  } = options;
  const { mayLeave = () => true, onLinkDead = () => {}, onLeft = () => {}, onError = () => {} } = options;
  const { maintenance } = options;
  const { events, policy } = sessions;

  return {
    nodeId,
    severalConnections,
    offlineGraceMs,
    warnBeforeMs,
    check: (sessionId) => sessions.checkSession(sessionId),
    links: {
      async link(sessionId) {
        const linked = await store.linkSession({ sessionId, nodeId });
        const former = linked.outcome === 'linked' ? linked.former : null;
        if (former === null || former.nodeId === nodeId || former.linkDeadSince !== null) return;

        events.publish({ type: 'session_moved', sessionId }).catch(onError);
      },
      unlink: (sessionId) => store.unlinkSession({ sessionId, nodeId }),
      drop: (sessionId, graceMs) => store.dropLinkDead({ sessionId, nodeId }, graceMs),
    },
    maintenanceMessage: shared(async () => {
      try {
        const current = maintenance === undefined ? null : maintenance.current();
        return (await withTimeLimit(Promise.resolve(current), MESSAGE_PATIENCE_MS))?.message;
      } catch {
        return undefined; // the library has words of its own
      }
    }),
    graceMsFor: ({ role }) => termsFor(policy, role).linkDeadGraceMs,
    async mayLeave(principal) {
      try {
        return await mayLeave(principal);
      } catch (error) {
        onError(error); // a mistake of the host's is not to keep ghosts in its game
        return true;
      }
    },
    onLinkDead,
    onLeft,
    onError,
    onOver,
  };
}

/** Calls at the same time get the same answer. */
function shared<T>(ask: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | null = null;

  return () => (underWay ??= ask().finally(() => (underWay = null)));
}

const DURATIONS = [
  'sweepIntervalMs',
  'offlineGraceMs',
  'warnBeforeMs',
  'closeTimeoutMs',
  'nodeLeaseMs',
] as const;

const FUNCTIONS = ['mayLeave', 'onLinkDead', 'onLeft', 'onError'] as const;

/** Durations that cannot be 0. */
const INTERVALS: ReadonlySet<string> = new Set(['sweepIntervalMs', 'nodeLeaseMs']);

/** Timers count milliseconds in 32 bits. */
const MAX_MS = 2 ** 31 - 1;

function checkOptions(options: LiveSessionsOptions): void {
  requirePlainObject('The options of LiveSessions', options, [
    'sessions',
    'store',
    'maintenance',
    'severalConnections',
    ...FUNCTIONS,
    ...DURATIONS,
  ]);
  const { sessions, store, maintenance, severalConnections = false } = options;
  if (typeof sessions?.checkSession !== 'function')
    throw new TypeError('sessions is required: your SessionService.');
  if (typeof store?.linkSession !== 'function')
    throw new TypeError('store is required: the store of your sessions.');
  if (maintenance !== undefined && typeof maintenance?.current !== 'function')
    throw new TypeError('maintenance must be a MaintenanceMode.');
  requireBoolean('severalConnections', severalConnections);
  for (const name of FUNCTIONS) if (options[name] !== undefined) requireFunction(name, options[name]);
  for (const name of DURATIONS) {
    const ms = options[name];
    const least = INTERVALS.has(name) ? 1 : 0;
    if (ms !== undefined && !(Number.isSafeInteger(ms) && ms >= least && ms <= MAX_MS))
      throw new TypeError(`${name} must be whole milliseconds from ${least} to ${MAX_MS}.`);
  }
}
