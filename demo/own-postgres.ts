import { join } from 'node:path';
import { startPostgres } from '../test/support/start-postgres.ts';
import { lockFolder } from './folder-lock.ts';

/** A Postgres that the demo brings: PGlite serves one process, and a game may be several. */
export interface OwnPostgres {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts a Postgres that keeps its data in a folder. */
export async function openOwnPostgres(folder: string): Promise<OwnPostgres> {
  const unlock = await lockFolder(folder);

  try {
    // Ctrl-C has to pass it by: players are sent home first.
    const server = await startPostgres('18', [], { folder: join(folder, 'postgres-18'), detached: true });

    return {
      url: server.url,
      async close() {
        await server.stop();
        await unlock();
      },
    };
  } catch (error) {
    await unlock();
    throw error;
  }
}
