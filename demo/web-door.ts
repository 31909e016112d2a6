import { on } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { handleLine } from './commands.ts';
import { type Door, openDoor } from './door.ts';
import { comeBack, type Credentials, logIn, resume } from './entrance.ts';
import type { Game } from './game.ts';
import type { Player, Screen } from './player.ts';
import { servePage } from './web-page.ts';

const MAX_MESSAGE_BYTES = 4 * 1024;
const MAX_UNREAD_BYTES = 64 * 1024;
const PARTING_MS = 1_000;

/** Codes of RFC 6455, section 7.4: the page does not come back by itself after the second. */
const GOODBYE = 1000;
const ELSEWHERE = 4001;

/** What the page sends. The token comes in the first message, never in an address. */
type Message =
  | ({ readonly type: 'login' } & Credentials)
  | { readonly type: 'remember'; readonly token: string }
  | { readonly type: 'resume'; readonly token: string }
  | { readonly type: 'line'; readonly text: string };

/** Lets browsers in. */
export async function openWebDoor(game: Game, port: number): Promise<Door> {
  const server = createServer(servePage);
  const upgrades = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES });

  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (!isFromOurPage(request)) return socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');

    upgrades.handleUpgrade(request, socket, head, (client) => {
      client.on('error', () => client.terminate()); // somebody hung up, or sent too much
      game.welcome(new WebScreen(client), (player) => visit(game, player, client));
    });
  });

  const door = await openDoor(server, port);

  return {
    port: door.port,
    async close() {
      const closing = door.close();
      server.closeAllConnections(); // those that asked for no WebSocket: nobody else sends them home
      await closing;
    },
  };
}

async function visit(game: Game, player: Player, client: WebSocket): Promise<void> {
  for await (const message of messagesOf(client)) {
    if (player.isClosed) return;

    switch (message?.type) {
      case 'login':
        await logIn(game, player, message);
        break;
      case 'remember':
        await comeBack(game, player, message.token);
        if (player.token === null) player.close();
        break;
      case 'resume':
        await resume(game, player, message.token);
        // If the database is away, the page comes again: it keeps the token until told otherwise.
        if (player.token === null) player.close();
        break;
      case 'line':
        await handleLine(game, player, message.text);
        break;
      default:
        player.close();
    }
  }
}

async function* messagesOf(client: WebSocket): AsyncGenerator<Message | null> {
  try {
    // Paused when it sends faster than it is answered.
    const events = on(client, 'message', { close: ['close'], highWaterMark: 16, lowWaterMark: 1 });
    for await (const [data] of events) yield readMessage(String(data));
  } catch {
    // The connection broke. Nothing more comes of it, as when it is closed.
  }
}

function readMessage(text: string): Message | null {
  const { type, token, username, password, remember = false, text: line } = parseObject(text);
  if (type === 'login' && typeof username === 'string' && typeof password === 'string') {
    return { type, username, password, remember: remember === true };
  }
  if ((type === 'resume' || type === 'remember') && typeof token === 'string') return { type, token };
  if (type === 'line' && typeof line === 'string') return { type, text: line };

  return null;
}

function parseObject(text: string): {
  readonly [Key in 'type' | 'token' | 'username' | 'password' | 'remember' | 'text']?: unknown;
} {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

// Browsers let any page open a WebSocket to any host, and say which page it was.
function isFromOurPage({ headers }: IncomingMessage): boolean {
  return headers.origin === undefined || headers.origin === `http://${headers.host}`;
}

class WebScreen implements Screen {
  readonly clientType = 'web';
  readonly #client: WebSocket;

  constructor(client: WebSocket) {
    this.#client = client;
  }

  print(text: string): void {
    this.#send({ type: 'print', text });
  }

  keepToken(token: string | null): void {
    this.#send({ type: 'token', token });
  }

  keepRememberToken(token: string | null): void {
    this.#send({ type: 'remember', token });
  }

  close(isElsewhere: boolean): void {
    this.#client.close(isElsewhere ? ELSEWHERE : GOODBYE);
    setTimeout(() => this.#client.terminate(), PARTING_MS).unref();
  }

  #send(message: object): void {
    if (this.#client.readyState !== this.#client.OPEN) return;

    this.#client.send(JSON.stringify(message));
    if (this.#client.bufferedAmount > MAX_UNREAD_BYTES) this.#client.terminate();
  }
}
