import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A running server. */
export interface PostgresServer {
  readonly url: string;
  stop(): Promise<void>;
}

const STOP_TIMEOUT_MS = 15_000;

/** Starts a PostgreSQL server of this major version in a process of its own. */
export async function startPostgres(version: string = '18'): Promise<PostgresServer> {
  const script = fileURLToPath(new URL('postgres-server.ts', import.meta.url));
  const child = spawn(process.execPath, [script, version], { stdio: ['pipe', 'pipe', 'inherit'] });
  const url = await firstLineOf(child);

  return { url, stop: () => stop(child) };
}

async function firstLineOf(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the server process has no output');
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`PostgreSQL did not start: its process ended with ${String(code)}`);
  });
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), ended]);
  ended.catch(() => {}); // it ends one day

  return String(line);
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  const giveUp = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  child.stdin?.end();
  await ended;
  clearTimeout(giveUp);
}
