import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SessionStoreError } from '../../src/index.ts';
import { MemoryDirectory } from '../../src/stores/memory/index.ts';
import {
  migrateToLatest,
  migrationSql,
  PostgresSessionStore,
  SchemaVersionError,
} from '../../src/stores/postgres/index.ts';
import { migrations } from '../../src/stores/postgres/migrations/index.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { hostTablesSql } from '../support/host-tables.ts';
import { openProxy } from '../support/tcp-proxy.ts';

const ROUNDS = 10;
const ALL = ['0001_sessions', '0002_links', '0003_maintenance', '0004_remember'];
const directory = new MemoryDirectory();

let database: TestDatabase;
beforeEach(async () => {
  database = await createDatabase();
});
afterEach(() => database.close());

describe('migrateToLatest', () => {
  it('says what it applied, and does nothing the second time', async () => {
    expect(await migrateToLatest(database.pool)).toEqual(ALL);
    const before = await schemaOf(database, 'mud_auth');

    expect(await migrateToLatest(database.pool)).toEqual([]);
    expect(await schemaOf(database, 'mud_auth')).toEqual(before);
  });

  it(`is done by one of several servers that start at once, ${ROUNDS} times`, async () => {
    const other = new pg.Pool({ connectionString: database.url });
    for (let round = 0; round < ROUNDS; round += 1) {
      const servers = [database.pool, other, database.pool, other];

      const applied = await Promise.all(servers.map((pool) => migrateToLatest(pool)));

      expect(applied.toSorted((a, b) => a.length - b.length)).toEqual([[], [], [], ALL]);
      await database.sql('drop schema mud_auth cascade');
    }
    await other.end();
  });

  it('keeps the sessions of an earlier version', async () => {
    const [first] = migrations;
    await database.sql('create schema mud_auth');
    await database.sql(first?.sql('mud_auth') ?? '');
    await database.sql(`
      create table mud_auth.migrations (name text primary key, applied_at timestamptz not null default now());
      insert into mud_auth.migrations (name) values ('0001_sessions');
      insert into mud_auth.sessions
        select gen_random_uuid(), '1', '1', '\\x00', 'telnet', now(), now(), 28800000, now() + interval '1 day';
    `);

    expect(await migrateToLatest(database.pool)).toEqual(ALL.slice(1));

    expect(await newStore().countActiveSessions(0)).toBe(1);
  });

  it('keeps schemas apart', async () => {
    await migrateToLatest(database.pool, { schema: 'one' });

    expect(await migrateToLatest(database.pool, { schema: 'Two' })).toEqual(ALL);
    expect(await schemaOf(database, 'Two')).toEqual(await schemaOf(database, 'one'));
    expect(await schemaOf(database, 'mud_auth')).toEqual([]);
  });

  it('leaves nothing when a step fails, not even the schema, and can be run again', async () => {
    await database.sql(`
      create function refuse() returns event_trigger language plpgsql as $$
        begin raise exception 'no indexes today'; end
      $$;
      create event trigger refuse on ddl_command_end when tag in ('CREATE INDEX') execute function refuse();
    `);

    await expect(migrateToLatest(database.pool)).rejects.toMatchObject({
      code: 'store_unavailable',
      retryable: false,
      outcome: 'not-applied',
      sqlState: 'P0001',
    });
    expect(await schemaOf(database, 'mud_auth')).toEqual([]);
    expect(await hasSchema('mud_auth')).toBe(false);

    await database.sql('drop event trigger refuse');
    expect(await migrateToLatest(database.pool)).toEqual(ALL);
  });

  it('leaves what is in its way alone', async () => {
    await database.sql('create schema mud_auth; create table mud_auth.sessions (precious text)');

    await expect(migrateToLatest(database.pool)).rejects.toMatchObject({
      sqlState: '42P07',
      retryable: false,
    });

    expect(await schemaOf(database, 'mud_auth')).toEqual(['column sessions.precious text null']);
  });

  it('can be run by a role that may create no schema, but owns this one', async () => {
    const role = `owner_${randomUUID().replaceAll('-', '')}`;
    await database.sql(`
      create role ${role} login password '${role}';
      create schema mud_auth authorization ${role};
    `);
    const url = new URL(database.url);
    url.username = role;
    url.password = role;
    const pool = new pg.Pool({ connectionString: url.href });

    await expect(migrateToLatest(pool, { schema: 'elsewhere' })).rejects.toMatchObject({ sqlState: '42501' });
    expect(await migrateToLatest(pool)).toEqual(ALL);
    await expect(new PostgresSessionStore({ pool, directory }).ready()).resolves.toBeUndefined();

    await pool.end();
    await database.sql(`drop owned by ${role}; drop role ${role}`);
  });

  it('can be run by a role that may only use the tables, where nothing is to be done', async () => {
    await migrateToLatest(database.pool);
    const role = `user_${randomUUID().replaceAll('-', '')}`;
    await database.sql(`
      create role ${role} login password '${role}';
      grant usage on schema mud_auth to ${role};
      grant select, insert, update, delete on all tables in schema mud_auth to ${role};
    `);
    const url = new URL(database.url);
    url.username = role;
    url.password = role;
    const pool = new pg.Pool({ connectionString: url.href });

    expect(await migrateToLatest(pool)).toEqual([]);

    await pool.end();
    await database.sql(`drop owned by ${role}; drop role ${role}`);
  });

  it('is a TypeError for a schema that cannot be', async () => {
    for (const schema of ['', 'a b', 'a;b', 'a"b', 'a.b', 'x'.repeat(64), '1a']) {
      await expect(migrateToLatest(database.pool, { schema })).rejects.toThrow(TypeError);
      expect(() => migrationSql({ schema })).toThrow(TypeError);
    }
  });
});

