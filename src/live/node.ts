import { hostname } from 'node:os';
import { withTimeLimit } from '../time-limit.ts';
import { newUuid } from '../token.ts';
import type { OnError } from '../safely.ts';
import { CoalescedTask } from './coalesced-task.ts';
import type { LinkStore } from './link-store.ts';
import type { Outage } from './outage.ts';

/** What a node is built from. */
export interface NodeOptions {
  readonly store: LinkStore;
  readonly leaseMs: number;
  /** To be told of each renewal. */
  readonly outage: Outage;
  /** Told when sessions of other nodes have come into the care of this one. */
  readonly onAdopted: () => void;
  readonly onError: OnError;
}

/** The lease is renewed so often within its time. */
const RENEWALS = 3;

/**
 * This process among those on one store. It holds a lease for as long as it lives, and takes over the
 * sessions of nodes whose leases are over.
 */
export class Node {
  readonly id: string = newUuid();
  readonly #options: NodeOptions;
  readonly #renewals = new CoalescedTask(() => this.#renew());
  /** Apart, for it may take long, and the lease must not end over it. */
  readonly #adoptions = new CoalescedTask(() => this.#adopt());
  readonly #timer: NodeJS.Timeout;
  /** Since when every renewal has succeeded, and in good time. */
  #steadySince: number | null = null;
  #hasBegun = false;
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
    if (!this.#hasBegun && !this.#isClosed) await this.#renewals.run();
  }

  /** Ends the lease, so that other nodes take over at once. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#options.store.endNode(this.id);
  }

  async #renew(): Promise<void> {
    const { store, leaseMs, outage, onError } = this.#options;
    if (this.#isClosed) return;
    const startedAt = performance.now();
    try {
      const lease = { id: this.id, name: `${hostname()}:${process.pid}`, leaseMs };
      await withTimeLimit(store.keepNode(lease), leaseMs);
    } catch (error) {
      this.#steadySince = null;
      outage.failed();
      throw error;
    }
    this.#hasBegun = true;
    outage.answered();
    if (this.#isClosed) return store.endNode(this.id); // what was under way has begun it anew

    // When the store has stood still, leases are over of nodes that live: they are to have time.
    const wasSlow = performance.now() - startedAt > leaseMs / RENEWALS;
    if (wasSlow) this.#steadySince = null;
    else this.#steadySince ??= startedAt;
    const isSteady = this.#steadySince !== null && startedAt - this.#steadySince >= leaseMs;
    if (isSteady) void this.#adoptions.run().catch(onError);
  }

  async #adopt(): Promise<void> {
    const { store, onAdopted } = this.#options;
    try {
      if ((await store.adoptSessions(this.id)) > 0 && !this.#isClosed) onAdopted();
    } catch (error) {
      onAdopted(); // some may have been adopted before it failed
      throw error;
    }
  }
}
