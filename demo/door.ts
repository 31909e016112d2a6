import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';

/** A way in from outside. */
export interface Door {
  readonly port: number;
  /** Lets nobody in any more; done once those who came in this way are gone. */
  close(): Promise<void>;
}

/** Opens a server to this machine only. Port 0 takes any that is free. */
export async function openDoor(server: Server, port: number): Promise<Door> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening'); // throws if an error comes instead

  return {
    port: (server.address() as AddressInfo).port, // a TCP server that listens has no other kind
    async close() {
      server.close();
      await once(server, 'close');
    },
  };
}
