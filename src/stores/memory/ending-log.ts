import { type Ending, ENDING_RETENTION_MS } from '../../session/ending.ts';
import type { EndingRecord } from '../../session/session-store.ts';

/** More than one, or the log would grow while there are old ones in it. */
const STEPS = 8;

/** The endings of the last days, oldest first, at most so many: past that the oldest are forgotten. */
export class EndingLog {
  readonly #records = new Map<string, EndingRecord>();
  readonly #max: number;
  // One walk that goes on: a new one would step over all that was deleted, each time.
  #oldestFirst: Iterator<EndingRecord, undefined> = this.#records.values();
  #oldest: EndingRecord | undefined;

  constructor(max: number) {
    this.#max = max;
  }

  add(ending: Ending, secretHash: Uint8Array): void {
    this.#records.delete(ending.sessionId);
    this.#records.set(ending.sessionId, { ending, secretHash });
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
    for (let left = steps; this.#records.size > 0; left -= 1) {
      if (left === 0) return false;
      this.#oldest ??= this.#oldestFirst.next().value;
      if (this.#oldest === undefined) {
        this.#oldestFirst = this.#records.values();
        continue;
      }

      const { sessionId } = this.#oldest.ending;
      if (this.#records.get(sessionId) === this.#oldest) {
        if (this.#records.size <= this.#max && !isOld(this.#oldest, now)) return true;
        this.#records.delete(sessionId);
      }
      this.#oldest = undefined;
    }

    return true;
  }
}

function isOld({ ending }: EndingRecord, now: Date): boolean {
  return now.getTime() - ending.endedAt.getTime() >= ENDING_RETENTION_MS;
}
