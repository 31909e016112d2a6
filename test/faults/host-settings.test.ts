import pg from 'pg';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { PostgresSessionStore } from '../../src/stores/postgres/index.ts';
import type { TestDatabase } from '../support/database.ts';
import { describePorts } from '../support/describe-ports.ts';
import { hostRecords } from '../support/host-tables.ts';
import { createHostDatabase } from './fixture.ts';

const { builtins, getTypeParser, setTypeParser } = pg.types;

describe('where the host reads values of every type in a way of its own', () => {
  const TYPES = ['BOOL', 'BYTEA', 'INT4', 'INT8', 'FLOAT8', 'TEXT', 'UUID', 'TIMESTAMPTZ'] as const;
  const usual = TYPES.map((type) => [builtins[type], getTypeParser(builtins[type])] as const);
  beforeAll(() => {
    for (const [type] of usual) setTypeParser(type, () => ({ unheardOf: true }));
  });
  afterAll(() => {
    for (const [type, parser] of usual) setTypeParser(type, parser);
  });

  conforms({});
});

describe('where the database writes values, and reads strings, in a way of its own', () => {
  conforms(
    {},
    `
    alter database :name set bytea_output = 'escape';
    alter database :name set extra_float_digits = -5;
    alter database :name set datestyle = 'SQL, DMY';
    alter database :name set intervalstyle = 'sql_standard';
    alter database :name set timezone = 'Asia/Kathmandu';
    alter database :name set standard_conforming_strings = off;
    alter database :name set search_path = public, pg_catalog;
  `,
  );
});

describe('where the host asks for binary results', () => {
  // An option of pg that its types do not know.
  conforms({ binary: true } as pg.PoolConfig);
});

function conforms(config: pg.PoolConfig, settings = ''): void {
  let database: TestDatabase;
  let pool: pg.Pool;
  beforeAll(async () => {
    database = await createHostDatabase();
    await database.sql(settings.replaceAll(':name', new URL(database.url).pathname.slice(1)));
    pool = new pg.Pool({ connectionString: database.url, ...config }); // with the settings
  });
  afterAll(async () => {
    await pool.end();
    await database.close();
  });

  describePorts('PostgresSessionStore', {
    describe,
    it,
    open: async ({ clock }) => {
      await database.sql(`
        delete from mud_auth.sessions; delete from mud_auth.session_endings; delete from mud_auth.nodes; delete from mud_auth.maintenance;
        delete from users; delete from characters`);
      const store = new PostgresSessionStore({
        pool,
        clock,
        users: { relation: 'users', idType: 'integer' },
        characters: { relation: 'characters', idType: 'integer' },
      });

      return { store, host: hostRecords(database.sql) };
    },
  });
}
