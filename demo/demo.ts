import type { Door } from './door.ts';
import { Game } from './game.ts';
import { openStorage, type StorageOptions } from './storage.ts';
import { openTelnetDoor } from './telnet-door.ts';
import { openWebDoor } from './web-door.ts';

const SWEEP_MS = 30_000;

/** Where the demo listens and keeps its data. */
export interface DemoOptions extends StorageOptions {
  /** 0 takes any that is free, here and below. */
  readonly telnetPort: number;
  readonly webPort: number;
}

/** A demo that runs. */
export interface Demo {
  readonly telnetPort: number;
  readonly webPort: number;
  /** Sends everybody home and stops. Sessions stay for the next start. */
  close(): Promise<void>;
}

/** Opens the storage, then the doors. */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const storage = await openStorage(options);
  const game = new Game(storage.sessions, storage.accounts);
  const doors: Door[] = [];
  const sweeping = setInterval(() => void game.sweep(), SWEEP_MS).unref();

  const close = async (): Promise<void> => {
    clearInterval(sweeping);
    const closing = doors.map((door) => door.close());
    await game.close();
    await Promise.all(closing);
    await storage.close();
  };

  try {
    const telnet = await openTelnetDoor(game, options.telnetPort);
    doors.push(telnet);
    const web = await openWebDoor(game, options.webPort);
    doors.push(web);

    return { telnetPort: telnet.port, webPort: web.port, close };
  } catch (error) {
    await close();
    throw error;
  }
}
