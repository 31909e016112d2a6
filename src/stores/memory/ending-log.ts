import { type Ending, ENDING_RETENTION_MS } from '../../session/ending.ts';
import type { EndingRecord } from '../../session/session-store.ts';

/** The endings of the last days, oldest first, at most so many: past that the oldest are forgotten. */
export class EndingLog {
  readonly #records = new Map<string, EndingRecord>();
  readonly #max: number;

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
    for (const [sessionId, record] of this.#records) {
      if (this.#records.size <= this.#max && !isOld(record, now)) return;
      this.#records.delete(sessionId);
    }
  }
}

function isOld({ ending }: EndingRecord, now: Date): boolean {
  return now.getTime() - ending.endedAt.getTime() >= ENDING_RETENTION_MS;
}
