import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrateToLatest } from '../../src/stores/postgres/index.ts';
import type { HostRelations } from '../../src/stores/postgres/index.ts';
import { creatingStatements } from '../../src/stores/postgres/statements/creating-statements.ts';
import { endingStatements } from '../../src/stores/postgres/statements/ending-statements.ts';
import { rememberStatements } from '../../src/stores/postgres/remember/remember-statements.ts';
import { linkStatements } from '../../src/stores/postgres/live/link-statements.ts';
import { relationPresenceStatements } from '../../src/stores/postgres/live/presence-statements.ts';
import { isActiveWithin } from '../../src/stores/postgres/statements/fragments.ts';
import { listByWorldType } from '../../src/stores/postgres/statements/list-statements.ts';
import { signInStatements } from '../../src/stores/postgres/statements/sign-in-statements.ts';
import { relationStatements } from '../../src/stores/postgres/statements/relation-statements.ts';
import { sessionStatements } from '../../src/stores/postgres/statements/session-statements.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

const ROWS = 5_000;
const UUID = '00000000-0000-4000-8000-000000000001';

/** As many rows as there are processes; one row at most. */
const TINY = new Set(['nodes', 'maintenance']);

const SAMPLES: Readonly<Record<string, string>> = {
  uuid: `'${UUID}'`,
  bytea: `'\\x00'`,
  'uuid[]': `'{${UUID}}'`,
  text: `'1'`,
  tid: `'(0,0)'`,
};

/** A host whose own tables look quite different, and who shows them through views. */
const HOST = `
  create table accounts (account_no bigint primary key, login varchar(40) not null, banned_at timestamptz);
  create table grants (account_no bigint not null, role text not null);
  create index on grants (account_no);
  create table heroes (hero_no bigint primary key, owner bigint not null, name text not null, world int);
  insert into accounts select n, 'user' || n, null from generate_series(1, ${ROWS}) n;
  insert into grants select n, 'player' from generate_series(1, ${ROWS}) n;
  insert into heroes select n, n, 'hero' || n, n % 1000 from generate_series(1, ${ROWS}) n;

  create view plain_users as
    select a.account_no as id, a.login as username, 'player'::text as role, a.banned_at is not null as disabled
    from accounts a;
  -- An aggregate: Postgres cannot merge such a view into the statement around it.
  create view grouped_users as
    select a.account_no as id, max(a.login) as username, max(g.role) as role, bool_or(a.banned_at is not null) as disabled
    from accounts a join grants g using (account_no) group by a.account_no;
  create view heroes_view as
    select hero_no as id, owner as user_id, name, world as world_id from heroes;

  insert into mud_auth.sessions
    select gen_random_uuid(), n::text, n::text, '\\x00', '', now(), now(), 28800000, now() + interval '1 day', gen_random_uuid()
    from generate_series(1, ${ROWS}) n;
  insert into mud_auth.session_endings
    select gen_random_uuid(), n::text, '\\x00', 'kicked', null, now() from generate_series(1, ${ROWS}) n;
  insert into mud_auth.remember_families
    select gen_random_uuid(), n::text, '', now(), now(), 1000000000, now() + interval '30 days' from generate_series(1, ${ROWS}) n;
  insert into mud_auth.remember_tokens select id, '\\x00', now(), now() from mud_auth.remember_families;
  insert into mud_auth.remember_tokens select id, '\\x01', now() from mud_auth.remember_families;
  analyze;
`;

