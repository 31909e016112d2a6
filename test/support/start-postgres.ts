import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A running server. */
export interface PostgresServer {
  readonly url: string;
  /** Stops it in the fast way, which ends every connection, and starts it again; until it is ready. */
  restart(): Promise<void>;
  /** Kills it with SIGKILL, and starts it again; until it has recovered and is ready. */
  crash(): Promise<void>;
  /** Stops it in the fast way, which ends every connection, until `start`. */
  halt(): Promise<void>;
  /** Until it is ready. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const STOP_TIMEOUT_MS = 15_000;

/** How a server lives beside who started it. */
export interface PostgresOptions {
  /** Where its data stays when it stops. Default: it has a folder of its own, which goes with it. */
  readonly folder?: string;
  /** Whether Ctrl-C in the terminal is to pass it by. Default `false`. */
  readonly detached?: boolean;
}

/** Starts a PostgreSQL server of this major version in a process of its own, with such settings as `work_mem=64MB`. */
export async function startPostgres(
  version: string = '18',
  settings: readonly string[] = [],
  { folder = '', detached = false }: PostgresOptions = {},
): Promise<PostgresServer> {
  const script = fileURLToPath(new URL('postgres-server.ts', import.meta.url));
  const child = spawn(process.execPath, [script, version, folder, ...settings], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached,
  });
  const lines = createInterface(child.stdout);
  const url = await nextLineOf(lines, child);
  const order = async (command: string): Promise<void> => {
    child.stdin.write(`${command}\n`);
    await nextLineOf(lines, child);
  };

  return {
    url,
    restart: () => order('restart'),
    crash: () => order('crash'),
    halt: () => order('halt'),
    start: () => order('start'),
    stop: () => stop(child),
  };
}

async function nextLineOf(lines: Interface, child: ChildProcess): Promise<string> {
  const over = new AbortController();
  const ended = once(child, 'exit', over).then(([code]) => {
    throw new Error(`PostgreSQL is gone: its process ended with ${String(code)}`);
  });

  try {
    const [line] = await Promise.race([once(lines, 'line', over), ended]);

    return String(line);
  } finally {
    ended.catch(() => {}); // nobody waits for it any more
    over.abort();
  }
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  const giveUp = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  child.stdin?.end();
  await ended;
  clearTimeout(giveUp);
}
