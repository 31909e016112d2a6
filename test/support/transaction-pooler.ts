import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import pg from 'pg';

/** What stands between server processes and a database, and lends each transaction a connection. */
export interface TransactionPooler {
  /** The database's URL, by this way. */
  readonly url: string;
  close(): Promise<void>;
}

const QUERY = 'Q';
const SYNC = 'S';
const TERMINATE = 'X';
const READY_FOR_QUERY = 'Z';
const IDLE = 'I'.charCodeAt(0);

/** AuthenticationOk, then ReadyForQuery: whoever comes is let in. */
const WELCOME = Buffer.from([...frame('R', [0, 0, 0, 0]), ...frame(READY_FOR_QUERY, [IDLE])]);

/**
 * Opens a pooler in the manner of PgBouncer's transaction mode, without its support for prepared
 * statements: each transaction goes to the connection that has rested longest, so that what was
 * prepared on one is not there on the next.
 */
export async function openTransactionPooler(target: string, size: number): Promise<TransactionPooler> {
  const servers = await Promise.all(Array.from({ length: size }, () => connect(target)));
  const resting = [...servers];
  const waiting: ((server: Link) => void)[] = [];
  const clients = new Set<Link>();
  const lend = async (): Promise<Link> =>
    resting.shift() ?? new Promise((resolve) => void waiting.push(resolve));
  const takeBack = (server: Link): void => {
    const next = waiting.shift();
    if (next === undefined) resting.push(server);
    else next(server);
  };

  const door = createServer((socket) => {
    // What a client says first has no letter before its length; nobody is asked who he is.
    socket.once('data', () => {
      const client = new Link(socket);
      clients.add(client);
      socket.on('close', () => clients.delete(client));
      socket.write(WELCOME);
      void serve(client, lend, takeBack);
    });
  });
  door.listen(0, '127.0.0.1');
  await once(door, 'listening');

  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String((door.address() as AddressInfo).port);

  return {
    url: url.href,
    async close() {
      for (const link of [...clients, ...servers]) link.destroy();
      door.close();
      await once(door, 'close');
    },
  };
}

async function serve(
  client: Link,
  lend: () => Promise<Link>,
  takeBack: (server: Link) => void,
): Promise<void> {
  let server: Link | null = null;
  for (;;) {
    const message = await client.next();
    if (message === null || message.type === TERMINATE) return client.destroy();

    server ??= await lend();
    server.write(message);
    if (message.type !== QUERY && message.type !== SYNC) continue;

    let reply;
    do {
      reply = await server.next();
      if (reply === null) return client.destroy();
      client.write(reply);
    } while (reply.type !== READY_FOR_QUERY);
    if (reply.bytes.at(-1) === IDLE) {
      takeBack(server);
      server = null;
    }
  }
}

interface Message {
  readonly type: string;
  readonly bytes: Buffer;
}

/** A socket that speaks in messages of the protocol: a letter, a length, a body. */
class Link {
  readonly #socket: Socket;
  #unread = Buffer.alloc(0);
  #isOpen = true;
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => {}); // "close" follows
    socket.on('data', (chunk) => {
      this.#unread = Buffer.concat([this.#unread, chunk]);
      this.#wake();
    });
    socket.on('close', () => {
      this.#isOpen = false;
      this.#wake();
    });
  }

  /** The next message; null when there will be none. */
  async next(): Promise<Message | null> {
    for (;;) {
      const size = this.#unread.length < 5 ? Infinity : 1 + this.#unread.readInt32BE(1);
      if (this.#unread.length >= size) {
        const bytes = this.#unread.subarray(0, size);
        this.#unread = this.#unread.subarray(size);

        return { type: String.fromCharCode(bytes[0] ?? 0), bytes };
      }
      if (!this.#isOpen) return null;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  write({ bytes }: Message): void {
    this.#socket.write(bytes);
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** A connection that is signed in and has nothing to say: pg's, without pg. */
async function connect(url: string): Promise<Link> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {}); // the database is dropped under it
  await client.connect();
  // Not among pg's types.
  const { stream } = (client as unknown as { readonly connection: { readonly stream: Socket } }).connection;
  stream.removeAllListeners('data');

  return new Link(stream);
}

function frame(type: string, body: readonly number[]): number[] {
  return [type.charCodeAt(0), 0, 0, 0, 4 + body.length, ...body];
}
