import { InvalidSessionError } from '../errors.ts';
import { quietly, safely } from '../safely.ts';
import { requireBoolean, requireString } from '../session/arguments.ts';
import { byCharacterName, windowOf } from '../session/presence.ts';
import type { Principal } from '../session/principal.ts';
import type { SessionService } from '../session/session-service.ts';
import type { TokenInput } from '../session/session-resolver.ts';
import { withTimeLimit } from '../time-limit.ts';
import { CoalescedTask } from './coalesced-task.ts';
import type { Connection } from './connection.ts';
import { connectionEnd } from './connection-end.ts';
import type { LinkStore, PresentCharacter } from './link-store.ts';
import { LiveSession } from './live-session.ts';
import { checkOptions, type LiveSessionsOptions } from './live-sessions-options.ts';
import { Node } from './node.ts';
import { Outage } from './outage.ts';
import { type Presence, presenceOf, visibleTo, type WhoOptions } from './presence.ts';
import type { SessionEvent } from './session-events.ts';
import { type Surroundings, surroundingsOf } from './surroundings.ts';

/** A connection that is watched over. */
export interface Attachment {
  /** Who was behind the session when it was last looked at. */
  readonly principal: Principal;
  /** To be called when the connection has closed by itself: nothing more is told to it. The session lives on. */
  detach(): void;
}

/** With so many at once, what a sweep reads does not hold up the event loop. */
const AT_ONCE = 500;

/** A look that takes longer goes on by itself, and the others do not wait for it. */
const STRAGGLER_MS = 2_000;

/**
 * The connections of this node, each with the session that it hangs off. When a session ends, on
 * whatever node and for whatever reason, its connections are closed: at once where the events are
 * heard, else by the next sweep.
 */
export class LiveSessions {
  readonly #sessions: SessionService<string>;
  readonly #store: LinkStore;
  readonly #closeTimeoutMs: number;
  readonly #outage: Outage;
  readonly #surroundings: Surroundings;
  readonly #node: Node;
  readonly #live = new Map<string, LiveSession>();
  /** The connections that are being closed. */
  readonly #closing = new Set<Promise<unknown>>();
  readonly #sweeps = new CoalescedTask(() => this.#lookAtAll());
  readonly #sweeper: NodeJS.Timeout;
  readonly #unsubscribe: () => void;
  #isClosed = false;

  /** @throws TypeError for settings that are unknown or impossible. */
  constructor(options: LiveSessionsOptions) {
    checkOptions(options);
    const { sessions, store, sweepIntervalMs = 10_000, offlineGraceMs = 60_000 } = options;
    const { closeTimeoutMs = 5_000, nodeLeaseMs = 15_000 } = options;
    const onError = quietly(options.onError);

    this.#sessions = sessions;
    this.#store = store;
    this.#closeTimeoutMs = closeTimeoutMs;
    this.#outage = new Outage(offlineGraceMs, () => {
      for (const session of this.#live.values()) session.goOffline();
    });
    this.#node = new Node({
      store,
      leaseMs: nodeLeaseMs,
      outage: this.#outage,
      onAdopted: () => void this.#sweeps.run(),
      onError,
    });
    this.#surroundings = surroundingsOf(options, {
      nodeId: this.#node.id,
      outage: this.#outage,
      onError,
      onOver: (session) => {
        if (this.#live.get(session.id) === session) this.#live.delete(session.id);
      },
      onClosing: (closing) => {
        this.#closing.add(closing);
        void closing.finally(() => this.#closing.delete(closing));
      },
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
      const closing = safely(() => connection.close(connectionEnd('shutdown')), this.#surroundings.onError);
      await withTimeLimit(closing, this.#closeTimeoutMs).catch(this.#surroundings.onError);
      return { principal, detach() {} };
    }

    const session = this.#live.get(id) ?? this.#watch(id);
    const hold = await session.add(connection, principal);

    return {
      get principal() {
        return session.principal ?? principal;
      },
      detach: () => session.remove(connection, hold),
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
    this.#outage.answered();
    const all = Promise.all([
      this.#node.close().catch(this.#surroundings.onError),
      ...Array.from(this.#live.values(), (session) => session.shutDown()),
      ...this.#closing,
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
    await this.#findLost();
    const sessions = [...this.#live.values()].values();
    const look = async (): Promise<void> => {
      for (const session of sessions) await withTimeLimit(session.recheck(), STRAGGLER_MS).catch(() => {});
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, this.#live.size) }, look));
  }

  /** Takes into its care what the store says is this node's: adopted, or linked when nobody waited any more. */
  async #findLost(): Promise<void> {
    try {
      const linked = await withTimeLimit(this.#store.listLinkedSessions(this.#node.id), STRAGGLER_MS);
      if (this.#isClosed) return;

      for (const id of linked) if (!this.#live.has(id)) this.#watch(id);
    } catch {
      this.#outage.failed(); // the looks will tell
    }
  }
}