describe('migrationSql', () => {
  it.each(['mud_auth', 'Elsewhere'])(
    'pasted into an empty database, makes what migrateToLatest makes: %s',
    async (schema) => {
      await migrateToLatest(database.pool, { schema });
      const migrated = await schemaOf(database, schema);
      await database.sql(`drop schema "${schema}" cascade`);

      await database.sql(migrationSql({ schema }));

      expect(migrated).not.toEqual([]);
      expect(await schemaOf(database, schema)).toEqual(migrated);
      expect(await migrateToLatest(database.pool, { schema })).toEqual([]);
      await expect(
        new PostgresSessionStore({ pool: database.pool, schema, directory }).ready(),
      ).resolves.toBeUndefined();
    },
  );

  it('changes nothing where it was pasted before', async () => {
    await database.sql(migrationSql());
    const before = await schemaOf(database, 'mud_auth');
    const client = await database.pool.connect();

    await expect(client.query(migrationSql())).rejects.toThrow('already exists');
    await client.query('rollback');
    client.release();

    expect(await schemaOf(database, 'mud_auth')).toEqual(before);
  });
});

describe('a store that gets ready', () => {
  it('on a database without our tables, names the migration that is missing', async () => {
    const error = await errorOf(newStore().ready());

    expect(error).toBeInstanceOf(SchemaVersionError);
    expect(error).toBeInstanceOf(SessionStoreError);
    expect(error).toMatchObject({ missing: ALL, unknown: [], retryable: false, status: 503 });
    expect(String(error)).toContain('0001_sessions');
  });

  it('on a schema that is behind, names the migration that is missing', async () => {
    await migrateToLatest(database.pool);
    await database.sql('delete from mud_auth.migrations');

    expect(await errorOf(newStore().ready())).toMatchObject({ name: 'SchemaVersionError', missing: ALL });
  });

  it('on a schema that is ahead, names the migration that it does not know', async () => {
    await migrateToLatest(database.pool);
    await database.sql(`insert into mud_auth.migrations values ('9999_future')`);

    const error = await errorOf(newStore().ready());

    expect(error).toMatchObject({ name: 'SchemaVersionError', missing: [], unknown: ['9999_future'] });
    expect(String(error)).toContain('9999_future');
  });

  it('fails every call in the same way until then, and succeeds as soon as it is migrated', async () => {
    const store = newStore();
    await expect(store.countActiveSessions(0)).rejects.toMatchObject({ name: 'SchemaVersionError' });
    await expect(store.findSession(randomUUID())).rejects.toMatchObject({ name: 'SchemaVersionError' });

    await migrateToLatest(database.pool);

    expect(await store.countActiveSessions(0)).toBe(0);
  });

  it('migrates first, where it is told to', async () => {
    const stores = Array.from({ length: 4 }, () => newStore({ migrate: true }));

    await Promise.all(stores.map((store) => store.ready()));

    expect(await stores[0]?.countActiveSessions(0)).toBe(0);
  });

  it('tries again after the database comes up', async () => {
    await migrateToLatest(database.pool);
    const proxy = await openProxy(database.url);
    await proxy.shut();
    const pool = new pg.Pool({ connectionString: proxy.url });
    const store = new PostgresSessionStore({ pool, directory });
    await expect(store.ready()).rejects.toMatchObject({ retryable: true, outcome: 'not-applied' });
    await expect(store.countActiveSessions(0)).rejects.toMatchObject({ retryable: true });

    await proxy.open();

    await expect(store.ready()).resolves.toBeUndefined();
    expect(await store.countActiveSessions(0)).toBe(0);
    await pool.end();
    await proxy.close();
  });

  it('asks once, however many calls come at once', async () => {
    await migrateToLatest(database.pool);
    let connections = 0;
    const counting = {
      connect: () => {
        connections += 1;
        return database.pool.connect();
      },
    };
    const store = new PostgresSessionStore({ pool: counting, directory });

    await Promise.all(Array.from({ length: 10 }, () => store.ready()));

    expect(connections).toBe(1);
  });
});

