import type { NodeLease } from '../../live/link-store.ts';

/** The nodes, and until when each is taken to live. */
export class NodeTable {
  readonly #expiresAt = new Map<string, number>();

  keep({ id, leaseMs }: NodeLease, now: Date): void {
    this.#expiresAt.set(id, now.getTime() + leaseMs);
  }

  end(nodeId: string): void {
    if (this.#expiresAt.has(nodeId)) this.#expiresAt.set(nodeId, 0);
  }

  isLive(nodeId: string, now: Date): boolean {
    return (this.#expiresAt.get(nodeId) ?? 0) > now.getTime();
  }

  /** The nodes whose leases are over, which are known no more from now on; never the one that asks. */
  takeLost(askingNodeId: string, now: Date): ReadonlySet<string> {
    const lost = Array.from(this.#expiresAt.keys()).filter(
      (nodeId) => nodeId !== askingNodeId && !this.isLive(nodeId, now),
    );
    for (const nodeId of lost) this.#expiresAt.delete(nodeId);

    return new Set(lost);
  }
}
