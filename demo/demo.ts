import { LiveSessions, MaintenanceMode } from 'mud-auth/live';
import { PostgresLinkStore, PostgresMaintenanceStore } from 'mud-auth/postgres/live';
import type { Door } from './door.ts';
import { Game } from './game.ts';
import { openStorage, type StorageOptions } from './storage.ts';
import { openTelnetDoor } from './telnet-door.ts';
import { openWebDoor } from './web-door.ts';

const CLEANUP_MS = 5 * 60_000;

/** Where the demo listens and keeps its data. */
export interface DemoOptions extends StorageOptions {
  /** 0 takes any that is free, here and below. */
  readonly telnetPort: number;
  readonly webPort: number;
  /** A process that says nothing for so long is taken for dead. Default: the library's. */
  readonly nodeLeaseMs?: number;
}

/** A demo that runs. */
export interface Demo {
  readonly telnetPort: number;
  readonly webPort: number;
  /** Sends everybody home and stops. Sessions stay for the next start. */
  close(): Promise<void>;
}

/** Opens the storage, then the doors. */
export async function startDemo({
  telnetPort,
  webPort,
  nodeLeaseMs,
  ...options
}: DemoOptions): Promise<Demo> {
  const storage = await openStorage(options);
  const { store, sessions, remember, accounts } = storage;
  const maintenance = new MaintenanceMode({
    sessions,
    store: new PostgresMaintenanceStore(store),
    onError: console.error,
  });
  const live: LiveSessions = new LiveSessions({
    sessions,
    store: new PostgresLinkStore(store),
    maintenance,
    ...(nodeLeaseMs !== undefined && { nodeLeaseMs }),
    onLinkDead: (principal) => game.tellRoomOf(principal, 'stares into the void.'),
    onLeft: (principal) => game.tellRoomOf(principal, 'fades away.'),
    onError: console.error,
  });
  const game = new Game({ sessions, remember, live, maintenance, accounts });
  const doors: Door[] = [];
  const cleaning = setInterval(() => {
    sessions.cleanupExpiredSessions().catch(console.error);
  }, CLEANUP_MS).unref();

  const close = async (): Promise<void> => {
    clearInterval(cleaning);
    const closing = doors.map((door) => door.close());
    await game.close();
    await Promise.all(closing);
    await storage.close();
  };

  try {
    const telnet = await openTelnetDoor(game, telnetPort);
    doors.push(telnet);
    const web = await openWebDoor(game, webPort);
    doors.push(web);

    return { telnetPort: telnet.port, webPort: web.port, close };
  } catch (error) {
    await close();
    throw error;
  }
}
