import { hash, randomBytes, randomUUID } from 'node:crypto';
import { SessionService, type SessionPolicyOptions } from 'mud-auth';
import { PostgresSessionStore } from 'mud-auth/postgres';
import type { World } from './peers/peer.ts';
import { closedLoop, draws, median } from './measure.ts';

const IDLE_MS = 480 * 60_000;

const INSERT = `
  insert into mud_auth.sessions (
    id, user_id, secret_hash, client_type, created_at, last_active_at, idle_timeout_ms, absolute_expires_at
  ) values ($1, $2, $3, 'telnet', now(), now(), ${IDLE_MS}, now() + interval '30 days')
  returning created_at`;

/** Sign-ins against the statements that nobody can do without. */
export interface WriteStanding {
  readonly name: string;
  readonly callers: number;
  readonly rawPerSecond: number;
  readonly perSecond: number;
  readonly ratio: number;
}

const TRIM = `
  delete from mud_auth.sessions where id in (
    select id from mud_auth.sessions where user_id = $1 order by created_at desc offset $2)`;

/** The same, and what anybody has to keep who is to tell a player how his session ended. */
const TRIM_AND_REMEMBER = `
  with gone as (${TRIM} returning id, user_id, secret_hash)
  insert into mud_auth.session_endings (session_id, user_id, secret_hash, reason, ended_at)
  select id, user_id, secret_hash, 'replaced', now() from gone`;

/**
 * Compares `createSession` without a limit with a bare INSERT, and under a limit with the bare
 * transaction that a limit needs: begin, lock, delete the oldest beyond it, insert, commit. At the
 * limit one session is deleted for each that is inserted, and ours writes down how it ended: once it is
 * compared with a transaction that does so, too, and once with one that does not.
 */
export async function compareWrites(
  { pool, size }: World,
  { rounds, roundMs }: { readonly rounds: number; readonly roundMs: number },
): Promise<WriteStanding[]> {
  const store = new PostgresSessionStore({
    pool,
    users: { relation: 'users', idType: 'bigint' },
    characters: { relation: 'characters', idType: 'bigint' },
  });
  await store.ready();
  const rawInsert = async (n: number): Promise<void> => {
    await pool.query({ name: 'bench_insert', text: INSERT, values: values(n) });
  };
  const rawWithin = (limit: number, trim: string) => async (n: number) => {
    const client = await pool.connect();
    await client.query('begin');
    await client.query({
      name: 'bench_lock',
      text: `select pg_advisory_xact_lock(hashtextextended('bench.' || $1, 0))`,
      values: [String(n)],
    });
    await client.query({
      name: `bench_trim_${trim.length}`,
      text: trim,
      values: [String(n), limit - 1],
    });
    await client.query({ name: 'bench_insert', text: INSERT, values: values(n) });
    await client.query('commit');
    client.release();
  };
  const ours = (policy: SessionPolicyOptions) => {
    const sessions = new SessionService({ store, policy });

    return async (n: number) => {
      await sessions.createSession(String(n), { clientType: 'telnet' });
    };
  };

  const standings = [];
  for (const callers of [1, 16]) {
    for (const [name, raw, own] of [
      ['createSession', rawInsert, ours({})],
      ['createSession, below a limit', rawWithin(1_000, TRIM), ours({ maxSessionsPerUser: 1_000 })],
      ['createSession, at a limit', rawWithin(1, TRIM_AND_REMEMBER), ours({ maxSessionsPerUser: 1 })],
      ['… against one that forgets', rawWithin(1, TRIM), ours({ maxSessionsPerUser: 1 })],
    ] as const) {
      const results: { readonly raw: number; readonly ours: number }[] = [];
      for (let round = 0; round <= rounds; round += 1) {
        // Each on users of his own, and each begins in turn.
        const seed = 2 * round + 1;
        const runRaw = () => closedLoop(raw, draws(size, seed), callers, roundMs);
        const runOurs = () => closedLoop(own, draws(size, seed + 1), callers, roundMs);
        const [first, second] = round % 2 === 0 ? [runRaw, runOurs] : [runOurs, runRaw];
        const [one, other] = [await first(), await second()];
        const [theirs, mine] = round % 2 === 0 ? [one, other] : [other, one];
        if (round > 0) results.push({ raw: theirs.perSecond, ours: mine.perSecond });
      }
      standings.push({
        name,
        callers,
        rawPerSecond: median(results.map((result) => result.raw)),
        perSecond: median(results.map((result) => result.ours)),
        ratio: median(results.map((result) => result.ours / result.raw)),
      });
    }
  }

  return standings;
}

/** An id and the hash of a secret, as anybody has to make them. */
function values(n: number): unknown[] {
  const secret = randomBytes(32).toString('base64url');

  return [randomUUID(), String(n), hash('sha256', secret, 'buffer')];
}
