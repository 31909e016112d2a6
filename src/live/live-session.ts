import { InvalidSessionError } from '../errors.ts';
import type { CheckedSession } from '../session/session-check.ts';
import type { Principal } from '../session/principal.ts';
import { withTimeLimit } from '../time-limit.ts';
import { CoalescedTask } from './coalesced-task.ts';
import type { Connection } from './connection.ts';
import { type ConnectionEndReason, connectionEnd } from './connection-end.ts';

/** What a session with connections needs of its node. */
export interface Surroundings {
  /** As `SessionService.checkSession`. */
  readonly check: (sessionId: string) => Promise<CheckedSession>;
  readonly warnBeforeMs: number;
  readonly offlineGraceMs: number;
  /** Told of what a connection's functions throw. */
  readonly onError: (error: unknown) => void;
  /** Told when there is nothing left to watch. */
  readonly onOver: (session: LiveSession) => void;
}

/** A look may take so long. */
const PATIENCE_MS = 10_000;

/** Whose idle time is short is not warned all the time. */
const MAX_WARNED_SHARE = 1 / 4;

/** Timers count milliseconds in 32 bits. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A session with connections on this node, and the watch over it. */
export class LiveSession {
  readonly id: string;
  readonly #surroundings: Surroundings;
  readonly #connections = new Set<Connection>();
  readonly #looks = new CoalescedTask(() => this.#look());
  #principal: Principal;
  #timer: NodeJS.Timeout | undefined;
  /** The deadline of which a warning was given, by the store's clock. */
  #warnedOf: number | null = null;
  #unknownSince: number | null = null;

  constructor(principal: Principal, surroundings: Surroundings) {
    this.id = principal.session.id;
    this.#principal = principal;
    this.#surroundings = surroundings;
  }

  /** Who was behind it at the last look. */
  get principal(): Principal {
    return this.#principal;
  }

  /** Looks at the store. Resolves after a look that began no earlier than this call. */
  recheck(): Promise<void> {
    return this.#looks.run();
  }

  add(connection: Connection): void {
    this.#connections.add(connection);
  }

  /** Lets go of a connection without a word to it; whether it was there. */
  remove(connection: Connection): boolean {
    const wasThere = this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#leave();

    return wasThere;
  }

  /** Closes all connections but one. */
  async closeOthers(kept: Connection): Promise<void> {
    const others = Array.from(this.#connections).filter((connection) => connection !== kept);
    for (const other of others) this.#connections.delete(other);
    await this.#closeAll(others, 'reconnected');
  }

  /** Closes all connections; resolves when they have. */
  async end(reason: ConnectionEndReason): Promise<void> {
    const connections = [...this.#connections];
    this.#connections.clear();
    this.#leave();
    await this.#closeAll(connections, reason);
  }

  async #look(): Promise<void> {
    try {
      // A store of whatever make that never answers must not keep the others from being looked at.
      this.#see(await withTimeLimit(this.#surroundings.check(this.id), PATIENCE_MS));
    } catch (error) {
      if (error instanceof InvalidSessionError) void this.end(error.reason ?? 'invalid');
      else this.#seeNothing();
    }
  }

  #see({ principal, deadline, expiresAt, expiresInMs }: CheckedSession): void {
    const { role, username } = this.#principal;
    this.#principal = principal;
    this.#unknownSince = null;
    if (principal.role !== role || principal.username !== username)
      this.#tell((connection) => connection.changed?.(principal));

    const warnBeforeMs = Math.min(
      this.#surroundings.warnBeforeMs,
      principal.session.idleTimeoutMs * MAX_WARNED_SHARE,
    );
    if (expiresInMs > warnBeforeMs) return this.#lookIn(expiresInMs - warnBeforeMs);

    this.#lookIn(expiresInMs);
    if (this.#warnedOf === expiresAt.getTime()) return;

    this.#warnedOf = expiresAt.getTime();
    this.#tell((connection) => connection.expiresSoon?.({ deadline, expiresInMs }));
  }

  /** The store does not answer, which says nothing about the session. */
  #seeNothing(): void {
    const now = performance.now();
    this.#unknownSince ??= now;
    if (now - this.#unknownSince >= this.#surroundings.offlineGraceMs) void this.end('offline');
  }

  // The store's clock decides. If it is not yet there when the timer is, the next look is soon.
  #lookIn(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#connections.size === 0) return;

    this.#timer = setTimeout(() => void this.recheck(), Math.min(Math.max(1, ms), MAX_TIMER_MS));
    this.#timer.unref();
  }

  #leave(): void {
    clearTimeout(this.#timer);
    this.#surroundings.onOver(this);
  }

  #tell(call: (connection: Connection) => Promise<void> | void): void {
    for (const connection of this.#connections) void this.#safely(() => call(connection));
  }

  async #closeAll(connections: readonly Connection[], reason: ConnectionEndReason): Promise<void> {
    const end = connectionEnd(reason);
    await Promise.all(connections.map((connection) => this.#safely(() => connection.close(end))));
  }

  async #safely(call: () => Promise<void> | void): Promise<void> {
    try {
      await call();
    } catch (error) {
      this.#surroundings.onError(error);
    }
  }
}
