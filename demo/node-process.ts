import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { DemoOptions } from './demo.ts';

/** A node of the game, in a process of its own. */
export interface NodeProcess {
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Lets it send its players home; resolves when it has ended. */
  stop(): Promise<void>;
}

/** What a node sends when its doors are open. */
export interface NodePorts {
  readonly telnetPort: number;
  readonly webPort: number;
}

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

/** One that hangs is not waited for any longer. */
const STOP_TIMEOUT_MS = 10_000;

/** Starts a node, and says where it is; `null` if it has ended instead. It is not started again when it ends. */
export async function startNodeProcess(index: number, options: DemoOptions): Promise<NodeProcess | null> {
  const child = fork(MAIN, [], { env: { ...process.env, ...environmentOf(index, options) } });
  const ended = watch(child, index);
  const message = await Promise.race([once(child, 'message'), ended]);
  if (message === undefined) return null;

  const [{ telnetPort, webPort }] = message as [NodePorts]; // as main.ts sends it
  console.log(
    `  server ${index + 1}  telnet 127.0.0.1 ${telnetPort}   http://127.0.0.1:${webPort}   kill -9 ${child.pid}`,
  );

  return { ended, stop: () => stop(child, ended) };
}

/** What `main.ts` reads: the first node has the ports as given, the others those that come next. */
function environmentOf(
  index: number,
  { databaseUrl, rememberKey, telnetPort, webPort }: DemoOptions,
): NodeJS.ProcessEnv {
  return {
    DATABASE_URL: databaseUrl ?? '',
    ...(rememberKey !== null && { REMEMBER_KEY: rememberKey }),
    PORT_TELNET: String(telnetPort && telnetPort + index), // 0 is any that is free
    PORT_WEB: String(webPort && webPort + index),
  };
}

async function watch(child: ChildProcess, index: number): Promise<void> {
  const [code, signal] = await once(child, 'exit');
  console.log(`Server ${index + 1} has ended (${signal ?? code}).`);
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  const giveUp = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(giveUp);
}
