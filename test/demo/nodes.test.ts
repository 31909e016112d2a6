// oxlint-disable vitest/expect-expect -- waiting for words is an assertion: it throws if they do not come
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { TelnetClient } from './clients.ts';
import { logIn } from './visit.ts';

const LEASE_MS = 2_000;

describe('the demo as two servers', () => {
  let database: TestDatabase;
  let demo: Servers;
  const clients: TelnetClient[] = [];
  beforeAll(async () => {
    database = await createDatabase();
    demo = await startServers(database.url);
  }, 60_000);
  afterEach(() => {
    for (const client of clients.splice(0)) client.drop();
  });
  afterAll(async () => {
    await demo.stop();
    await database.close();
  });

  it('lets staff on one kick a player on the other, who reads why', async () => {
    const pip = await logInOn(0, 'player');
    pip.type('play Pip');
    await pip.transcript.until('You are Pip');
    const admin = await logInOn(1, 'admin');

    admin.type('kick pip');

    await admin.transcript.until('You kicked Pip.');
    expect(await pip.transcript.untilEnd()).toContain('You have been sent out of the game.');
  });

  it('keeps the place of who hangs up, and lets him come back on the other', async () => {
    const bryn = await logInOn(1, 'builder');
    bryn.type('play Bryn');
    await bryn.transcript.until('You are Bryn');
    const pip = await logInOn(0, 'player');
    pip.type('play Pip');
    await pip.transcript.until('You are Pip');
    const resume = await resumeLineOf(pip);

    pip.drop();
    await untilWho(bryn, 'Pip (player, link-dead)');
    const again = open(1);
    await again.transcript.until('Name: ');
    again.type(resume);

    await again.transcript.until('You are Pip, in Willowmere.');
    await bryn.transcript.until('Pip arrives.');
    await untilWho(bryn, 'Pip (player)');
  });

  it('turns players away from both while it is closed, and lets staff in', async () => {
    const admin = await logInOn(0, 'admin');
    admin.type('close We are repairing the bridge.');
    await admin.transcript.until('The game is closed.');

    const player = open(1);
    await logIn(player, 'player', 'player-demo');
    await player.transcript.until('[503 maintenance] We are repairing the bridge.');
    const superuser = await logInOn(1, 'superuser');
    superuser.type('open');

    await superuser.transcript.until('The game is open.');
    await logInOn(1, 'player');
  });

  it('tells the truth about the players of one that is killed, who come back on the other', async () => {
    const bryn = await logInOn(1, 'builder');
    bryn.type('play Bryn');
    await bryn.transcript.until('You are Bryn');
    const pip = await logInOn(0, 'player');
    pip.type('play Pip');
    await pip.transcript.until('You are Pip');
    const resume = await resumeLineOf(pip);

    demo.kill(0);
    await pip.transcript.untilEnd();
    await untilWho(bryn, 'Pip (player, link-dead)');
    const again = open(1);
    await again.transcript.until('Name: ');
    again.type(resume);

    await again.transcript.until('You are Pip, in Willowmere.');
    await untilWho(bryn, 'Pip (player)');
    await demo.until('Server 1 has ended (SIGKILL).');
  });

  function open(server: number): TelnetClient {
    const client = new TelnetClient(demo.ports[server] ?? 0);
    clients.push(client);

    return client;
  }

  async function logInOn(server: number, username: string): Promise<TelnetClient> {
    const client = open(server);
    await logIn(client, username, `${username}-demo`);
    await client.transcript.until('Welcome');

    return client;
  }
});

it('the demo says in one line that it cannot run as so many servers', async () => {
  for (const count of ['0', '1.5', 'many', '-1']) {
    const demo = spawn(process.execPath, [...SOURCES, MAIN, `--nodes=${count}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const lines: string[] = [];
    createInterface(demo.stderr).on('line', (line) => lines.push(line));

    const [code] = await once(demo, 'close');

    expect(code).toBe(1);
    expect(lines).toEqual(['--nodes takes a whole number from 1.']);
  }
});

const SOURCES = ['--import', fileURLToPath(new URL('../support/use-sources.ts', import.meta.url))];
const MAIN = fileURLToPath(new URL('../../demo/main.ts', import.meta.url));

/** A demo that runs as two servers. */
interface Servers {
  readonly ports: readonly number[];
  kill(server: number): void;
  /** Waits for a line of what it prints. */
  until(line: string): Promise<void>;
  stop(): Promise<void>;
}

async function startServers(databaseUrl: string): Promise<Servers> {
  const demo: ChildProcess = spawn(process.execPath, [...SOURCES, MAIN, '--nodes', '2'], {
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      PORT_TELNET: '0',
      PORT_WEB: '0',
      NODE_LEASE_MS: String(LEASE_MS),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const printed: string[] = [];
  if (demo.stdout === null) throw new Error('It prints to a pipe.');
  createInterface(demo.stdout).on('line', (line) => printed.push(line));
  const until = async (line: string): Promise<void> => {
    await vi.waitFor(() => expect(printed.join('\n')).toContain(line), { timeout: 30_000 });
  };
  await until('Ctrl-C stops.');
  const servers = [...printed.join('\n').matchAll(/telnet 127\.0\.0\.1 (\d+) .*kill -9 (\d+)/g)];

  return {
    ports: servers.map(([, port]) => Number(port)),
    kill: (server) => void process.kill(Number(servers[server]?.[2]), 'SIGKILL'),
    until,
    async stop() {
      const ended = once(demo, 'exit');
      demo.kill('SIGTERM');
      expect((await ended)[0]).toBe(0);
    },
  };
}

async function resumeLineOf(client: TelnetClient): Promise<string> {
  client.type('token');
  await client.transcript.until('\r\nresume ');

  return `resume ${(await client.transcript.until('\r\n')).trim()}`;
}

async function untilWho(client: TelnetClient, line: string): Promise<void> {
  await expect
    .poll(
      async () => {
        client.type('who');
        return client.transcript.until('Pip (').then(() => client.transcript.until('\n'));
      },
      { timeout: 20_000, interval: 200 },
    )
    .toBe(`${line.slice('Pip ('.length)}\r\n`);
}
