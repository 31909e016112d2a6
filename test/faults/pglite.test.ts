import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Directory, SessionService, type User } from '../../src/index.ts';
import {
  migrateToLatest,
  type PgClient,
  type PgPool,
  PostgresSessionStore,
} from '../../src/stores/postgres/index.ts';
import { pglitePool } from '../../src/stores/postgres/pglite/index.ts';
import { hostTablesSql } from '../support/host-tables.ts';
import { failureOf, putPeople } from './fixture.ts';

let db: PGlite;
let pool: PgPool;
beforeAll(async () => {
  db = new PGlite();
  await migrateToLatest(pglitePool(db));
  await db.exec(hostTablesSql('integer'));
  await putPeople((text) => db.exec(text));
  await db.exec('create table notes (text text check (text <> $$bad$$))');
});
beforeEach(async () => {
  pool = pglitePool(db);
  await db.exec('delete from notes; delete from mud_auth.sessions');
});
afterAll(() => db.close());

describe('the pool over a PGlite', () => {
  it('keeps what the host asks of its database meanwhile out of a transaction of ours', async () => {
    const client = await pool.connect();
    await client.query({ text: 'begin' });
    await write(client, 'ours');
    const ofHost = db.query('insert into notes values ($1)', ['of the host']);

    await client.query({ text: 'rollback' });
    client.release();
    await ofHost;

    expect(await notes()).toEqual(['of the host']);
  });

  it('keeps a transaction of ours out of one of the host', async () => {
    const ofHost = db.transaction(async (transaction) => {
      await transaction.query('insert into notes values ($1)', ['of the host']);
      const client = await pool.connect();
      const ours = inTransaction(client, 'ours');
      await transaction.rollback();

      return () => ours;
    });

    await (
      await ofHost
    )();

    expect(await notes()).toEqual(['ours']);
  });

  it('frees the connection after a statement that failed in a transaction, and nothing of it stays', async () => {
    const client = await pool.connect();
    await client.query({ text: 'begin' });
    await write(client, 'good');
    await expect(write(client, 'bad')).rejects.toMatchObject({ code: '23514' });
    await client.query({ text: 'rollback' });
    client.release();

    await inTransaction(await pool.connect(), 'next');

    expect(await notes()).toEqual(['next']);
  });

  it('rolls back what is released in the midst of a transaction', async () => {
    const client = await pool.connect();
    await client.query({ text: 'begin' });
    await write(client, 'unfinished');
    client.release();

    await inTransaction(await pool.connect(), 'next');

    expect(await notes()).toEqual(['next']);
  });

  it('serves first come, first served, one at a time', async () => {
    const served: number[] = [];

    await Promise.all(
      Array.from({ length: 5 }, async (_, n) => {
        const client = await pool.connect();
        served.push(n);
        await write(client, String(n));
        served.push(n);
        client.release();
      }),
    );

    expect(served).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
    expect(await notes()).toEqual(['0', '1', '2', '3', '4']);
  });

  it('shares the database with another pool over it', async () => {
    const others = Array.from({ length: 5 }, async (_, n) =>
      inTransaction(await pglitePool(db).connect(), `other ${n}`),
    );
    const ours = Array.from({ length: 5 }, async (_, n) => inTransaction(await pool.connect(), `ours ${n}`));

    await Promise.all([...others, ...ours]);

    expect(await notes()).toHaveLength(10);
  });

  it('is asked by no directory while a call of ours holds its one connection', async () => {
    const sessions = openService({
      async findUser(id) {
        const client = await pool.connect();
        const text = 'select id::text, username, role, disabled from users where id = $1::integer';
        const { rows } = await client.query({ text, values: [id] });
        client.release();

        return (rows[0] as User | undefined) ?? null;
      },
      findCharacter: async (id) => ({ id, userId: '1', name: 'Aria', worldId: 'mist' }),
    });

    const first = await sessions.createSession('1');
    await sessions.selectCharacter(first.token, '11');
    const second = await sessions.createSession('1');
    await sessions.selectCharacter(second.token, '11');

    expect(await sessions.getActiveCharacters('mist')).toHaveLength(1);
    expect(await sessions.removeSessionsForUser('1')).toBe(1);
  });

  it('fails with a 503 once the host has closed its database, in a transaction too', async () => {
    const closed = new PGlite();
    const store = new PostgresSessionStore({ pool: pglitePool(closed), migrate: true, directory: nobody });
    const sessions = new SessionService({ store });
    await store.ready();

    await closed.close();

    for (const call of [
      () => sessions.getActiveSessionCount(),
      () => sessions.removeSessionsForUser('1'),
      () => sessions.getActiveSessionCount(),
    ]) {
      expect(await failureOf(call())).toMatchObject({ sqlState: null });
    }
  });
});

describe('a PGlite whose host reads values of every type in a way of its own', () => {
  it('gives us ours all the same', async () => {
    const own = new PGlite({
      parsers: { 16: unheardOf, 17: unheardOf, 20: unheardOf, 23: unheardOf, 25: unheardOf },
    });
    const directory: Directory = {
      findUser: async (id) => ({ id, username: 'alice', role: 'player', disabled: false }),
      findCharacter: async (id) => ({ id, userId: '1', name: 'Aria', worldId: 'mist' }),
    };
    const store = new PostgresSessionStore({ pool: pglitePool(own), migrate: true, directory });
    const sessions = new SessionService({ store, policy: { maxSessionsPerUser: 2 } });

    const { token, session } = await sessions.createSession('1');
    await sessions.selectCharacter(token, '11');

    expect(await sessions.validateSessionForGame(token)).toMatchObject({
      session: { createdAt: session.createdAt },
    });
    expect(await sessions.removeSessionsForUser('1')).toBe(1);
    await expect(sessions.validateSession(token)).rejects.toMatchObject({ reason: 'kicked' });
    await own.close();
  });
});

function unheardOf(): object {
  return {};
}

const nobody: Directory = { findUser: async () => null, findCharacter: async () => null };

function openService(directory: Directory): SessionService {
  const store = new PostgresSessionStore({ pool, directory });

  return new SessionService({ store, policy: { maxSessionsPerUser: 2 } });
}

async function inTransaction(client: PgClient, text: string): Promise<void> {
  await client.query({ text: 'begin isolation level read committed' });
  await write(client, text);
  await client.query({ text: 'commit' });
  client.release();
}

function write(client: PgClient, text: string): Promise<unknown> {
  return client.query({ text: 'insert into notes values ($1)', values: [text] });
}

async function notes(): Promise<string[]> {
  const { rows } = await db.query<{ text: string }>('select text from notes order by ctid');

  return rows.map(({ text }) => text);
}
