import { setTimeout as sleep } from 'node:timers/promises';
import { ENDING_RETENTION_MS } from '../../session/ending.ts';
import type { Connections } from './connections.ts';
import type { EndingStatements } from './statements/ending-statements.ts';
import { type Count, countOf } from './statements/rows.ts';

/** How large the steps are. */
export interface CleanupSteps {
  /** So many rows go at once. */
  readonly batch: number;
  /** So many blocks of the table are looked through at once. */
  readonly span: number;
}

/** With blocks of 8 kB, a step is through 32 MB. */
const STEPS: CleanupSteps = { batch: 1_000, span: 4_096 };

/**
 * Clears away what has expired, from the front of the table to its end, in steps short enough for
 * live traffic to pass between them. A walk by place needs no index on deadlines, which every touch
 * would have to write, and never looks twice at the place of what it has cleared.
 */
export class Cleanup {
  readonly #connections: Connections;
  readonly #statements: EndingStatements;
  readonly #steps: CleanupSteps;

  constructor(connections: Connections, statements: EndingStatements, steps: CleanupSteps = STEPS) {
    this.#connections = connections;
    this.#statements = statements;
    this.#steps = steps;
  }

  /** Ends expired sessions, forgets old endings and clients; how many sessions it ended. */
  async run(): Promise<number> {
    const ended = await this.#endExpired();
    await this.#forgetEndings();
    await this.#forgetFamilies();

    return ended;
  }

  async #endExpired(): Promise<number> {
    const { batch: size, span } = this.#steps;
    let ended = 0;
    let blocks = 1;
    for (let block = 0; block < blocks;) {
      const [batch] = await unhurried(() =>
        this.#connections.run(this.#statements.endExpiredBatch, {
          from: `(${block},0)`,
          to: `(${block + span},0)`,
          size,
        }),
      );
      if (batch === undefined) break;

      ended += countOf([batch]);
      blocks = Number(batch.blocks);
      const isFull = Number(batch.chosen) === size && batch.last !== null;
      block = isFull ? blockOf(batch.last) : block + span;
    }

    return ended;
  }

  async #forgetEndings(): Promise<void> {
    const { batch: size } = this.#steps;
    const params = { size, retention: ENDING_RETENTION_MS };

    await this.#untilFewer(() => this.#connections.run(this.#statements.forgetEndingsBatch, params));
  }

  async #forgetFamilies(): Promise<void> {
    const { batch: size } = this.#steps;

    await this.#untilFewer(() => this.#connections.run(this.#statements.forgetFamiliesBatch, { size }));
  }

  async #untilFewer(forget: () => Promise<readonly Count[]>): Promise<void> {
    for (;;) if (countOf(await unhurried(forget)) < this.#steps.batch) return;
  }
}

/** The block of a place in a table, which is written `(block,item)`. */
function blockOf(place: string): number {
  return Number(place.slice(1, place.indexOf(',')));
}

/** Leaves some time to others, in proportion to what the step took. */
async function unhurried<T>(step: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await step();
  await sleep(0.4 * (performance.now() - start));

  return result;
}