describe('a store that gets ready on relations that are not as promised', () => {
  beforeEach(async () => {
    await migrateToLatest(database.pool);
    await database.sql(hostTablesSql('integer'));
  });

  it.each([
    ['an id of another type', 'alter table users alter id type bigint', ['users', 'id', 'bigint', 'integer']],
    [
      'an owner of another type',
      'alter table characters alter user_id type text',
      ['characters', 'user_id', 'text'],
    ],
    ['no boolean', `alter table users alter disabled type text`, ['users', 'disabled', 'text', 'boolean']],
    ['a missing column', 'alter table users drop column role', ['users', 'role']],
    ['a missing column', 'alter table characters drop column world_id', ['characters', 'world_id']],
    ['a missing relation', 'drop table users', ['users']],
    ['a missing relation', 'drop table characters', ['characters']],
  ])('says which: %s, after "%s"', async (_, change, names) => {
    await database.sql(change);

    const error = await errorOf(storeOnRelations().ready());

    expect(error).toBeInstanceOf(TypeError);
    for (const name of names) expect(String(error)).toContain(name);
  });

  it('and says it of each call, until they are', async () => {
    await database.sql('alter table users rename to people');
    const store = storeOnRelations();
    await expect(store.countActiveSessions(0)).rejects.toThrow(TypeError);

    await database.sql('create view users as select * from people');

    expect(await store.countActiveSessions(0)).toBe(0);
  });

  it.each([
    ['integer', 'smallint'],
    ['text', 'varchar(20)'],
  ] as const)('takes ids of type %s from a column of type %s', async (idType, type) => {
    await database.sql(`
      alter table users alter id type ${type};
      alter table characters alter id type ${type};
      alter table characters alter user_id type ${type};
    `);

    await expect(storeOnRelations(idType).ready()).resolves.toBeUndefined();
  });
});

function newStore(options = {}): PostgresSessionStore {
  return new PostgresSessionStore({ pool: database.pool, directory, ...options });
}

function storeOnRelations(idType: 'integer' | 'text' = 'integer'): PostgresSessionStore {
  return new PostgresSessionStore({
    pool: database.pool,
    users: { relation: 'users', idType },
    characters: { relation: 'public.characters', idType },
  });
}

async function errorOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => null,
    (error: unknown) => error,
  );
}

async function hasSchema(schema: string): Promise<boolean> {
  const { rows } = await database.sql('select from pg_namespace where nspname = $1', [schema]);

  return rows.length > 0;
}

/** All that a schema consists of, as the catalogues describe it. */
async function schemaOf({ sql }: TestDatabase, schema: string): Promise<unknown[]> {
  const { rows } = await sql(
    `with relations as (
       select c.oid, c.relname, c.relkind, c.relpersistence, c.reloptions
       from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1
     )
     select format('column %s.%s %s %s', relname, attname, format_type(atttypid, atttypmod),
         case when attnotnull then 'not null' else 'null' end)
         || coalesce(' default ' || pg_get_expr(adbin, adrelid), '')
         || coalesce(' comment ' || col_description(oid_of, attnum), '') as line
       from (select r.relname, r.oid as oid_of, a.* from relations r join pg_attribute a on a.attrelid = r.oid
             where r.relkind = 'r' and a.attnum > 0) a
       left join pg_attrdef d on d.adrelid = a.oid_of and d.adnum = a.attnum
     union all
     select format('index %s', replace(pg_get_indexdef(oid), format('%I.', $1::text), ''))
       from relations where relkind = 'i'
     union all
     select format('constraint %s %s', conname, replace(pg_get_constraintdef(o.oid), format('%I.', $1::text), ''))
       from pg_constraint o join relations r on r.oid = o.conrelid where contype <> 'n'
     union all
     select format('options %s %s %s', relname, relpersistence, reloptions) from relations
       where relkind = 'r' and (reloptions is not null or relpersistence <> 'p')
     order by line`,
    [schema],
  );

  return rows.map(({ line }) => line);
}
