import { type Ending, ENDING_RETENTION_MS, type EndingCause } from '../../session/ending.ts';
import type { EndingRecord } from '../../session/session-store.ts';
import type { Session } from '../../session/session.ts';
import { Queue } from './queue.ts';
import { ShardedMap } from './sharded-map.ts';

/** An ending and the hash in one object: of a million there is less to collect. */
interface Entry extends Ending {
  readonly secretHash: Uint8Array;
}

/** More than one, or the log would grow while there are old ones in it. */
const STEPS = 8;

/** The endings of the last days, at most so many: past that the oldest are forgotten. */
export class EndingLog {
  readonly #entries = new ShardedMap<Entry>();
  readonly #max: number;
  /** All that are remembered, and some that are no more, oldest first. */
  readonly #inOrder = new Queue<Entry>();

  constructor(max: number) {
    this.#max = max;
  }

  add(
    { id: sessionId, userId }: Session,
    secretHash: Uint8Array,
    { reason, actorId }: EndingCause,
    now: Date,
  ): void {
    const entry = { sessionId, userId, reason, actorId, endedAt: now, secretHash };
    this.#entries.set(sessionId, entry);
    this.#inOrder.push(entry);
    this.forgetOld(now, STEPS);
  }

  find(sessionId: string, now: Date): EndingRecord | null {
    const entry = this.#entries.get(sessionId);
    if (entry === undefined || isOld(entry, now)) return null;

    const { secretHash, ...ending } = entry;
    return {
      ending: { ...ending, endedAt: new Date(ending.endedAt) },
      secretHash: Buffer.from(secretHash),
    };
  }

  /** Looks at so many of the oldest at most; whether no other is to be forgotten. */
  forgetOld(now: Date, steps: number): boolean {
    for (let left = steps; left > 0; left -= 1) {
      const entry = this.#inOrder.first;
      if (entry === undefined) return true;

      const isLatest = this.#entries.get(entry.sessionId) === entry;
      if (isLatest && this.#entries.size <= this.#max && !isOld(entry, now)) return true;
      if (isLatest) this.#entries.delete(entry.sessionId);
      this.#inOrder.dropFirst();
    }

    return false;
  }
}

function isOld({ endedAt }: Entry, now: Date): boolean {
  return now.getTime() - endedAt.getTime() >= ENDING_RETENTION_MS;
}
