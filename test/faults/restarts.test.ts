import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { InvalidSessionError, SessionStoreError } from '../../src/index.ts';
import { migrateToLatest } from '../../src/stores/postgres/index.ts';
import { hostTablesSql } from '../support/host-tables.ts';
import { type PostgresServer, startPostgres } from '../support/start-postgres.ts';
import { type Host, openHost, putPeople, untilTrue } from './fixture.ts';

const PLAYERS = 8;
/** How much is to succeed before the fault, and again after it. */
const ENOUGH = 300;
const FAULTS = 3;

describe('a database under load', () => {
  let server: PostgresServer;
  let host: Host;
  let load: Load;
  beforeAll(async () => {
    server = await startPostgres();
    const pool = new pg.Pool({ connectionString: server.url });
    await migrateToLatest(pool);
    await pool.query(hostTablesSql('integer'));
    await putPeople((text) => pool.query(text));
    await pool.end();
  });
  beforeEach(async () => {
    host = await openHost(server.url);
    load = new Load(host);
  });
  afterEach(() => host.close());
  afterAll(() => server.stop());

  it.each(['restart', 'crash'] as const)(
    `that suffers a %s, ${FAULTS} times, ends no session and forgets none, and no revoke`,
    async (fault) => {
      const over = load.run();
      const recoveries: number[] = [];
      for (let n = 0; n < FAULTS; n += 1) {
        await load.untilMore(ENOUGH);
        await server[fault]();
        recoveries.push(await load.untilNext());
      }
      await load.untilMore(ENOUGH);
      load.stop();
      await over;

      // oxlint-disable-next-line no-console -- a figure to read, not to pass or fail by
      console.info(`first success after a ${fault}: ${recoveries.map((ms) => ms.toFixed(0)).join(', ')} ms`);
      expect(load.failures).toBeGreaterThan(0);
      expect(load.falseRefusals).toBe(0);
      const [live, ended] = [[...load.live], [...load.ended]];
      expect(live.length).toBeGreaterThan(0);
      expect(await Promise.all(live.map((token) => load.isValid(token)))).not.toContain(false);
      expect(await Promise.all(ended.map((token) => load.isValid(token)))).not.toContain(true);
    },
  );
});

/** Players who sign in, play and are kicked, as fast as they can, and try again when that fails. */
class Load {
  /** Tokens of sessions whose creation was acknowledged, and that nobody has tried to end. */
  readonly live = new Set<string>();
  /** Tokens of sessions whose end was acknowledged. */
  readonly ended = new Set<string>();
  /** How often a session was called invalid that nobody had tried to end. */
  falseRefusals = 0;
  /** How many calls the database failed. */
  failures = 0;
  #successes = 0;
  #isOver = false;
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: PLAYERS }, (_, index) => this.#play(index)));
  }

  stop(): void {
    this.#isOver = true;
  }

  async untilMore(count: number): Promise<void> {
    const enough = this.#successes + count;
    await untilTrue(() => this.#successes >= enough);
  }

  /** Waits for a call that begins now or later to succeed; how many milliseconds that took. */
  async untilNext(): Promise<number> {
    const start = performance.now();
    await this.#insist(() => this.#host.service.getActiveSessionCount());

    return performance.now() - start;
  }

  async isValid(token: string): Promise<boolean> {
    try {
      await this.#insist(() => this.#host.service.validateSession(token));

      return true;
    } catch (error) {
      if (error instanceof InvalidSessionError) return false;
      throw error;
    }
  }

  async #play(index: number): Promise<void> {
    const { service } = this.#host;
    for (let round = index; !this.#isOver; round += 1) {
      const { token, session } = await this.#insist(() => service.createSession(round % 2 === 0 ? '1' : '2'));
      this.live.add(token);
      for (let n = 0; n < 3; n += 1) {
        if (!(await this.isValid(token))) this.falseRefusals += 1;
      }
      if (round % 3 === 0) continue;

      this.live.delete(token);
      await this.#insist(() => service.removeSession(session.id));
      this.ended.add(token);
      if (await this.isValid(token)) throw new Error('a session is valid after its end was acknowledged');
    }
  }

  /** Makes a call until it is answered. Whoever is refused by the database comes again a little later. */
  async #insist<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        const answer = await call();
        this.#successes += 1;

        return answer;
      } catch (error) {
        if (!(error instanceof SessionStoreError && error.retryable)) throw error;
        this.failures += 1;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }
}
