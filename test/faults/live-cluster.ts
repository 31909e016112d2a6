import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { migrateToLatest } from '../../src/stores/postgres/index.ts';
import type { TestDatabase } from '../support/database.ts';
import { hostTablesSql } from '../support/host-tables.ts';
import type { LiveNodeAnswer, LiveNodeCall, LiveNodeCalls, LiveNodeSettings } from './live-node.ts';

/** How many users there are, each with a character of the same id in the world `mist`. */
export const USERS = 250;

/** Puts our tables, and a host's, into an empty database. */
export async function populate(pool: TestDatabase['pool']): Promise<void> {
  await migrateToLatest(pool);
  await pool.query(hostTablesSql('integer'));
  await pool.query(
    `insert into users select n, 'user' || n, 'player', false from generate_series(1, ${USERS}) n`,
  );
  await pool.query(
    `insert into characters select n, n, 'character' || n, 'mist' from generate_series(1, ${USERS}) n`,
  );
}

/** A server process, from outside. */
export class LiveNode {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #exited: Promise<unknown>;
  #lastId = 0;

  constructor(process: ChildProcess) {
    this.#process = process;
    process.on('message', (answer: LiveNodeAnswer) => this.#hear(answer));
    this.#exited = once(process, 'exit').then(() => this.#giveUp());
  }

  async call<Name extends keyof LiveNodeCalls>(
    name: Name,
    ...args: Parameters<LiveNodeCalls[Name]>
  ): Promise<Awaited<ReturnType<LiveNodeCalls[Name]>>> {
    const id = (this.#lastId += 1);
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    this.#process.send({ id, name, args } satisfies LiveNodeCall);

    // A node answers with what the function of that name returns.
    return (await answer.promise) as Awaited<ReturnType<LiveNodeCalls[Name]>>;
  }

  /** With SIGKILL, which leaves it no time for a word. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#exited;
  }

  async stop(): Promise<void> {
    if (this.#process.connected) this.#process.disconnect();
    await this.#exited;
  }

  #hear(answer: LiveNodeAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('error' in answer) waiting?.reject(new Error(answer.error));
    else waiting?.resolve(answer.value);
  }

  #giveUp(): void {
    for (const { reject } of this.#waiting.values()) reject(new Error('The node is gone.'));
  }
}

export type SomeLiveNodeSettings = Partial<LiveNodeSettings> & Pick<LiveNodeSettings, 'name' | 'url'>;

/** Starts a node; until it listens. All is by default, and its listening connection a sound one. */
export async function startLiveNode(settings: SomeLiveNodeSettings): Promise<LiveNode> {
  const all: LiveNodeSettings = {
    listenUrl: settings.url,
    losesHints: false,
    policy: {},
    live: {},
    ...settings,
  };
  const child = fork(fileURLToPath(new URL('live-node.ts', import.meta.url)), [JSON.stringify(all)], {
    execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning'],
  });
  const gone = once(child, 'exit').then(() => {
    throw new Error('The node did not start.');
  });
  gone.catch(() => {}); // it is to end some day
  await Promise.race([once(child, 'message'), gone]);

  return new LiveNode(child);
}
