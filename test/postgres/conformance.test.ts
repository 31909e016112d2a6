import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type HostIdType, migrateToLatest, PostgresSessionStore } from '../../src/stores/postgres/index.ts';
import { pglitePool } from '../../src/stores/postgres/pglite/index.ts';
import { describePorts } from '../support/describe-ports.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { hostIdOf, hostRecords, hostTablesSql } from '../support/host-tables.ts';

const EMPTY_OURS = ['sessions', 'session_endings', 'nodes', 'maintenance']
  .map((table) => `delete from mud_auth.${table};`)
  .join('');
const EMPTY_ALL = `${EMPTY_OURS} delete from users; delete from characters`;

for (const idType of ['text', 'integer', 'bigint', 'uuid'] as const satisfies HostIdType[]) {
  describe(`with host ids of type ${idType}`, () => {
    let database: TestDatabase;
    beforeAll(async () => {
      database = await createDatabase();
      await migrateToLatest(database.pool);
      await database.sql(hostTablesSql(idType));
    });
    afterAll(() => database.close());

    describePorts('PostgresSessionStore', {
      describe,
      it,
      hostId: hostIdOf(idType),
      open: async ({ clock }) => {
        await database.sql(EMPTY_ALL);
        const store = new PostgresSessionStore({
          pool: database.pool,
          clock,
          users: { relation: 'users', idType },
          characters: { relation: 'public.characters', idType },
        });

        return { store, host: hostRecords(database.sql) };
      },
    });
  });
}

describe('with a directory', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
    await migrateToLatest(database.pool, { schema: 'other_schema' });
  });
  afterAll(() => database.close());

  describePorts('PostgresSessionStore', {
    describe,
    it,
    open: async ({ clock, directory }) => {
      await database.sql(EMPTY_OURS.replaceAll('mud_auth', 'other_schema'));

      return {
        store: new PostgresSessionStore({ pool: database.pool, schema: 'other_schema', clock, directory }),
      };
    },
  });
});

describe('embedded', () => {
  let db: PGlite;
  beforeAll(async () => {
    db = new PGlite();
    await migrateToLatest(pglitePool(db));
    await db.exec(hostTablesSql('integer'));
  });
  afterAll(() => db.close());

  describePorts('PostgresSessionStore on PGlite', {
    describe,
    it,
    open: async ({ clock }) => {
      await db.exec(EMPTY_ALL);
      const store = new PostgresSessionStore({
        pool: pglitePool(db),
        clock,
        users: { relation: 'users', idType: 'integer' },
        characters: { relation: 'characters', idType: 'integer' },
      });

      return { store, host: hostRecords((text, values) => db.query(text, values)) };
    },
  });
});
