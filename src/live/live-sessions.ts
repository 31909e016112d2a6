import { requireFunction, requirePlainObject } from '../session/arguments.ts';
import type { Principal } from '../session/principal.ts';
import type { SessionService } from '../session/session-service.ts';
import type { TokenInput } from '../session/session-resolver.ts';
import { withTimeLimit } from '../time-limit.ts';
import { CoalescedTask } from './coalesced-task.ts';
import type { Connection } from './connection.ts';
import { LiveSession, type Surroundings } from './live-session.ts';
import type { SessionsEnded } from './session-events.ts';

/** What the watch over connections is built from. */
export interface LiveSessionsOptions {
  /** Whose sessions they are, and whose events are heard. */
  readonly sessions: SessionService<string>;
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
  /** Told of what a connection's functions throw. Default: nobody is. */
  readonly onError?: (error: unknown) => void;
}

/** A connection that is watched over. */
export interface Attachment {
  /** Who was behind the session when it was last looked at. */
  readonly principal: Principal;
  /** To be called when the connection has closed by itself: nothing more is told to it. The session lives on. */
  detach(): void;
}

/** With so many at once, what a sweep reads does not hold up the event loop. */
const AT_ONCE = 500;

/**
 * The connections of this node, each with the session that it hangs off. When a session ends, on
 * whatever node and for whatever reason, its connections are closed: at once where the events are
 * heard, else by the next sweep.
 */
export class LiveSessions {
  readonly #sessions: SessionService<string>;
  readonly #severalConnections: boolean;
  readonly #closeTimeoutMs: number;
  readonly #surroundings: Surroundings;
  readonly #live = new Map<string, LiveSession>();
  readonly #sweeps = new CoalescedTask(() => this.#lookAtAll());
  readonly #sweeper: NodeJS.Timeout;
  readonly #unsubscribe: () => void;
  #isClosed = false;

  /** @throws TypeError for settings that are unknown or impossible. */
  constructor(options: LiveSessionsOptions) {
    checkOptions(options);
    const { sessions, severalConnections = false, sweepIntervalMs = 10_000 } = options;
    const { offlineGraceMs = 60_000, warnBeforeMs = 120_000, closeTimeoutMs = 5_000 } = options;

    this.#sessions = sessions;
    this.#severalConnections = severalConnections;
    this.#closeTimeoutMs = closeTimeoutMs;
    this.#surroundings = {
      check: (sessionId) => sessions.checkSession(sessionId),
      warnBeforeMs,
      offlineGraceMs,
      onError: options.onError ?? (() => {}),
      onOver: (session) => this.#forget(session),
    };
    this.#unsubscribe = sessions.events.subscribe({
      ended: (event) => this.#hear(event),
      missed: () => void this.#sweeps.run(),
    });
    this.#sweeper = setInterval(() => void this.#sweeps.run(), sweepIntervalMs);
    this.#sweeper.unref();
  }

  /** How many sessions have connections here. */
  get size(): number {
    return this.#live.size;
  }

  /** Who was behind each session that has connections here when it was last looked at. */
  get principals(): readonly Principal[] {
    return Array.from(this.#live.values(), (session) => session.principal);
  }

  /**
   * Hangs a connection off the session of a token. Counts as activity. Once it resolves, the
   * connection is closed on every end of the session; if the session ended meanwhile, it has been.
   *
   * @throws InvalidSessionError as `validateSession` does. The connection is not touched then.
   */
  async attach(token: TokenInput, connection: Connection): Promise<Attachment> {
    if (typeof connection?.close !== 'function')
      throw new TypeError('connection must have a function close.');
    const principal = await this.#sessions.validateSession(token);
    const session = this.#live.get(principal.session.id) ?? this.#watch(principal);

    session.add(connection);
    if (this.#isClosed) await session.end('shutdown');
    if (!this.#severalConnections) void session.closeOthers(connection);
    // What happened between the validate and now was heard by nobody here.
    await session.recheck();

    return {
      get principal() {
        return session.principal;
      },
      detach: () => session.remove(connection),
    };
  }

  /** Looks at all sessions that have connections here, as is done regularly. */
  async sweep(): Promise<void> {
    await this.#sweeps.run();
  }

  /**
   * Closes all connections, for the process goes down; their sessions live on. Resolves when they
   * have closed, or after `closeTimeoutMs`. Connections that are attached later are closed at once.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#sweeper);
    this.#unsubscribe();
    const all = Promise.all(Array.from(this.#live.values(), (session) => session.end('shutdown')));
    await withTimeLimit(all, this.#closeTimeoutMs).catch(this.#surroundings.onError);
  }

  #watch(principal: Principal): LiveSession {
    const session = new LiveSession(principal, this.#surroundings);
    this.#live.set(session.id, session);

    return session;
  }

  #forget(session: LiveSession): void {
    if (this.#live.get(session.id) === session) this.#live.delete(session.id);
  }

  #hear(event: SessionsEnded): void {
    if (event.scope === 'all') void this.#sweeps.run();
    else if (event.scope === 'session') void this.#live.get(event.sessionId)?.recheck();
    else {
      const concerned = Array.from(this.#live.values()).filter(
        ({ principal }) => principal.userId === event.userId,
      );
      for (const session of concerned) void session.recheck();
    }
  }

  async #lookAtAll(): Promise<void> {
    const all = [...this.#live.values()];
    for (let first = 0; first < all.length; first += AT_ONCE) {
      await Promise.all(all.slice(first, first + AT_ONCE).map((session) => session.recheck()));
    }
  }
}

const DURATIONS = ['sweepIntervalMs', 'offlineGraceMs', 'warnBeforeMs', 'closeTimeoutMs'] as const;

/** Timers count milliseconds in 32 bits. */
const MAX_MS = 2 ** 31 - 1;

function checkOptions(options: LiveSessionsOptions): void {
  requirePlainObject('The options of LiveSessions', options, [
    'sessions',
    'severalConnections',
    'onError',
    ...DURATIONS,
  ]);
  const { sessions, severalConnections = false, onError } = options;
  if (typeof sessions?.checkSession !== 'function')
    throw new TypeError('sessions is required: your SessionService.');
  if (typeof severalConnections !== 'boolean')
    throw new TypeError('severalConnections must be true or false.');
  if (onError !== undefined) requireFunction('onError', onError);
  for (const name of DURATIONS) {
    const ms = options[name];
    const least = name === 'sweepIntervalMs' ? 1 : 0;
    if (ms !== undefined && !(Number.isSafeInteger(ms) && ms >= least && ms <= MAX_MS))
      throw new TypeError(`${name} must be whole milliseconds from ${least} to ${MAX_MS}.`);
  }
}
