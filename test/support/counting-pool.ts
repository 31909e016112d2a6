import type { PgPool } from '../../src/stores/postgres/index.ts';

/** A pool that counts what is sent through it. */
export interface CountingPool extends PgPool {
  /** The statements since the last call, each by its first word. */
  take(): string[];
}

export function countingPool(pool: PgPool): CountingPool {
  let sent: string[] = [];

  return {
    async connect() {
      const client = await pool.connect();

      return {
        query: (query) => {
          sent.push(/[a-z]+/.exec(query.text)?.[0] ?? '');
          return client.query(query);
        },
        release: (destroy) => client.release(destroy),
      };
    },
    take() {
      const taken = sent;
      sent = [];

      return taken;
    },
  };
}
