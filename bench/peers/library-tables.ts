import { migrateToLatest } from 'mud-auth/postgres';
import { digits, digitsSql } from './digits.ts';
import type { World } from './peer.ts';

/** Active an hour from now: for so long no touch is due, which would be a write in some runs and not in others. */
const AHEAD = "now() + interval '1 hour'";

/** The library's tables, with a session for each user who plays his character. */
export async function seedLibraryTables(
  { pool, size }: World,
  schema: string = 'mud_auth',
  lastActiveAt: string = AHEAD,
): Promise<void> {
  await pool.query(`drop schema if exists ${schema} cascade`);
  await migrateToLatest(pool, { schema });
  await pool.query(
    `insert into ${schema}.sessions (
       id, user_id, character_id, secret_hash, client_type,
       created_at, last_active_at, idle_timeout_ms, absolute_expires_at
     )
     select left(${digitsSql('session id')}, 32)::uuid, n::text, n::text,
       sha256(left(${digitsSql('secret')}, 43)::bytea), 'telnet',
       now(), ${lastActiveAt}, 8 * 60 * 60 * 1000, now() + interval '30 days'
     from generate_series(1, $1::bigint) as n`,
    [size],
  );
  await pool.query(`vacuum analyze ${schema}.sessions`);
}

export function sessionIdOf(n: number): string {
  return digits('session id', n)
    .slice(0, 32)
    .replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

export function tokenOf(n: number): string {
  return `mas_${sessionIdOf(n)}.${digits('secret', n).slice(0, 43)}`;
}

/** Takes a session back by so long that its time is up. */
export async function expireInLibraryTables({ pool }: World, n: number): Promise<void> {
  await pool.query(
    `update mud_auth.sessions set
       created_at = created_at - interval '31 days',
       last_active_at = last_active_at - interval '31 days',
       absolute_expires_at = absolute_expires_at - interval '31 days'
     where id = $1`,
    [sessionIdOf(n)],
  );
}
