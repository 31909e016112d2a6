import { type Ending, ENDING_RETENTION_MS } from '../../session/ending.ts';
import type { EndingRecord } from '../../session/session-store.ts';
import { ShardedMap } from './sharded-map.ts';

/** More than one, or the log would grow while there are old ones in it. */
const STEPS = 8;

/** The endings of the last days, at most so many: past that the oldest are forgotten. */
export class EndingLog {
  readonly #records = new ShardedMap<EndingRecord>();
  readonly #max: number;
  /** All that are remembered, and some that are no more, oldest first from `#oldest` on. */
  #inOrder: EndingRecord[] = [];
  #oldest = 0;

  constructor(max: number) {
    this.#max = max;
  }

  add(ending: Ending, secretHash: Uint8Array): void {
    const record = { ending, secretHash };
    this.#records.set(ending.sessionId, record);
    this.#inOrder.push(record);
    this.forgetOld(ending.endedAt, STEPS);
  }

  find(sessionId: string, now: Date): EndingRecord | null {
    const record = this.#records.get(sessionId);
    if (record === undefined || isOld(record, now)) return null;

    const { ending, secretHash } = record;
    return { ending: { ...ending, endedAt: new Date(ending.endedAt) }, secretHash };
  }

  /** Looks at so many of the oldest at most; whether no other is to be forgotten. */
  forgetOld(now: Date, steps: number): boolean {
    for (let left = steps; left > 0; left -= 1) {
      const record = this.#inOrder[this.#oldest];
      if (record === undefined) return true;

      const { sessionId } = record.ending;
      const isLatest = this.#records.get(sessionId) === record;
      if (isLatest && this.#records.size <= this.#max && !isOld(record, now)) return true;
      if (isLatest) this.#records.delete(sessionId);
      this.#stepOver();
    }

    return false;
  }

  #stepOver(): void {
    this.#oldest += 1;
    if (this.#oldest < 1_000 || 2 * this.#oldest < this.#inOrder.length) return;

    this.#inOrder = this.#inOrder.slice(this.#oldest);
    this.#oldest = 0;
  }
}

function isOld({ ending }: EndingRecord, now: Date): boolean {
  return now.getTime() - ending.endedAt.getTime() >= ENDING_RETENTION_MS;
}
