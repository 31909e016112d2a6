import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, type Server } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { SessionService } from '../../src/index.ts';
import type { LiveSessions } from '../../src/live/index.ts';
import { writeExamples } from './examples.ts';
import { readPage, root } from './pages.ts';

const customStore = writeExamples(readPage('docs/custom-store.md'));
const testing = writeExamples(readPage('docs/testing.md'));

describe('the example of docs/custom-store.md', async () => {
  await import(join(customStore, 'map-session-store.test.ts'));
});

describe('the examples of docs/testing.md', async () => {
  await import(join(testing, 'sessions.test.ts'));

  it('pass in the test runner of Node.js', async () => {
    const code = readFileSync(join(testing, 'sessions.node-test.ts'), 'utf8');
    const file = join(testing, 'sessions.node-test.linked.ts');
    writeFileSync(
      file,
      code.replaceAll(/'mud-auth(\/\w+)?'/g, (_, entry = '') => sourceOf(entry)),
    );

    const { stdout } = await promisify(execFile)(process.execPath, ['--test', '--test-reporter=tap', file]);

    expect(stdout).toMatch(/^# pass 1$/m);
    expect(stdout).toMatch(/^# fail 0$/m);
  });
});

describe('the server of docs/getting-started.md', () => {
  interface Example {
    readonly server: Server;
    readonly sessions: SessionService;
    readonly live: LiveSessions;
    readonly watch: (
      connection: { token: string | null; print(text: string): void },
      token: string,
    ) => Promise<unknown>;
  }

  let example: Example;
  beforeAll(async () => {
    vi.stubEnv('PORT', '0');
    const folder = writeExamples(readPage('docs/getting-started.md'));
    example = {
      ...(await import(join(folder, 'game.ts'))),
      ...(await import(join(folder, 'server.ts'))),
    };
    if (!example.server.listening) await once(example.server, 'listening');
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    example.server.close();
    void example.live.close();
  });

  it('plays', async () => {
    const alice = connectTo(example.server);
    const bob = connectTo(example.server);

    expect(await alice.say('who')).toBe('The session is not valid.');
    expect(await alice.say('login alice wrong')).toBe('Wrong name or password.');
    expect(await alice.say("login alice alice's secret")).toBe('Welcome, alice.');
    expect(await alice.say('who')).toBe('Select a character first.');
    expect(await alice.say('play Bran')).toBe('The character is not available.');
    expect(await alice.say('play Aria')).toBe('You are Aria, in mist.');
    expect(await alice.say('kick Bran')).toBe('This needs the permission "kick_users".');
    expect(await bob.say("login bob bob's secret")).toBe('Welcome, bob.');
    expect(await bob.say('play Bran')).toBe('You are Bran, in mist.');
    expect(await bob.say('who')).toBe('Aria, Bran');
    expect(await bob.say('kick Bran')).toBe('You cannot.');
    expect(await bob.say('kick Aria')).toBe('You kicked Aria.');
    expect(await bob.say('kick Aria')).toBe('Nobody plays that character.');
    expect(await alice.say('who')).toBe('The session has ended: kicked.');
    expect(await bob.say('quit')).toBe('Goodbye.');

    alice.hangUp();
    bob.hangUp();
  });

  it('tells connections that are idle', async () => {
    const lines: string[] = [];
    const { token, session } = await example.sessions.createSession('1');
    const idle = { token, print: (text: string) => void lines.push(text) };
    await example.watch(idle, token);

    await example.sessions.removeSession(session.id);
    await vi.waitFor(() => expect(idle.token).toBeNull());

    expect(lines).toEqual(['You have been sent out of the game.']);
  });
});

function sourceOf(entry: string): string {
  const file = { '': 'index.ts', '/memory': 'stores/memory/index.ts' }[entry];

  return `'${pathToFileURL(join(root, 'src', file ?? '')).href}'`;
}

function connectTo(server: Server): { say(line: string): Promise<string>; hangUp(): void } {
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  const answers = createInterface({ input: socket })[Symbol.asyncIterator]();

  return {
    async say(line) {
      socket.write(`${line}\n`);
      return (await answers.next()).value ?? 'the connection was closed';
    },
    hangUp: () => socket.destroy(),
  };
}
