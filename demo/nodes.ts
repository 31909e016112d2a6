import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startPostgres } from '../test/support/start-postgres.ts';

/** Where the nodes listen, and what they share. */
export interface NodesOptions {
  /** Of a Postgres to use; `null` to bring one that is gone with the demo. */
  readonly databaseUrl: string | null;
  /** Of the first node; the others have those that come next. 0 takes any that are free. */
  readonly telnetPort: number;
  readonly webPort: number;
}

/** Runs the game as several processes on one database, until it is told to stop or all have ended. */
export async function runNodes(count: number, options: NodesOptions): Promise<void> {
  const own = options.databaseUrl === null ? await startPostgres('18', [], { detached: true }) : null;
  const databaseUrl = options.databaseUrl ?? own?.url ?? '';

  try {
    const nodes: ChildProcess[] = [];
    const stop = (): void => nodes.forEach((node) => node.kill('SIGTERM'));
    // Ctrl-C in a terminal reaches the nodes too, which go down by themselves.
    process.once('SIGINT', () => {}).once('SIGTERM', stop);
    const ended: Promise<void>[] = [];
    console.log('A small MUD on mud-auth, as several servers on one database.');
    for (let n = 0; n < count; n += 1) {
      const node = startNode(n, databaseUrl, options);
      nodes.push(node);
      ended.push(watch(n, node));
      await Promise.race([once(node, 'message'), ended[n]]);
    }
    console.log(`\
  names     player, builder, admin, superuser
  password  the name and "-demo": player-demo
Log in to one as player and to another as admin, then: play Pip, who, kick pip. Hang up, and see
"who" on the other; come back there with: token, resume <token>. Kill one with kill -9, and see it
again. As admin: close We are repairing the bridge. What is said is heard on the same server only.
Ctrl-C stops.`);
    await Promise.all(ended);
  } finally {
    await own?.stop();
  }
}

function startNode(n: number, databaseUrl: string, { telnetPort, webPort }: NodesOptions): ChildProcess {
  return fork(fileURLToPath(new URL('main.ts', import.meta.url)), [], {
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      PORT_TELNET: String(telnetPort && telnetPort + n),
      PORT_WEB: String(webPort && webPort + n),
    },
  });
}

/** Says where a node is, and when it has ended; resolves then. */
async function watch(n: number, node: ChildProcess): Promise<void> {
  node.once(
    'message',
    ({ telnetPort, webPort }: { readonly telnetPort: number; readonly webPort: number }) => {
      console.log(
        `  server ${n + 1}  telnet 127.0.0.1 ${telnetPort}   http://127.0.0.1:${webPort}   kill -9 ${node.pid}`,
      );
    },
  );
  const [code, signal] = await once(node, 'exit');
  console.log(`Server ${n + 1} has ended (${signal ?? code}).`);
}
