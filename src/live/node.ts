import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

import { withTimeLimit } from '../time-limit.ts';
import { CoalescedTask } from './coalesced-task.ts';
import type { LinkStore } from './link-store.ts';

/** What a node is built from. */
export interface NodeOptions {
  readonly store: LinkStore;
  readonly leaseMs: number;
  /** Told the ids of link-dead sessions that are in the care of this node from now on. */
  readonly onAdopted: (sessionIds: readonly string[]) => void;
  readonly onError: (error: unknown) => void;
}

/** The lease is renewed so often within its time. */
const RENEWALS = 3;

/**
 * This process among those on one store. It holds a lease for as long as it lives, and takes over the
 * sessions of nodes whose leases are over.
 */
export class Node {
  readonly id: string = randomUUID();
  readonly #options: NodeOptions;
  readonly #renewals = new CoalescedTask(() => this.#renew());
  readonly #timer: NodeJS.Timeout;
  /** Since when every renewal has succeeded. */
  #steadySince: number | null = null;
  #isClosed = false;

  constructor(options: NodeOptions) {
    this.#options = options;
    const renew = (): void => void this.#renewals.run().catch(options.onError);
    this.#timer = setInterval(renew, options.leaseMs / RENEWALS);
    this.#timer.unref();
    renew();
  }

  /** Resolves when the lease has begun. */
  async begun(): Promise<void> {
    if (this.#steadySince === null && !this.#isClosed) await this.#renewals.run();
  }

  /** Ends the lease, so that other nodes take over at once. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#options.store.endNode(this.id);
  }

  async #renew(): Promise<void> {
    const { store, leaseMs } = this.#options;
    if (this.#isClosed) return;
    const startedAt = performance.now();
    try {
      await withTimeLimit(
        store.keepNode({ id: this.id, name: `${hostname()}:${process.pid}`, leaseMs }),
        leaseMs,
      );
    } catch (error) {
      this.#steadySince = null;
      throw error;
    }
    if (this.#isClosed) return store.endNode(this.id); // what was under way has begun it anew

    this.#steadySince ??= startedAt;
    // After an outage of the store all leases are over: the others are to have time to renew theirs.
    if (startedAt - this.#steadySince >= leaseMs) this.#options.onAdopted(await store.adoptSessions(this.id));
  }
}
