import { once } from 'node:events';
import type { DemoOptions } from './demo.ts';
import { type NodeProcess, startNodeProcess } from './node-process.ts';
import { openRememberKey } from './remember-key.ts';
import { openOwnPostgres } from './own-postgres.ts';

/** Runs the game as several processes on one database, until it is told to stop or all have ended. */
export async function runNodes(count: number, options: DemoOptions): Promise<void> {
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.on('SIGINT', stop).on('SIGTERM', stop);
  const stopped = once(stopping.signal, 'abort');

  // PGlite serves one process.
  const own = options.databaseUrl === null ? await openOwnPostgres(options.folder) : null;
  const databaseUrl = own?.url ?? options.databaseUrl ?? '';
  const rememberKey = options.rememberKey ?? (await openRememberKey(options.folder));
  const nodes: NodeProcess[] = [];

  try {
    console.log('A small MUD on mud-auth, as several servers on one database. Its sessions are in');
    console.log(own === null ? 'the database at DATABASE_URL.' : `${options.folder}.`);
    while (nodes.length < count && !stopping.signal.aborted) {
      const node = await startNodeProcess(nodes.length, { ...options, databaseUrl, rememberKey });
      if (node === null) return void (process.exitCode = 1); // it has said why
      nodes.push(node);
    }
    if (stopping.signal.aborted) return;

    console.log(`\
  names     player, builder, admin, superuser
  password  the name and "-demo": player-demo
Log in to one as player and to another as admin, then: play Pip, who, kick pip. Hang up, and see
"who" on the other; come back there with: token, resume <token>. Kill one with kill -9, and see it
again. As admin: close We are repairing the bridge. What is said is heard on the same server only.
Ctrl-C stops; start it again, and whoever was logged in still is.`);
    await Promise.race([stopped, Promise.all(nodes.map(({ ended }) => ended))]);
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
    await own?.close();
  }
}
