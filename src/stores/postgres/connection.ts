import type { Clock } from '../../clock.ts';
import type { PgClient, PgQuery } from './pg-pool.ts';
import { breaksConnection, type Phase } from './postgres-errors.ts';
import { readAsWritten } from './result-types.ts';
import type { Statement } from './statements/statement.ts';

/** What runs statements: the pool at large, or one transaction. */
export interface Runner {
  run<Params extends object, Row>(statement: Statement<Params, Row>, params: Params): Promise<readonly Row[]>;
  /** Runs SQL without values, one statement or many, for its effect. */
  runText(text: string): Promise<void>;
}

export interface ConnectionSettings {
  /** How long to wait for the answer to one statement, in milliseconds. */
  readonly queryTimeoutMs: number;
  /** For what begins and ends a transaction, however long its statements may take. */
  readonly controlTimeoutMs: number;
  /** Whether statements are prepared under their names. */
  readonly usesNames: boolean;
  /** Without one, statements read that of Postgres. */
  readonly clock: Clock | null;
}

/** One client, for as long as one piece of work takes. */
export class Connection implements Runner {
  phase: Phase = 'before-commit';
  readonly #client: PgClient;
  readonly #settings: ConnectionSettings;
  #isInTransaction = false;

  constructor(client: PgClient, settings: ConnectionSettings) {
    this.#client = client;
    this.#settings = settings;
  }

  async run<Params extends object, Row>(
    statement: Statement<Params, Row>,
    params: Params,
  ): Promise<readonly Row[]> {
    const { name, text } = statement;
    const { clock, usesNames } = this.#settings;
    const values = statement.valuesOf(params, { now: clock?.now() ?? null });
    const { rows } = await this.#send(usesNames ? { name, text, values } : { text, values });

    // The statement's outputs are cast to the types that its Row says.
    return rows as readonly Row[];
  }

  async runText(text: string): Promise<void> {
    await this.#send({ text });
  }

  /**
   * Begins a transaction. Long ones are not held to the limits that the host has set for its own
   * statements; short ones bound their waits in their first statement, with the user's lock.
   */
  async begin(isLong: boolean): Promise<void> {
    this.#isInTransaction = true;
    const bounds = isLong ? boundsOfLong(this.#settings.controlTimeoutMs) : '';
    await this.control(`begin isolation level read committed${bounds}`);
  }

  async control(text: string): Promise<void> {
    await this.#send({ text }, this.#settings.controlTimeoutMs);
    if (text === 'commit' || text === 'rollback') this.#isInTransaction = false;
  }

  /** Leaves the transaction that failed; whether the connection may be given back. */
  async isUsableAfter(error: unknown): Promise<boolean> {
    if (breaksConnection(error)) return false;
    if (!this.#isInTransaction) return true;

    return this.control('rollback').then(
      () => true,
      () => false,
    );
  }

  #send(query: PgQuery, query_timeout = this.#settings.queryTimeoutMs): ReturnType<PgClient['query']> {
    return this.#client.query({ ...query, query_timeout, types: readAsWritten });
  }
}

// What was acknowledged survives a crash, also where the host has let commits not wait for the disk.
// If this node is cut off in its midst, the server lets go of its locks; else they would be held
// until TCP gives up, which takes hours.
function boundsOfLong(idleMs: number): string {
  return `; set local statement_timeout = 0; set local lock_timeout = 0; set local idle_in_transaction_session_timeout = ${idleMs}; select set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off'`;
}
