import { InvalidSessionError } from '../errors.ts';
import type { CheckedSession } from '../session/session-check.ts';
import type { Principal } from '../session/principal.ts';
import { safely } from '../safely.ts';
import { withTimeLimit } from '../time-limit.ts';
import { CoalescedTask } from './coalesced-task.ts';
import type { Connection } from './connection.ts';
import { type ConnectionEndReason, connectionEnd } from './connection-end.ts';
import type { LeavingReason, Surroundings } from './surroundings.ts';

/** The store may take so long over a question. */
const PATIENCE_MS = 10_000;

/** Whose idle time is short is not warned all the time. */
const MAX_WARNED_SHARE = 1 / 4;

/** A host that keeps a link-dead player in the game is asked again so often. */
const VETO_MS = 5_000;

/** Timers count milliseconds in 32 bits. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What an attachment has of its connection. */
type Hold = symbol;

/**
 * A session in the care of this node: with connections here, or waiting for the player to come back.
 * It is over when the session ends, when another node has it, or when its character has left.
 */
export class LiveSession {
  readonly id: string;
  readonly #surroundings: Surroundings;
  /** Each with the latest hold on it: a host may attach the same one again. */
  readonly #connections = new Map<Connection, Hold>();
  readonly #looks = new CoalescedTask(() => this.#look());
  readonly #links = new CoalescedTask(() => this.#saveLink());
  readonly #drops = new CoalescedTask(() => this.#dropLinkDead());
  #principal: Principal | null = null;
  #timer: NodeJS.Timeout | undefined;
  /** The deadline of which a warning was given, by the store's clock. */
  #warnedOf: number | null = null;
  /** How often the link was saved, or began to be: what was read before then says nothing about it. */
  #saves = 0;
  /** Whether the host knows that the player has lost his connection. */
  #isLinkDeadTold = false;
  #isOver = false;

  constructor(id: string, surroundings: Surroundings) {
    this.id = id;
    this.#surroundings = surroundings;
  }

  /** Who was behind it at the last look; `null` before the first. */
  get principal(): Principal | null {
    return this.#principal;
  }

  get isConnected(): boolean {
    return this.#connections.size > 0;
  }

  /** Looks at the store. Resolves after a look that began no earlier than this call. */
  recheck(): Promise<void> {
    return this.#looks.run();
  }

