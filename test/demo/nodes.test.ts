// oxlint-disable vitest/expect-expect -- waiting for words is an assertion: it throws if they do not come
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { TelnetClient } from './clients.ts';
import { runInVain, type Servers, startServers } from './servers.ts';
import { logIn } from './visit.ts';

const NODE_LEASE_MS = '2000';

describe('the demo as two servers', () => {
  let database: TestDatabase;
  let demo: Servers;
  const clients: TelnetClient[] = [];
  beforeAll(async () => {
    database = await createDatabase();
    demo = await startServers([], { DATABASE_URL: database.url, NODE_LEASE_MS });
  }, 60_000);
  afterEach(() => {
    for (const client of clients.splice(0)) client.drop();
  });
  afterAll(async () => {
    await demo.stop();
    await database.close();
  });

  it('lets staff on one kick a player on the other, who reads why', async () => {
    const pip = await playOn(0, 'player', 'Pip');
    const admin = await logInOn(1, 'admin');

    admin.type('kick pip');

    await admin.transcript.until('You kicked Pip.');
    expect(await pip.transcript.untilEnd()).toContain('You have been sent out of the game.');
  });

  it('keeps the place of who hangs up, and lets him come back on the other', async () => {
    const bryn = await playOn(1, 'builder', 'Bryn');
    const pip = await playOn(0, 'player', 'Pip');
    const resume = await resumeLineOf(pip);

    pip.drop();
    await untilWho(bryn, 'Pip (player, link-dead)');
    await resumeOn(1, resume);

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
    const bryn = await playOn(1, 'builder', 'Bryn');
    const pip = await playOn(0, 'player', 'Pip');
    const resume = await resumeLineOf(pip);

    demo.kill(0);
    await pip.transcript.untilEnd();
    await untilWho(bryn, 'Pip (player, link-dead)');
    await resumeOn(1, resume);

    await untilWho(bryn, 'Pip (player)');
    await demo.until('Server 1 has ended (SIGKILL).');
  });

  async function resumeOn(server: number, line: string): Promise<void> {
    const client = open(server);
    await client.transcript.until('Name: ');
    client.type(line);
    await client.transcript.until('You are Pip, in Willowmere.');
  }

  function open(server: number): TelnetClient {
    const client = new TelnetClient(demo.ports[server] ?? 0);
    clients.push(client);

    return client;
  }

  async function playOn(server: number, username: string, name: string): Promise<TelnetClient> {
    const client = await logInOn(server, username);
    client.type(`play ${name}`);
    await client.transcript.until(`You are ${name}`);

    return client;
  }

  async function logInOn(server: number, username: string): Promise<TelnetClient> {
    const client = open(server);
    await logIn(client, username, `${username}-demo`);
    await client.transcript.until('Welcome');

    return client;
  }
});

describe('the demo with a Postgres of its own', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mud-demo-'));
    await chmod(folder, 0o755); // as root, Postgres runs as another user
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('sends everybody home on Ctrl-C, and lets them resume on any server after the next start', async () => {
    const first = await startServers([folder], {});
    onTestFinished(() => first.stop());
    const pip = new TelnetClient(first.ports[0] ?? 0);
    await logIn(pip, 'player', 'player-demo');
    pip.type('play Pip');
    await pip.transcript.until('You are Pip');
    const resume = await resumeLineOf(pip);

    await first.stop('SIGINT');
    const second = await startServers([folder], {});
    onTestFinished(() => second.stop());
    const again = new TelnetClient(second.ports[1] ?? 0);
    await again.transcript.until('Name: ');
    again.type(resume);

    expect(await pip.transcript.untilEnd()).toContain('Your session stays');
    await again.transcript.until('You are Pip, in Willowmere.');
  });
});

describe('a demo that cannot start', () => {
  it.each(['--nodes=0', '--nodes=1.5', '--nodes=many', '--nodes=-1'])(
    'says in one line what is wrong with %s',
    async (argument) => {
      const ended = await runInVain([argument]);

      expect(ended).toEqual({ code: 1, lines: ['--nodes takes a whole number from 1.'] });
    },
  );

  it.each([['--nodes'], ['--nods=2'], ['one', 'two']])(
    'says in one line how it is used, not so: %s',
    async (...args) => {
      const ended = await runInVain(args);

      expect(ended).toEqual({ code: 1, lines: [expect.stringMatching(/^Usage: npm run demo -- /)] });
    },
  );

  it('leaves no server behind if one of them cannot start', async () => {
    const database = await createDatabase();

    const lastPort = '65535'; // there is none for the second
    const ended = await runInVain(['--nodes', '2'], { DATABASE_URL: database.url, PORT_WEB: lastPort });

    expect(ended).toEqual({ code: 1, lines: [expect.any(String)] });
    await database.close();
  });
});

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
