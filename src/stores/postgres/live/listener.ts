import { setTimeout as sleep } from 'node:timers/promises';
import { withTimeLimit } from '../../../time-limit.ts';
import { newUuid } from '../../../token.ts';
import { quoted } from '../identifiers.ts';
import type { PgListenClient } from './pg-listener.ts';

/** What a listener is built from. */
export interface ListenerOptions {
  readonly createClient: () => PgListenClient | Promise<PgListenClient>;
  readonly channel: string;
  /** In milliseconds. */
  readonly heartbeatMs: number;
  readonly onMessage: (payload: string) => void;
  /** Called whenever it has begun to listen: what was told before was heard by nobody. */
  readonly onListening: () => void;
  /** Told of each connection that failed. */
  readonly onError: (error: unknown) => void;
}

const MAX_BACK_OFF_MS = 5_000;

/** A connection that is over may take so long to say goodbye. */
const GOODBYE_MS = 100;

/**
 * Keeps one connection that listens, for as long as it takes: a connection that fails or falls
 * silent is replaced. A connection may be open and yet deaf, for a pooler may have given its LISTEN
 * to somebody else: hence it tells itself something now and then, and expects to hear it.
 */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #stopping = new AbortController();
  /** A channel that nobody else listens to. */
  readonly #echo: string;
  readonly #whole: Promise<void>;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#echo = `mud_auth_echo_${newUuid()}`;
    this.#whole = this.#run();
  }

  /** Closes the connection. Resolves when it is closed. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#whole;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        await this.#listen(() => (failures = 0));
      } catch (error) {
        if (signal.aborted) return;
        this.#options.onError(error);
      }
      // Not all nodes at the same time: the database has just come back, perhaps. Nothing else is left to
      // chance here.
      const backOffMs = Math.min(MAX_BACK_OFF_MS, 50 * 2 ** failures);
      await this.#pause(backOffMs * (0.5 + Math.random() / 2));
    }
  }

  /** One connection, from its beginning to its end. Rejects when it fails. */
  async #listen(onHeard: () => void): Promise<void> {
    const { channel, heartbeatMs, onListening } = this.#options;
    const failed = Promise.withResolvers<never>();
    const { signal } = this.#stopping;
    const stop = (): void => failed.reject(signal.reason);
    signal.addEventListener('abort', stop);
    let client: PgListenClient | null = null;
    let echo = Promise.withResolvers<void>();

    try {
      failed.promise.catch(() => {}); // there is not always somebody who waits for it
      const within = <T>(work: Promise<T>): Promise<T> =>
        Promise.race([failed.promise, withTimeLimit(work, heartbeatMs)]);

      const creating = Promise.resolve(this.#options.createClient());
      client = await within(creating).catch((error: unknown) => {
        creating.then(letGoOf, () => {}); // it may come yet
        throw error;
      });
      client.on('error', failed.reject);
      client.on('end', () => failed.reject(new Error('The listening connection was closed.')));
      client.on('notification', (message) => {
        if (message.channel === this.#echo) echo.resolve();
        else this.#options.onMessage(message.payload ?? '');
      });
      await within(client.connect());
      await within(client.query({ text: `listen ${quoted(channel)}; listen ${quoted(this.#echo)}` }));
      onListening();

      for (;;) {
        echo = Promise.withResolvers();
        await within(
          client.query({ text: 'select pg_catalog.pg_notify($1::text, $2::text)', values: [this.#echo, ''] }),
        );
        await within(echo.promise);
        onHeard();
        await Promise.race([failed.promise, this.#pause(heartbeatMs)]);
      }
    } finally {
      signal.removeEventListener('abort', stop);
      if (client !== null) await letGoOf(client);
    }
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopping.signal, ref: false }).catch(() => {});
  }
}

/** Says goodbye. A server that does not answer would leave the socket half closed for ever. */
async function letGoOf(client: PgListenClient): Promise<void> {
  try {
    await withTimeLimit(client.end(), GOODBYE_MS);
  } catch {
    client.connection?.stream?.destroy?.();
  }
}
