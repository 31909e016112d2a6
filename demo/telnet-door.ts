import { createServer, type Socket } from 'node:net';
import { handleLine } from './commands.ts';
import { type Door, openDoor } from './door.ts';
import { comeBack, logIn, resume } from './entrance.ts';
import type { Game } from './game.ts';
import type { Player, Screen } from './player.ts';
import { HIDE_TYPING, SHOW_TYPING, TelnetDecoder } from './telnet-decoder.ts';

const MAX_UNREAD_BYTES = 64 * 1024;
const PARTING_MS = 1_000;

/** Lets telnet clients in. */
export async function openTelnetDoor(game: Game, port: number): Promise<Door> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy()); // somebody hung up, which is no news
    game.welcome(new TelnetScreen(socket), (player) => visit(game, player, socket));
  });

  return openDoor(server, port);
}

async function visit(game: Game, player: Player, socket: Socket): Promise<void> {
  const lines = linesOf(socket, player);
  const ask = async (question: Uint8Array | string): Promise<string | null> => {
    if (socket.writable) socket.write(question);
    return (await lines.next()).value ?? null;
  };

  player.print('mud-auth demo. Log in, or go on with a session: resume <token>');
  player.print('To come back without a password next time, first say: remember');
  let remember = false;
  while (player.token === null && !player.isClosed) {
    const name = await ask('Name: ');
    if (name === null) return;

    const [, word, token] = /^\s*(resume|remember)(?:\s+(\S+))?\s*$/.exec(name) ?? [];
    if (token !== undefined) {
      await (word === 'resume' ? resume(game, player, token) : comeBack(game, player, token));
      continue;
    }
    if (word === 'remember') {
      remember = true;
      continue;
    }

    const password = await ask(Buffer.concat([Buffer.from('Password: '), HIDE_TYPING]));
    if (password === null) return;

    if (socket.writable) socket.write(Buffer.concat([SHOW_TYPING, Buffer.from('\r\n')]));
    await logIn(game, player, { username: name.trim(), password, remember });
  }
  for await (const line of lines) await handleLine(game, player, line);
}

async function* linesOf(socket: Socket, player: Player): AsyncGenerator<string, undefined> {
  const decoder = new TelnetDecoder();
  try {
    for await (const chunk of socket) {
      for (const line of decoder.decode(chunk)) {
        if (line === null) player.print('That line is too long.');
        else yield line;
      }
    }
  } catch {
    // The connection broke. Nothing more comes of it, as when it is closed.
  }
}

class TelnetScreen implements Screen {
  readonly clientType = 'telnet';
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  print(text: string): void {
    if (!this.#socket.writable) return;

    this.#socket.write(`${text.replaceAll('\n', '\r\n')}\r\n`);
    if (this.#socket.writableLength > MAX_UNREAD_BYTES) this.#socket.destroy();
  }

  keepToken(): void {
    // A telnet client keeps nothing. Whoever wants the token types: token
  }

  keepRememberToken(token: string | null): void {
    if (token === null) return;
    this.print('Keep this secret: whoever has it is you, for two weeks. It is good once.');
    this.print(`remember ${token}`);
  }

  close(): void {
    this.#socket.destroySoon();
    setTimeout(() => this.#socket.destroy(), PARTING_MS).unref();
  }
}
