import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import type pg from 'pg';
import { Credentials } from './credentials.ts';
import { digits, digitsSql } from './digits.ts';
import type { OpenPeer, Peer, World } from './peer.ts';

const SECRET = 'the secret of a server that only a benchmark knows';

export const betterAuthPeer: Peer = {
  name: 'better-auth',
  summary:
    'auth.api.getSession without its cookie cache, as is the default: session, then user; keeps tokens in clear',
  readsDatabase: true,
  seed,
  setRole: async (pool, n, role) => {
    await pool.query('update "user" set role = $2 where id = $1', [userIdOf(n), role]);
  },
  open,
};

async function seed({ pool, size }: World): Promise<void> {
  await pool.query('drop table if exists session, account, verification, "user" cascade');
  const { runMigrations } = await getMigrations(authOn(pool).options);
  await runMigrations();

  await pool.query(
    `insert into "user" (id, name, email, "emailVerified", "createdAt", "updatedAt", role)
     select left(${digitsSql('user')}, 32), 'user' || n, 'user' || n || '@example.com', true, now(), now(), 'player'
     from generate_series(1, $1::bigint) as n`,
    [size],
  );
  // It renews a session that is a day into its life of 30: not one of these.
  await pool.query(
    `insert into session (id, token, "userId", "createdAt", "updatedAt", "expiresAt")
     select left(${digitsSql('id')}, 32), left(${digitsSql('token')}, 32), left(${digitsSql('user')}, 32),
       now(), now(), now() + interval '30 days'
     from generate_series(1, $1::bigint) as n`,
    [size],
  );
  await pool.query('vacuum analyze "user", session');
}

async function open({ pool, size }: World): Promise<OpenPeer> {
  const auth = authOn(pool);
  const otherNode = authOn(pool);
  const { name } = (await auth.$context).authCookies.sessionToken;
  const cookieOf = (n: number, key: KeyObject): string => {
    const token = tokenOf(n);
    const signature = createHmac('sha256', key).update(token).digest('base64');

    return `${name}=${encodeURIComponent(`${token}.${signature}`)}`;
  };
  const key = createSecretKey(SECRET, 'utf8');
  const cookies = new Credentials(size, (n) => cookieOf(n, key));
  const stranger = cookieOf(0, createSecretKey('a secret that is not that of the server', 'utf8'));
  const userOf = async (cookie: string) =>
    (await auth.api.getSession({ headers: new Headers({ cookie }) }))?.user ?? null;

  return {
    check: async (n) => (await userOf(cookies.of(n)))?.name ?? null,
    checkUnknown: async () => (await userOf(stranger))?.name ?? null,
    expire: async (n) => {
      await pool.query(`update session set "expiresAt" = now() - interval '1 second' where token = $1`, [
        tokenOf(n),
      ]);
    },
    revoke: async (n) => {
      const headers = new Headers({ cookie: cookies.of(n) });
      await otherNode.api.revokeSession({ headers, body: { token: tokenOf(n) } });
    },
    roleOf: async (n) => (await userOf(cookies.of(n)))?.role ?? null,
    close: async () => {},
  };
}

function authOn(pool: pg.Pool) {
  return betterAuth({
    database: pool,
    secret: SECRET,
    baseURL: 'http://localhost:3000',
    session: { expiresIn: 30 * 24 * 60 * 60 },
    user: { additionalFields: { role: { type: 'string', defaultValue: 'player', input: false } } },
    logger: { disabled: true },
    telemetry: { enabled: false },
  });
}

function userIdOf(n: number): string {
  return digits('user', n).slice(0, 32);
}

function tokenOf(n: number): string {
  return digits('token', n).slice(0, 32);
}
