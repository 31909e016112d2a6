import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CreatedSession } from '../../src/index.ts';
import type { TestDatabase } from '../support/database.ts';
import { createHostDatabase, type Host, isAtRest, openHost } from './fixture.ts';

/** More than a call is ever tried again. */
const MAX = 12;

describe('statements that were prepared on every connection of a pool', () => {
  let database: TestDatabase;
  let host: Host;
  beforeAll(async () => {
    database = await createHostDatabase();
  });
  beforeEach(async () => {
    host = await openHost(database.url, { pool: { max: MAX }, policy: { maxSessionsPerUser: 50 } });
    await useEveryConnection();
  });
  afterEach(() => host.close());
  afterAll(() => database.close());

  it('are on every one of them', async () => {
    const prepared = await preparedOnEach();

    expect(prepared).toHaveLength(MAX);
    expect(prepared).not.toContain(0);
  });

  it.each(['deallocate all', 'discard all'])('may be forgotten by a "%s" of the host', async (text) => {
    await onEach(text);
    expect(new Set(await preparedOnEach())).toEqual(new Set([0]));

    await expect(useOne()).resolves.toBe(true);
    await expect(useEveryConnection()).resolves.toBeUndefined();
    expect(isAtRest(host.pool)).toBe(true);
  });

  it.each([
    ['session_endings', 'reason'],
    ['sessions', 'user_id'],
  ])('may find a column of our %s to be of another type: %s', async (table, column) => {
    await database.sql(`alter table mud_auth.${table} alter column ${column} type varchar(255)`);

    await expect(useOne()).resolves.toBe(true);
    await expect(useEveryConnection()).resolves.toBeUndefined();
    expect(isAtRest(host.pool)).toBe(true);
    await database.sql(`alter table mud_auth.${table} alter column ${column} type text`);
  });

  it('are prepared again on the connections that take the place of the stale ones', async () => {
    await onEach('deallocate all');
    await useEveryConnection();

    await useEveryConnection();

    expect(await preparedOnEach()).not.toContain(0);
  });

  it('may be of the same name as those that a connection pooler has brought', async () => {
    const pooled = await openHost(database.url, { pool: { max: 1 } });
    const own = await namesOn(pooled.pool);
    for (const name of await namesOn(host.pool)) {
      if (!own.includes(name)) await pooled.pool.query(`prepare ${name} as select 1`);
    }

    await expect(pooled.service.createSession('1')).resolves.toBeDefined();
    expect(await pooled.service.getActiveSessionCount()).toBeGreaterThan(0);
    await pooled.close();
  });

  /** One call after the other, each of which may meet one stale connection after the other. */
  async function useOne(): Promise<boolean> {
    const { token, session } = await host.service.createSession('1');
    await host.service.selectCharacter(token, '11');
    await host.service.validateSessionForGame(token);

    return host.service.removeSession(session.id);
  }

  async function useEveryConnection(): Promise<void> {
    const { service } = host;
    const created = await Promise.all(times(MAX, () => service.createSession('1')));
    for (const act of [
      ({ token }: CreatedSession) => service.validateSession(token),
      ({ token }: CreatedSession) => service.selectCharacter(token, '11'),
      () => service.createSession('2'),
      () => service.getActiveCharacters('mist'),
      () => service.getActiveSessionCount(),
      ({ session }: CreatedSession) => service.removeSession(session.id),
      ({ token }: CreatedSession) => service.logout(token),
      () => service.removeSessionsForCharacter('11'),
      () => service.removeSessionsForUser('2'),
      () => service.cleanupExpiredSessions(),
      () => service.clearAllSessions(),
    ]) {
      // The selections take each other over, which a validate may say.
      await Promise.all(created.map((session) => act(session).catch(ifNotEnded)));
    }
  }

  async function onEach(text: string): Promise<unknown[]> {
    const clients = await Promise.all(times(MAX, () => host.pool.connect()));

    return Promise.all(
      clients.map(async (client) => {
        const { rows } = await client.query<Record<string, unknown>>(text);
        client.release();

        return rows[0]?.['count'];
      }),
    );
  }

  function preparedOnEach(): Promise<unknown[]> {
    return onEach(
      `select count(*)::integer as count from pg_prepared_statements where name like 'mud_auth%'`,
    );
  }
});

describe('a view of the host that is dropped and made again with columns of other types', () => {
  const PLAIN = `
    create view people as select id, username, role, disabled from users;
    create view heroes as select id, user_id, name, world_id from characters;
  `;
  const OTHERWISE = `
    create view people as
      select id::bigint as id, username::varchar(40) as username, role::name as role, disabled from users;
    create view heroes as
      select id, user_id, name::char(8) as name, length(world_id) as world_id from characters;
  `;
  let database: TestDatabase;
  let host: Host;
  beforeAll(async () => {
    database = await createHostDatabase();
    await database.sql(PLAIN);
    host = await openHost(database.url, {
      store: {
        users: { relation: 'people', idType: 'integer' },
        characters: { relation: 'heroes', idType: 'integer' },
      },
    });
  });
  afterAll(async () => {
    await host.close();
    await database.close();
  });

  it('keeps working, with sessions and all', async () => {
    const { service } = host;
    const { token } = await service.createSession('1');
    await service.selectCharacter(token, '11');
    await service.getActiveCharacters('mist');

    await database.sql(`drop view people; drop view heroes; ${OTHERWISE}`);

    await expect(service.validateSessionForGame(token)).resolves.toMatchObject({
      username: 'alice',
      characterName: 'Aria',
      worldId: '4',
    });
    expect(await service.getActiveCharacters('4')).toHaveLength(1);
    await database.sql(`drop view people; drop view heroes; ${PLAIN}`);
    expect(await service.getActiveCharacters('mist')).toHaveLength(1);
    await expect(service.createSession('2')).resolves.toBeDefined();
  });
});

function times<T>(count: number, act: () => Promise<T>): Promise<T>[] {
  return Array.from({ length: count }, act);
}

function ifNotEnded(error: unknown): void {
  expect(error).toMatchObject({ code: 'session_invalid' });
}

async function namesOn(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `select name from pg_prepared_statements where name like 'mud_auth%'`,
  );

  return rows.map(({ name }) => name);
}
