// A host that listens for no errors of its pool, its clients or its process: an error event that
// nobody takes ends it. Its connections break, and it goes on, says so, and ends by itself.
import pg from 'pg';
import { SessionService, SessionStoreError } from '../../src/index.ts';
import { PostgresSessionStore } from '../../src/stores/postgres/index.ts';
import { openProxy } from '../support/tcp-proxy.ts';

const NAME = 'lonely';
const [, , url = '', how, when] = process.argv;

const operator = new pg.Client({ connectionString: url });
const holder = new pg.Client({ connectionString: url });
await Promise.all([operator.connect(), holder.connect()]);
const proxy = await openProxy(url);
const pool = new pg.Pool({ connectionString: proxy.url, application_name: NAME });
if (when === 'in a query, on a connection older than the store') await pool.query('select');
const store = new PostgresSessionStore({
  pool,
  users: { relation: 'users', idType: 'integer' },
  characters: { relation: 'characters', idType: 'integer' },
});
const service = new SessionService({ store, policy: { maxSessionsPerUser: 3 } });
const { token, session } = await service.createSession('2');

// One that the store has used, and one that it has not.
const inUse = when === 'checked out by the host' ? [await pool.connect(), await pool.connect()] : [];
await holder.query('begin');
await holder.query('lock table mud_auth.sessions in access exclusive mode');
const call = callThat(when);
if (call !== null) await untilBlocked();
await breakConnections();
await holder.query('commit');
if (call !== null && !((await call) instanceof SessionStoreError)) throw new Error('the call did not fail');

const principal = await validateUntilItIsThere();
if (principal.session.id !== session.id) throw new Error('another session');
for (const client of inUse) client.release();
await service.removeSession(session.id);
await Promise.all([operator.end(), holder.end()]);
await pool.end();
await proxy.close();
process.stdout.write('broken, and alive\n');

function callThat(what: string | undefined): Promise<unknown> | null {
  if (what?.startsWith('in a query')) return service.validateSession(token).catch((error: unknown) => error);
  if (what === 'in a transaction') return service.createSession('2').catch((error: unknown) => error);

  return null;
}

async function untilBlocked(): Promise<void> {
  for (;;) {
    const { rowCount } = await operator.query(
      `select from pg_stat_activity where application_name = $1 and wait_event_type = 'Lock'`,
      [NAME],
    );
    if (rowCount === 1) return;
  }
}

async function breakConnections(): Promise<void> {
  if (how === 'reset') return proxy.reset();

  const killAll = 'select pg_terminate_backend(pid, 10000) from pg_stat_activity where application_name = $1';
  await operator.query(killAll, [NAME]);
}

// A call that meets a broken connection before its socket says so fails with a 503, and is repeated.
async function validateUntilItIsThere(): ReturnType<SessionService['validateSession']> {
  for (;;) {
    try {
      return await service.validateSession(token);
    } catch (error) {
      if (!(error instanceof SessionStoreError)) throw error;
    }
  }
}
