import { setTimeout as sleep } from 'node:timers/promises';
import { ENDING_RETENTION_MS } from '../../session/ending.ts';
import type { Connections } from './connections.ts';
import type { EndingStatements } from './statements/ending-statements.ts';
import { countOf } from './statements/rows.ts';

/** So many rows go at once. */
const BATCH = 1_000;

/** So many blocks of the table are looked through at once: 32 MB. */
const SPAN = 4_096;

/**
 * Clears away what has expired, from the front of the table to its end, in steps short enough for
 * live traffic to pass between them. A walk by place needs no index on deadlines, which every touch
 * would have to write, and never looks twice at the place of what it has cleared.
 */
export class Cleanup {
  readonly #connections: Connections;
  readonly #statements: EndingStatements;

  constructor(connections: Connections, statements: EndingStatements) {
    this.#connections = connections;
    this.#statements = statements;
  }

  /** Ends expired sessions, and forgets old endings; how many sessions it ended. */
  async run(): Promise<number> {
    const ended = await this.#endExpired();
    await this.#forgetEndings();

    return ended;
  }

  async #endExpired(): Promise<number> {
    let ended = 0;
    let blocks = 1;
    for (let block = 0; block < blocks;) {
      const [batch] = await unhurried(() =>
        this.#connections.run(this.#statements.endExpiredBatch, {
          from: `(${block},0)`,
          to: `(${block + SPAN},0)`,
          size: BATCH,
        }),
      );
      if (batch === undefined) break;

      ended += countOf([batch]);
      blocks = Number(batch.blocks);
      const isFull = Number(batch.chosen) === BATCH && batch.last !== null;
      block = isFull ? blockOf(batch.last) : block + SPAN;
    }

    return ended;
  }

  async #forgetEndings(): Promise<void> {
    for (;;) {
      const forgotten = await unhurried(() =>
        this.#connections.run(this.#statements.forgetEndingsBatch, {
          size: BATCH,
          retention: ENDING_RETENTION_MS,
        }),
      );
      if (countOf(forgotten) < BATCH) return;
    }
  }
}

/** The block of a place in a table, which is written `(block,item)`. */
function blockOf(place: string): number {
  return Number(place.slice(1, place.indexOf(',')));
}

/** Leaves as much time to others as the step took. */
async function unhurried<T>(step: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await step();
  await sleep(performance.now() - start);

  return result;
}
