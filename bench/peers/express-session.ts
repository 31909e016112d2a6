import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import connectPgSimple from 'connect-pg-simple';
import session from 'express-session';
import type pg from 'pg';
import { setRoleOfUser } from '../world.ts';
import { Credentials } from './credentials.ts';
import { digits, digitsSql } from './digits.ts';
import type { OpenPeer, Peer, World } from './peer.ts';

interface User {
  readonly username: string;
  readonly role: string;
}

declare module 'express-session' {
  interface SessionData {
    userId: string;
  }
}

interface Request extends IncomingMessage {
  session?: Partial<session.SessionData>;
}

type Middleware = (req: Request, res: ServerResponse, next: (error?: unknown) => void) => void;

// Beside the `session` of better-auth, and its indexes, there is no place for another.
const SCHEMA = 'express';
const PgStore = connectPgSimple(session);
const MAX_AGE_MS = 30 * 24 * 60 * 60 * 1000;
const SECRET = 'the secret of a server that only a benchmark knows';

const FIND_USER = {
  name: 'deserialize_user',
  text: 'select username, role from users where id = $1 and not disabled',
};

export const expressSession: Peer = {
  name: 'express-session',
  summary: 'over connect-pg-simple, then the user; writes at the end of each request, as is the default',
  readsDatabase: true,
  seed,
  setRole: setRoleOfUser,
  open: async (world) => open(world),
};

async function seed({ pool, size }: World): Promise<void> {
  const tableFile = fileURLToPath(import.meta.resolve('connect-pg-simple/table.sql'));
  const tableSql = await readFile(tableFile, 'utf8');
  await pool.query(`drop schema if exists ${SCHEMA} cascade`);
  await pool.query(`create schema ${SCHEMA}`);
  await pool.query(tableSql.replaceAll('"session"', `${SCHEMA}.session`));

  const expires = new Date(Date.now() + MAX_AGE_MS);
  const cookie = { originalMaxAge: MAX_AGE_MS, expires, httpOnly: true, path: '/' };
  await pool.query(
    `insert into ${SCHEMA}.session (sid, sess, expire)
     select left(${digitsSql('sid')}, 32),
       json_build_object('cookie', $2::json, 'userId', n::text), now() + interval '30 days'
     from generate_series(1, $1::bigint) as n`,
    [size, JSON.stringify(cookie)],
  );
  await pool.query(`vacuum analyze ${SCHEMA}.session`);
}

function open({ pool, size }: World): OpenPeer {
  const store = storeOn(pool);
  const otherNode = storeOn(pool);
  // Its types ask for what Express adds to the requests and responses of Node, its code does not.
  const middleware = session({
    store,
    secret: SECRET,
    resave: false,
    saveUninitialized: false,
    cookie: { maxAge: MAX_AGE_MS },
  }) as unknown as Middleware;
  const key = createSecretKey(SECRET, 'utf8');
  const cookies = new Credentials(size, (n) => cookieOf(n, key));
  const stranger = cookieOf(0, createSecretKey('a secret that is not that of the server', 'utf8'));

  const userOf = async (cookie: string): Promise<User | null> => {
    const { req, res } = requestWith(cookie);
    await new Promise<void>((resolve, reject) => {
      middleware(req, res, (error) => (error === undefined ? resolve() : reject(error)));
    });

    const userId = req.session?.userId;
    const user = userId === undefined ? null : await findUser(pool, userId);
    res.end(); // which it holds back until it has written down that the session was used
    await once(res, 'finish');

    return user;
  };

  return {
    check: async (n) => (await userOf(cookies.of(n)))?.username ?? null,
    checkUnknown: async () => (await userOf(stranger))?.username ?? null,
    expire: async (n) => {
      await pool.query(`update ${SCHEMA}.session set expire = now() - interval '1 minute' where sid = $1`, [
        sidOf(n),
      ]);
    },
    revoke: (n) =>
      new Promise((resolve, reject) => {
        otherNode.destroy(sidOf(n), (error) => (error ? reject(error) : resolve()));
      }),
    roleOf: async (n) => (await userOf(cookies.of(n)))?.role ?? null,
    close: async () => {},
  };
}

function storeOn(pool: pg.Pool): InstanceType<typeof PgStore> {
  return new PgStore({ pool, schemaName: SCHEMA, pruneSessionInterval: false });
}

/** A request as Node's server makes it, on a connection that swallows the response. */
function requestWith(cookie: string): { req: Request; res: ServerResponse } {
  // Nothing more of a socket is used.
  const socket = new Writable({ write: (_chunk, _encoding, done) => done() }) as Socket;
  const req: Request = new IncomingMessage(socket);
  req.method = 'GET';
  req.url = '/';
  req.headers.cookie = cookie;
  const res = new ServerResponse(req);
  res.assignSocket(socket);

  return { req, res };
}

async function findUser(pool: pg.Pool, id: string): Promise<User | null> {
  const { rows } = await pool.query<User>({ ...FIND_USER, values: [id] });

  return rows[0] ?? null;
}

function cookieOf(n: number, key: KeyObject): string {
  const sid = sidOf(n);
  const signature = createHmac('sha256', key).update(sid).digest('base64').replace(/=+$/, '');

  return `connect.sid=${encodeURIComponent(`s:${sid}.${signature}`)}`;
}

function sidOf(n: number): string {
  return digits('sid', n).slice(0, 32);
}
