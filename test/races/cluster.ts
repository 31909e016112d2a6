import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CreatedSession, GamePrincipal, SessionPolicyOptions } from '../../src/index.ts';
import type { Remembered, SignedIn } from '../../src/remember/index.ts';
import type { StartMaintenanceOptions } from '../../src/live/index.ts';
import { migrateToLatest } from '../../src/stores/postgres/index.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { hostTablesSql } from '../support/host-tables.ts';
import type { NodeAnswer } from './node.ts';

/** How large the races are: 1 for every run, more with the environment variable `RACE_SCALE`. */
export const SCALE: number = Number(process.env['RACE_SCALE'] ?? 1);

export const USERS = 32;

/** A call that a node refused. */
export class Refusal extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** One server process. */
export class ServerNode {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, (answer: NodeAnswer) => void>();
  #lastId = 0;

  constructor(process: ChildProcess) {
    this.#process = process;
    process.on('message', (answer: NodeAnswer) => {
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
  }

  createSession(userId: string): Promise<CreatedSession> {
    return this.#call('createSession', userId);
  }

  /** Whether the token is valid now. Anything but a valid session or a 401 is thrown. */
  async isValid(token: string): Promise<boolean> {
    try {
      await this.#call('validateSession', token);
      return true;
    } catch (error) {
      if (error instanceof Refusal && error.code.startsWith('session_invalid')) return false;
      throw error;
    }
  }

  selectCharacter(token: string, characterId: string): Promise<GamePrincipal> {
    return this.#call('selectCharacter', token, characterId);
  }

  /** Calls what takes something away. */
  end(
    method:
      | 'clearAllSessions'
      | 'cleanupExpiredSessions'
      | 'logout'
      | 'releaseCharacter'
      | `removeSession${string}`,
    ...args: readonly string[]
  ): Promise<unknown> {
    return this.#call(method, ...args);
  }

  /** Signs in on a client that is remembered. */
  signIn(userId: string): Promise<SignedIn> {
    return this.#call('signIn', userId, { remember: true });
  }

  redeem(rememberToken: string | null): Promise<Remembered> {
    return this.#call('redeem', rememberToken);
  }

  revoke(rememberToken: string | null): Promise<boolean> {
    return this.#call('revoke', rememberToken);
  }

  /** Closes the game; how many sessions that ended. */
  startMaintenance(options: StartMaintenanceOptions): Promise<number> {
    return this.#call('start', options);
  }

  /** Opens it. */
  endMaintenance(): Promise<boolean> {
    return this.#call('end');
  }

  /** How many statements it has sent for several calls at once. */
  countSharedStatements(): Promise<number> {
    return this.#call('countSharedStatements');
  }

  async stop(): Promise<void> {
    if (!this.#process.connected) return; // it was killed
    const ended = once(this.#process, 'exit');
    this.#process.disconnect();
    await ended;
  }

  async #call<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    const id = (this.#lastId += 1);
    const answer = await new Promise<NodeAnswer>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#process.send({ id, method, args });
    });
    if ('code' in answer) throw new Refusal(answer.code, answer.message);

    // A node answers with what the service's method of that name returns.
    return answer.value as T;
  }
}

/** Two server processes on one database. */
export interface Cluster {
  readonly database: TestDatabase;
  readonly nodes: readonly [ServerNode, ServerNode];
  close(): Promise<void>;
}

export interface ClusterSettings {
  readonly policy?: SessionPolicyOptions;
  readonly cacheMs?: number;
  readonly graceMs?: number;
  /** Whether the first node is killed when it has redeemed a remember token, before it can say so. */
  readonly diesOfRedeeming?: boolean;
  /** The host's default for its database. */
  readonly isolation?: 'read committed' | 'repeatable read';
}

/** Starts two nodes; users 1 to 32 have the characters 100 + id and 200 + id, in two worlds. */
export async function startCluster(settings: ClusterSettings = {}): Promise<Cluster> {
  const { policy = {}, cacheMs = 0, graceMs = 10_000, isolation = 'read committed' } = settings;
  const database = await createDatabase();
  await migrateToLatest(database.pool);
  await database.sql(hostTablesSql('integer'));
  await database.sql(
    `insert into users select n, 'user' || n, 'player', false from generate_series(1, ${USERS}) n`,
  );
  await database.sql(
    `insert into characters select 100 + n, n, 'first' || n, 'mist' from generate_series(1, ${USERS}) n`,
  );
  await database.sql(
    `insert into characters select 200 + n, n, 'second' || n, 'stone' from generate_series(1, ${USERS}) n`,
  );
  const name = new URL(database.url).pathname.slice(1);
  await database.sql(`alter database ${name} set default_transaction_isolation = '${isolation}'`);

  const start = async (diesOfRedeeming = false): Promise<ServerNode> => {
    const script = fileURLToPath(new URL('node.ts', import.meta.url));
    const child = fork(script, [
      JSON.stringify({ url: database.url, policy, cacheMs, graceMs, diesOfRedeeming }),
    ]);
    await once(child, 'message');

    return new ServerNode(child);
  };
  const nodes: [ServerNode, ServerNode] = [await start(settings.diesOfRedeeming), await start()];

  return {
    database,
    nodes,
    async close() {
      await Promise.all(nodes.map((node) => node.stop()));
      await database.close();
    },
  };
}