describe('the plan of', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
    await migrateToLatest(database.pool);
    await database.sql(HOST);
  });
  afterAll(() => database.close());

  for (const users of ['plain_users', 'grouped_users']) {
    it(`a validate reads by index alone, over ${users}`, async () => {
      const statements = relationStatements('mud_auth', relations(users));

      expect(await scannedBy(statements.findRecord.one)).toEqual([]);
      expect(await scannedBy(statements.findRecord.many)).toEqual([]);
    });

    it(`a sign-in, or a look for a character, reads by index alone, over ${users}`, async () => {
      const statements = relationStatements('mud_auth', relations(users));

      const signIns = signInStatements('mud_auth', relations(users));
      for (const { one, many } of Object.values(signIns)) {
        expect(await scannedBy(one)).toEqual([]);
        expect(await scannedBy(many)).toEqual([]);
      }
      expect(await scannedBy(statements.lockUserWithRole)).toEqual([]);
      expect(await scannedBy(statements.findCharacter)).toEqual([]);
    });
  }

  for (const name of ['touchSession', 'findEnding'] as const) {
    it(`${name} reads by index alone`, async () => {
      const { one, many } = sessionStatements('mud_auth')[name];

      expect(await scannedBy(one)).toEqual([]);
      expect(await scannedBy(many)).toEqual([]);
    });
  }

  for (const name of ['lockUserCounting', 'lockSeat', 'bindCharacter', 'releaseCharacter'] as const) {
    it(`${name} reads by index alone`, async () => {
      expect(await scannedBy(sessionStatements('mud_auth')[name])).toEqual([]);
    });
  }

  for (const name of [
    'endSession',
    'expireSession',
    'expireSessionsOfUser',
    'endSessionsOfUser',
    'endSessionOfCharacter',
    'forgetFamily',
    'forgetFamiliesOfUser',
  ] as const) {
    it(`${name} reads by index alone`, async () => {
      expect(await scannedBy(endingStatements('mud_auth')[name])).toEqual([]);
    });
  }

  for (const name of ['startFamily', 'findToken', 'redeemToken', 'lockFamily', 'endFamily'] as const) {
    it(`${name} reads by index alone`, async () => {
      expect(await scannedBy(rememberStatements('mud_auth')[name])).toEqual([]);
    });
  }

  it('a list of a world reads by the index of the host and then by ours', async () => {
    await database.sql('create index on heroes (world); analyze');
    const plain = relations('plain_users');
    const listActive = listByWorldType('mud_auth', plain, { which: isActiveWithin, columns: sql`` });
    const { listPresent } = relationPresenceStatements('mud_auth', plain);

    expect(await scannedBy(listActive('integer'))).toEqual([]);
    expect(await scannedBy(listPresent('integer'))).toEqual([]);
  });

  for (const name of [
    'hideSession',
    'linkSession',
    'unlinkSession',
    'dropLinkDead',
    'adoptSessions',
    'listLinked',
  ] as const) {
    it(`${name} reads by index alone`, async () => {
      expect(await scannedBy(linkStatements('mud_auth')[name])).toEqual([]);
    });
  }

  it('a step of a clean-up reads its part of the table alone', async () => {
    expect(await scannedBy(endingStatements('mud_auth').endExpiredBatch)).toEqual([]);
  });

  it('a sign-in under a limit counts by index alone', async () => {
    expect(await scannedBy(creatingStatements('mud_auth').insertWithinLimit)).toEqual([]);
  });

  /** The tables that the generic plan reads from end to end. */
  async function scannedBy(statement: { readonly text: string }): Promise<string[]> {
    const client = await database.pool.connect();
    try {
      await client.query('set plan_cache_mode = force_generic_plan');
      await client.query(`prepare planned as ${statement.text}`);
      const places = [...statement.text.matchAll(/\$\d+::(\w+(?:\[\])?)/g)];
      const values = places.map(([, type]) => SAMPLES[type ?? ''] ?? 'null');
      const { rows } = await client.query<Record<string, string>>(
        `explain execute planned(${values.join()})`,
      );
      const plan = rows.flatMap((row) => Object.values(row));

      const scanned = plan.flatMap((line) => /Seq Scan on (\S+)/.exec(line)?.[1] ?? []);

      return scanned.filter((table) => !TINY.has(table));
    } finally {
      await client.query('deallocate all; reset plan_cache_mode');
      client.release();
    }
  }
});

function relations(users: string): HostRelations {
  return {
    users: { relation: users, idType: 'bigint' },
    characters: { relation: 'heroes_view', idType: 'bigint' },
  };
}
