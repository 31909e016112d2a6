import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { Transcript } from './transcript.ts';

/** A client of the demo, on whatever wire. */
export interface Client {
  readonly transcript: Transcript;
  /** Types a line. */
  type(line: string): void;
  /** Breaks the connection without a word. */
  drop(): void;
}

/** A raw telnet client, which shows commands of the protocol as they are. */
export class TelnetClient implements Client {
  readonly transcript: Transcript = new Transcript();
  readonly socket: Socket;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1').setEncoding('latin1');
    this.socket.on('data', (text: string) => this.transcript.add(text));
    this.socket.on('close', () => this.transcript.end());
    this.socket.on('error', () => {}); // followed by "close"
  }

  type(line: string): void {
    this.socket.write(`${line}\r\n`);
  }

  drop(): void {
    this.socket.destroy();
  }
}

/** What the page does, without the page. */
export class WebClient implements Client {
  readonly transcript: Transcript = new Transcript();
  readonly socket: WebSocket;
  /** The token as the demo has told it to keep; `null` for none. */
  token: string | null = null;
  rememberToken: string | null = null;

  constructor(port: number, options: { readonly origin?: string } = {}) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/`, options);
    this.socket.on('message', (data: Buffer) => this.#receive(JSON.parse(data.toString())));
    this.socket.on('close', () => this.transcript.end());
    this.socket.on('error', () => {}); // followed by "close"
  }

  /** Sends a message of the page's protocol. */
  async send(message: object): Promise<void> {
    if (this.socket.readyState === WebSocket.CONNECTING) await once(this.socket, 'open');
    this.socket.send(JSON.stringify(message));
  }

  /** Comes back with a token that it has kept. */
  async resume(token: string | null): Promise<void> {
    this.token = token;
    await this.send({ type: 'resume', token });
  }

  type(line: string): void {
    void this.send({ type: 'line', text: line });
  }

  drop(): void {
    this.socket.terminate();
  }

  #receive(message: { readonly type: string; readonly text?: string; readonly token?: string | null }): void {
    if (message.type === 'print') this.transcript.add(`${message.text}\n`);
    else if (message.type === 'remember') this.rememberToken = message.token ?? null;
    else this.token = message.token ?? null;
  }
}
