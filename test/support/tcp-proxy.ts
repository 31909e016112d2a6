import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A way to a server that can fail as networks do. */
export interface TcpProxy {
  /** The server's URL, by this way. */
  readonly url: string;
  /**
   * From now on nothing gets through, and nobody is told: the sockets stay open. What is connected
   * now, or connects meanwhile, is lost for ever, as after a firewall has forgotten it.
   */
  blackHole(): void;
  /** From now on nothing reaches the server of what is connected now; what it says gets through. */
  deafen(): void;
  /** From now on nothing gets through, but nothing is lost: it waits until `forward`. */
  stall(): void;
  /** Lets everything through that is not lost. */
  forward(): void;
  /** Resets all connections. */
  reset(): void;
  /** Resets all connections, and refuses new ones, until `open`. */
  shut(): Promise<void>;
  open(): Promise<void>;
  close(): Promise<void>;
}

type State = 'forwarding' | 'stalled' | 'black-holed';

/** Opens a way to the server of a URL. */
export async function openProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const links = new Set<Link>();
  let state: State = 'forwarding';

  const server = createServer({ allowHalfOpen: true }, (near) => {
    const link = new Link(near, connect({ host: hostname, port: Number(port), allowHalfOpen: true }));
    links.add(link);
    link.onClose = () => links.delete(link);
    link.become(state);
  });
  await listen(server, 0);
  const address = server.address() as AddressInfo;
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String(address.port);

  const become = (next: State): void => {
    state = next;
    for (const link of links) link.become(state);
  };
  const reset = (): void => {
    for (const link of links) link.reset();
  };
  const shut = async (): Promise<void> => {
    reset();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };

  return {
    url: url.href,
    deafen() {
      for (const link of links) link.isDeaf = true;
    },
    blackHole: () => become('black-holed'),
    stall: () => become('stalled'),
    forward: () => become('forwarding'),
    reset,
    shut,
    open: () => listen(server, address.port),
    close: shut,
  };
}

/** Two sockets, each of which gets what comes out of the other. */
class Link {
  onClose: () => void = () => {};
  isDeaf = false;
  readonly #ends: readonly [Socket, Socket];
  #isLost = false;
  #open = 2;

  constructor(near: Socket, far: Socket) {
    this.#ends = [near, far];
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('error', () => {}); // "close" follows
      from.on('data', (chunk) => {
        if (!this.#isLost && !(this.isDeaf && to === far)) to.write(chunk);
      });
      from.on('end', () => {
        if (!this.#isLost) to.end();
      });
      from.on('close', () => {
        if (!this.#isLost) to.destroy();
        this.#open -= 1;
        if (this.#open === 0) this.onClose();
      });
    }
  }

  become(state: State): void {
    if (state === 'black-holed') this.#isLost = true;
    for (const end of this.#ends) {
      if (state === 'stalled') end.pause();
      else end.resume();
    }
  }

  reset(): void {
    for (const end of this.#ends) end.resetAndDestroy();
  }
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}
