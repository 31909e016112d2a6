import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type Demo, startDemo } from '../../demo/demo.ts';
import { type Client, TelnetClient, WebClient } from './clients.ts';

/** A running demo, and the ways into it. */
export interface Visit {
  telnet(): TelnetClient;
  web(options?: { readonly origin?: string }): WebClient;
  /** A telnet client that has logged in. */
  telnetAs(username: string): Promise<TelnetClient>;
  /** A browser that has logged in. */
  webAs(username: string): Promise<WebClient>;
  readonly webPort: number;
  /** Stops the demo and starts it again on the same folder. */
  restart(): Promise<void>;
}

/** Runs a demo for the tests of a file, on a folder of its own or in a database; hangs up after each. */
export function visitDemo(databaseUrl: () => string | null = () => null): Visit {
  const clients: Client[] = [];
  let folder = '';
  let demo: Demo;

  const start = async (): Promise<void> => {
    demo = await startDemo({
      folder,
      databaseUrl: databaseUrl(),
      rememberKey: null,
      telnetPort: 0,
      webPort: 0,
    });
  };
  const keep = <T extends Client>(client: T): T => {
    clients.push(client);
    return client;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mud-demo-'));
    await start();
  }, 60_000);

  afterEach(() => {
    for (const client of clients.splice(0)) client.drop();
  });

  afterAll(async () => {
    await demo.close();
    await rm(folder, { recursive: true });
  });

  return {
    get webPort() {
      return demo.webPort;
    },
    telnet: () => keep(new TelnetClient(demo.telnetPort)),
    web: (options) => keep(new WebClient(demo.webPort, options)),
    async telnetAs(username) {
      const client = keep(new TelnetClient(demo.telnetPort));
      await logIn(client, username, `${username}-demo`);
      await client.transcript.until('Welcome');

      return client;
    },
    async webAs(username) {
      const client = keep(new WebClient(demo.webPort));
      await client.send({ type: 'login', username, password: `${username}-demo` });
      await client.transcript.until('Welcome');

      return client;
    },
    async restart() {
      await demo.close();
      await start();
    },
  };
}

/** Answers the two questions that a telnet client is asked. */
export async function logIn(client: TelnetClient, username: string, password: string): Promise<void> {
  await client.transcript.until('Name: ');
  client.type(username);
  await client.transcript.until('Password: ');
  client.type(password);
}
