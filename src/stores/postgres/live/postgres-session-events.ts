import { sql } from 'kysely';
import {
  LocalSessionEvents,
  type SessionEvents,
  type SessionEventsSubscriber,
  type SessionEvent,
} from '../../../live/session-events.ts';
import { type OnError, quietly, safely } from '../../../safely.ts';
import { requireFunction, requirePlainObject } from '../../../session/arguments.ts';
import { newUuid } from '../../../token.ts';
import { Connections } from '../connections.ts';
import { checkSchemaName, DEFAULT_SCHEMA } from '../identifiers.ts';
import { Listener } from './listener.ts';
import { readMessage, writeMessage } from './event-messages.ts';
import type { PgListenClient } from './pg-listener.ts';
import type { PgPool } from '../pg-pool.ts';
import { Statement } from '../statements/statement.ts';

/** What a channel between the nodes is built from. */
export interface PostgresSessionEventsOptions {
  /** The host's `pg.Pool`: what is told goes out through it. */
  readonly pool: PgPool;
  /**
   * Makes a client to listen with, as `() => new pg.Client(settings)`: one for each node, which is
   * held as long as somebody listens. It has to reach the database itself. A pooler that lends its
   * connections for a transaction at a time loses what is said meanwhile.
   */
  readonly createClient: () => PgListenClient | Promise<PgListenClient>;
  /** The schema of the library's tables, which names the channel. Default `mud_auth`. */
  readonly schema?: string;
  /**
   * The listening connection is tried so often, and replaced if it takes longer than this again to
   * answer. In milliseconds. Default 3 seconds.
   */
  readonly heartbeatMs?: number;
  /** Told of each listening connection that failed. Another one is made in any case. Default: nobody is. */
  readonly onError?: (error: unknown) => void;
}

interface NotifyParams {
  readonly channel: string;
  readonly payload: string;
}

const NOTIFY = new Statement<NotifyParams, object>(
  (param) =>
    sql<object>`select pg_catalog.pg_notify(${param('channel', 'text')}, ${param('payload', 'text')})`,
);

/** The name of a channel may have so many bytes. */
const MAX_CHANNEL_LENGTH = 63;

/** Timers count milliseconds in 32 bits. */
const MAX_HEARTBEAT_MS = 2 ** 31 - 1;

/** Hints are dispensable, and must not become a load on a database that is slow. */
const LIMITS = { acquireTimeoutMs: 5_000, queryTimeoutMs: 5_000, maxWaiting: 1_000 };

/** Events between all nodes on one database, by LISTEN and NOTIFY. It listens while it has subscribers. */
export class PostgresSessionEvents implements SessionEvents {
  readonly #local = new LocalSessionEvents();
  readonly #subscribers = new Set<SessionEventsSubscriber>();
  readonly #connections: Connections;
  readonly #options: PostgresSessionEventsOptions;
  readonly #onError: OnError;
  readonly #channel: string;
  /** By which it knows what it has said itself. */
  readonly #ownId = newUuid();
  #listener: Listener | null = null;

  /** @throws TypeError for settings that cannot be. Nothing is asked of the database yet. */
  constructor(options: PostgresSessionEventsOptions) {
    checkOptions(options);
    const { pool, schema = DEFAULT_SCHEMA } = options;

    this.#options = options;
    this.#onError = quietly(options.onError);
    this.#channel = `${schema}.sessions_ended`.slice(-MAX_CHANNEL_LENGTH);
    this.#connections = new Connections(pool, { ...LIMITS, preparedStatements: false, clock: null });
  }

  async publish(event: SessionEvent): Promise<void> {
    const payload = writeMessage(this.#ownId, event);
    const [here, elsewhere] = await Promise.allSettled([
      this.#local.publish(event),
      this.#connections.run(NOTIFY, { channel: this.#channel, payload }),
    ]);
    for (const told of [here, elsewhere]) if (told.status === 'rejected') throw told.reason;
  }

  subscribe(subscriber: SessionEventsSubscriber): () => void {
    const unsubscribe = this.#local.subscribe(subscriber);
    this.#subscribers.add(subscriber);
    this.#listener ??= this.#listen();

    return () => {
      unsubscribe();
      this.#subscribers.delete(subscriber);
      if (this.#subscribers.size > 0) return;

      void this.#listener?.stop();
      this.#listener = null;
    };
  }

  #listen(): Listener {
    const { createClient, heartbeatMs = 3_000 } = this.#options;

    return new Listener({
      createClient,
      channel: this.#channel,
      heartbeatMs,
      onMessage: (payload) => this.#hear(payload),
      onListening: () => this.#missed(),
      onError: this.#onError,
    });
  }

  #hear(payload: string): void {
    const message = readMessage(payload);
    if (message?.from === this.#ownId) return;
    // Said by another version, perhaps: that something was said is hint enough.
    if (message === null) this.#missed();
    else this.#local.publish(message.event).catch(this.#onError);
  }

  #missed(): void {
    for (const subscriber of this.#subscribers) void safely(() => subscriber.missed(), this.#onError);
  }
}

function checkOptions(options: PostgresSessionEventsOptions): void {
  requirePlainObject('The options of PostgresSessionEvents', options, [
    'pool',
    'createClient',
    'schema',
    'heartbeatMs',
    'onError',
  ]);
  const { pool, createClient, schema = DEFAULT_SCHEMA, heartbeatMs = 1, onError } = options;
  if (typeof pool?.connect !== 'function') throw new TypeError('pool is required: a pg.Pool.');
  requireFunction('createClient', createClient);
  checkSchemaName(schema);
  if (!Number.isSafeInteger(heartbeatMs) || heartbeatMs < 1 || heartbeatMs > MAX_HEARTBEAT_MS)
    throw new TypeError(`heartbeatMs must be a whole number from 1 to ${MAX_HEARTBEAT_MS}.`);
  if (onError !== undefined) requireFunction('onError', onError);
}
