import { type Ending, ENDING_RETENTION_MS } from '../../session/ending.ts';
import type { EndingRecord } from '../../session/session-store.ts';

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
    this.forgetOld(ending.endedAt);
  }

  find(sessionId: string, now: Date): EndingRecord | null {
    const record = this.#records.get(sessionId);
    if (record === undefined || isOld(record, now)) return null;

    const { ending, secretHash } = record;
    return { ending: { ...ending, endedAt: new Date(ending.endedAt) }, secretHash };
  }

  forgetOld(now: Date): void {
    while (this.#records.size > 0) {
      this.#oldest ??= this.#oldestFirst.next().value;
      if (this.#oldest === undefined) {
        this.#oldestFirst = this.#records.values();
        continue;
      }

      const { sessionId } = this.#oldest.ending;
      if (this.#records.get(sessionId) === this.#oldest) {
        if (this.#records.size <= this.#max && !isOld(this.#oldest, now)) return;
        this.#records.delete(sessionId);
      }
      this.#oldest = undefined;
    }
  }
}

function isOld({ ending }: EndingRecord, now: Date): boolean {
  return now.getTime() - ending.endedAt.getTime() >= ENDING_RETENTION_MS;
}