  /**
   * Takes in a connection. From its return on it is closed on whatever end the session comes to; if
   * the session ended meanwhile, it has been.
   *
   * @throws SessionStoreError if the store does not answer. The connection is let go of then, unless it was
   *   here before.
   */
  async add(connection: Connection, principal: Principal): Promise<Hold> {
    const { severalConnections } = this.#surroundings;
    this.#principal ??= principal;
    this.#isLinkDeadTold = false;
    if (!severalConnections || !this.isConnected) this.#warnedOf = null;
    const former = this.#connections.get(connection);
    const hold: Hold = Symbol('hold');
    this.#connections.delete(connection); // the newest is the last
    this.#connections.set(connection, hold);
    try {
      await this.#links.run();
    } catch (error) {
      if (former === undefined) this.remove(connection, hold);
      else if (this.#connections.get(connection) === hold) this.#connections.set(connection, former);
      throw error;
    }
    if (!severalConnections) void this.#closeOlderThan(connection);
    // What happened between the validate and now was heard by nobody here.
    await this.recheck();

    return hold;
  }

  /** Lets go of a connection without a word to it, if it has not been taken in again since. */
  remove(connection: Connection, hold: Hold): void {
    if (this.#connections.get(connection) !== hold) return;

    this.#connections.delete(connection);
    this.#disconnected();
  }

  /** Closes all connections, for this node goes down; resolves when they have closed. */
  async shutDown(): Promise<void> {
    await this.#leave('shutdown');
  }

  /** Closes all connections, for the store has been out of reach for too long. The session may live. */
  goOffline(): void {
    if (!this.isConnected) return;

    void this.#closeAll(this.#takeConnections(), 'offline');
    this.#disconnected();
  }

  async #closeOlderThan(connection: Connection): Promise<void> {
    const inOrder = [...this.#connections.keys()];
    const older = inOrder.slice(0, Math.max(0, inOrder.indexOf(connection)));
    for (const each of older) this.#connections.delete(each);
    await this.#closeAll(older, 'reconnected');
  }

  /** Closes all connections, and watches no more. Whether, and why, a player who was waited for is gone. */
  async #leave(reason: ConnectionEndReason, gone: LeavingReason | null = null): Promise<void> {
    if (this.#isOver) return;

    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#surroundings.onOver(this);
    if (gone !== null && this.#isLinkDeadTold) this.#tellLeft(gone);
    const message = reason === 'maintenance' ? await this.#surroundings.maintenanceMessage() : undefined;
    await this.#closeAll(this.#takeConnections(), reason, message);
  }

  #takeConnections(): Connection[] {
    const connections = [...this.#connections.keys()];
    this.#connections.clear();

    return connections;
  }

  /** The player has no connection here any more. Should it not be possible to save that, a look will. */
  #disconnected(): void {
    if (this.isConnected || this.#isOver) return;

    this.#links
      .run()
      .then(() => this.recheck()) // he may have chosen his character since the last one
      .catch(this.#surroundings.onError);
  }

  async #saveLink(): Promise<void> {
    if (this.#isOver) return; // the session is somebody else's by now, or another one's here
    const { links } = this.#surroundings;
    const isConnected = this.isConnected;
    this.#saves += 1;
    try {
      if (isConnected) {
        await withTimeLimit(links.link(this.id), PATIENCE_MS);
        return;
      }
      const outcome = await withTimeLimit(links.unlink(this.id), PATIENCE_MS);
      if (outcome === 'link_dead' || this.isConnected) return;

      // There is nothing to wait for.
      await this.#leave('invalid', outcome === 'unlinked' ? 'grace_over' : null);
    } finally {
      this.#saves += 1;
    }
  }

  /** The player has lost his connection so long ago. */
  #waitFor(principal: Principal, linkDeadForMs: number): void {
    if (this.isConnected || this.#isOver) return;

    const { graceMsFor, onLinkDead } = this.#surroundings;
    this.#wakeIn(graceMsFor(principal) - linkDeadForMs, () => this.#drops.run());
    if (this.#isLinkDeadTold) return;

    this.#isLinkDeadTold = true;
    void this.#safely(() => onLinkDead(principal));
  }

  /** The grace time is over, by this node's clock at least: the store's decides. */
  async #dropLinkDead(): Promise<void> {
    const { links, mayLeave, graceMsFor, onError } = this.#surroundings;
    const principal = this.#principal;
    if (principal === null) return;

    const may = await mayLeave(principal);
    if (this.isConnected || this.#isOver) return;
    if (!may) return this.#wakeIn(VETO_MS, () => this.#drops.run());

    try {
      if (!(await links.drop(this.id, graceMsFor(principal)))) return void this.recheck();
    } catch (error) {
      onError(error); // the next look tries again
      return;
    }
    if (!this.isConnected) return this.#leave('invalid', 'grace_over');

    this.#tellLeft('grace_over'); // he came back at the last moment, and lost his place
    void this.recheck();
  }

  #tellLeft(reason: LeavingReason): void {
    const principal = this.#principal;
    if (principal !== null) void this.#safely(() => this.#surroundings.onLeft(principal, reason));
  }

  async #look(): Promise<void> {
    if (this.#isOver) return;
    const saves = this.#saves;
    try {
      // A store of whatever make that never answers must not keep the others from being looked at.
      const checked = await withTimeLimit(this.#surroundings.check(this.id), PATIENCE_MS);
      this.#surroundings.outage.answered();
      if (!this.#isOver) this.#see(checked, saves === this.#saves && saves % 2 === 0);
    } catch (error) {
      if (!(error instanceof InvalidSessionError)) return this.#surroundings.outage.failed();

      this.#surroundings.outage.answered();
      const reason = error.reason ?? 'invalid';
      void this.#leave(reason, reason);
    }
  }

  #see(checked: CheckedSession, knowsLink: boolean): void {
    const former = this.#principal;
    this.#principal = checked.principal;
    if (knowsLink && !this.#seeLink(checked)) return;

    const { role, username } = checked.principal;
    if (former !== null && (former.role !== role || former.username !== username))
      this.#tell((connection) => connection.changed?.(checked.principal));
    if (this.isConnected) this.#seeDeadline(checked);
  }

  /** Whether this node still has to do with the session; and makes right what the store says of that. */
  #seeLink({ nodeId, linkDeadForMs, principal }: CheckedSession): boolean {
    const { nodeId: here, severalConnections, onError } = this.#surroundings;
    const isElsewhere = nodeId !== null && nodeId !== here;

    if (isElsewhere && !this.isConnected) {
      void this.#leave('invalid');
      return false;
    }
    if (isElsewhere && linkDeadForMs === null && !severalConnections) {
      void this.#leave('reconnected');
      return false;
    }
    const isRight = this.isConnected
      ? nodeId !== null && linkDeadForMs === null
      : nodeId === null || linkDeadForMs !== null;
    if (!isRight) this.#links.run().catch(onError);
    else if (!this.isConnected) {
      if (nodeId === null) void this.#leave('invalid', 'grace_over');
      else this.#waitFor(principal, linkDeadForMs ?? 0);
    }

    return true;
  }

  #seeDeadline({ principal, deadline, expiresAt, expiresInMs }: CheckedSession): void {
    const warnBeforeMs = Math.min(
      this.#surroundings.warnBeforeMs,
      principal.session.idleTimeoutMs * MAX_WARNED_SHARE,
    );
    const look = (): Promise<void> => this.recheck();
    if (expiresInMs > warnBeforeMs) return this.#wakeIn(expiresInMs - warnBeforeMs, look);

    this.#wakeIn(expiresInMs, look);
    if (this.#warnedOf === expiresAt.getTime()) return;

    this.#warnedOf = expiresAt.getTime();
    this.#tell((connection) => connection.expiresSoon?.({ deadline, expiresInMs }));
  }

  // The store's clock decides. If it is not yet there when the timer is, the next time is soon.
  #wakeIn(ms: number, act: () => Promise<void>): void {
    clearTimeout(this.#timer);
    if (this.#isOver) return;

    this.#timer = setTimeout(() => void act(), Math.min(Math.max(1, ms), MAX_TIMER_MS));
    this.#timer.unref();
  }

  #tell(call: (connection: Connection) => Promise<void> | void): void {
    for (const connection of this.#connections.keys()) void this.#safely(() => call(connection));
  }

  async #closeAll(
    connections: readonly Connection[],
    reason: ConnectionEndReason,
    message?: string,
  ): Promise<void> {
    const end = connectionEnd(reason, message);
    const closing = Promise.all(connections.map((connection) => this.#safely(() => connection.close(end))));
    this.#surroundings.onClosing(closing);
    await closing;
  }

  #safely(call: () => Promise<void> | void): Promise<void> {
    return safely(call, this.#surroundings.onError);
  }
}
