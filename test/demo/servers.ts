import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, vi } from 'vitest';

/** A demo that runs as several servers. */
export interface Servers {
  readonly ports: readonly number[];
  kill(server: number): void;
  /** Waits for a line of what it prints. */
  until(line: string): Promise<void>;
  /** Tells the process that started them, and it alone, to stop; again does nothing. */
  stop(signal?: 'SIGINT' | 'SIGTERM'): Promise<void>;
}

/** What a demo did that ended by itself. */
export interface Ended {
  readonly code: number | null;
  /** What it complained about. */
  readonly lines: readonly string[];
}

const SOURCES = fileURLToPath(new URL('../support/use-sources.ts', import.meta.url));
const MAIN = fileURLToPath(new URL('../../demo/main.ts', import.meta.url));

/** Starts two servers, as a user would, with such settings in the environment as the URL of a database. */
export async function startServers(args: readonly string[], settings: NodeJS.ProcessEnv): Promise<Servers> {
  const demo = spawnDemo(['--nodes', '2', ...args], settings);
  const printed: string[] = [];
  createInterface(demo.stdout).on('line', (line) => printed.push(line));
  demo.stderr.pipe(process.stderr);
  const until = async (line: string): Promise<void> => {
    await vi.waitFor(() => expect(printed.join('\n')).toContain(line), { timeout: 30_000 });
  };
  await until('Ctrl-C stops');
  const ended = once(demo, 'exit');
  const servers = [...printed.join('\n').matchAll(/telnet 127\.0\.0\.1 (\d+) .*kill -9 (\d+)/g)];

  return {
    ports: servers.map(([, port]) => Number(port)),
    kill: (server) => void process.kill(Number(servers[server]?.[2]), 'SIGKILL'),
    until,
    async stop(signal = 'SIGTERM') {
      demo.kill(signal);
      expect((await ended)[0]).toBe(0);
    },
  };
}

/** Runs a demo that cannot start. */
export async function runInVain(args: readonly string[], settings: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const demo = spawnDemo(args, settings);
  const lines: string[] = [];
  demo.stdout.resume();
  createInterface(demo.stderr).on('line', (line) => lines.push(line));
  const [code] = await once(demo, 'close');

  return { code, lines };
}

function spawnDemo(args: readonly string[], settings: NodeJS.ProcessEnv): DemoProcess {
  return spawn(process.execPath, ['--import', SOURCES, MAIN, ...args], {
    env: { ...process.env, DATABASE_URL: '', PORT_TELNET: '0', PORT_WEB: '0', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

type DemoProcess = ChildProcess & {
  readonly stdout: NodeJS.ReadableStream;
  readonly stderr: NodeJS.ReadableStream;
};
