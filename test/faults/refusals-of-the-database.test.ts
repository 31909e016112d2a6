import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CreatedSession } from '../../src/index.ts';
import type { TestDatabase } from '../support/database.ts';
import { everythingShown } from '../support/everything-shown.ts';
import { createHostDatabase, failureOf, hold, type Host, type HostSettings, openHost } from './fixture.ts';

describe('a database that refuses', () => {
  let database: TestDatabase;
  let alice: CreatedSession;
  const hosts: Host[] = [];
  beforeAll(async () => {
    database = await createHostDatabase();
  });
  beforeEach(async () => {
    await database.sql('delete from mud_auth.sessions');
    const { service } = await open();
    alice = await service.createSession('1');
  });
  afterEach(async () => {
    for (const host of hosts.splice(0)) await host.close();
  });
  afterAll(() => database.close());

  it('a statement that takes too long for its statement_timeout, may be asked again', async () => {
    const { service } = await open({ pool: { statement_timeout: 100 } });
    const lock = await hold(database, 'select from mud_auth.sessions for update');

    const failure = await failureOf(service.removeSession(alice.session.id));
    await lock.letGo();

    expect(failure).toMatchObject({ sqlState: '57014', retryable: true, outcome: 'not-applied' });
    expect(await service.removeSession(alice.session.id)).toBe(true);
  });

  it('a statement that waits too long for its lock_timeout, may be asked again', async () => {
    const { service } = await open({ pool: { lock_timeout: 100 } });
    const lock = await hold(database, 'select from mud_auth.sessions for update');

    const failure = await failureOf(service.removeSession(alice.session.id));
    await lock.letGo();

    expect(failure).toMatchObject({ sqlState: '55P03', retryable: true, outcome: 'not-applied' });
    expect(await service.removeSession(alice.session.id)).toBe(true);
  });

  it('in the midst of a transaction, has undone what came before, and gives the connection back', async () => {
    const { service, pool } = await open({ pool: { lock_timeout: 100, max: 1 } });
    const lock = await hold(database, 'select from mud_auth.sessions for update');

    const failure = await failureOf(service.removeSessionsForUser('1'));
    await lock.letGo();

    expect(failure).toMatchObject({ sqlState: '55P03', retryable: true, outcome: 'not-applied' });
    expect(pool).toMatchObject({ totalCount: 1, idleCount: 1 });
    expect(await service.removeSessionsForUser('1')).toBe(1);
  });

  it('writes, as a standby does, may be asked again, and answers reads', async () => {
    const { service } = await open({ pool: { options: '-c default_transaction_read_only=on' } });
    const writes = [
      () => service.createSession('1'),
      () => service.selectCharacter(alice.token, '11'),
      () => service.removeSession(alice.session.id),
      () => service.removeSessionsForUser('1'),
      () => service.clearAllSessions(),
      () => service.cleanupExpiredSessions(),
    ];

    for (const write of writes) {
      const expected = { sqlState: '25006', retryable: true, outcome: 'not-applied' };
      expect(await failureOf(write())).toMatchObject(expected);
    }
    await expect(service.validateSession(alice.token)).resolves.toMatchObject({ username: 'alice' });
    expect(await service.getActiveSessionCount()).toBe(1);
  });

  it('writes on a connection to what has become a standby, is left for a new connection', async () => {
    const name = new URL(database.url).pathname.slice(1);
    await database.sql(`alter database ${name} set default_transaction_read_only = on`);
    const { service } = await open({ pool: { max: 1 } });
    await database.sql(`alter database ${name} reset default_transaction_read_only`);

    expect(await failureOf(service.createSession('1'))).toMatchObject({ sqlState: '25006' });

    await expect(service.createSession('1')).resolves.toBeDefined();
  });

  it('one connection more than its role may have, may be asked again', async () => {
    const role = `limited_${randomUUID().replaceAll('-', '')}`;
    await database.sql(`
      create role ${role} login password '${role}' connection limit 1;
      grant usage on schema mud_auth to ${role};
      grant all on all tables in schema mud_auth, public to ${role};
    `);
    const { service, pool } = await open({ pool: { connectionString: urlAs(role), max: 2 } });
    const inUse = await pool.connect();

    const failure = await failureOf(service.validateSession(alice.token));
    inUse.release();

    expect(failure).toMatchObject({ sqlState: '53300', retryable: true, outcome: 'not-applied' });
    await expect(service.validateSession(alice.token)).resolves.toMatchObject({ username: 'alice' });
    await closeAll();
    await database.sql(`drop owned by ${role}; drop role ${role}`);
  });

  it('because our tables are gone, is not to be asked again', async () => {
    const { service } = await open();
    await database.sql('alter table mud_auth.sessions rename to stolen');

    const failure = await failureOf(service.validateSession(alice.token));
    await database.sql('alter table mud_auth.stolen rename to sessions');

    expect(failure).toMatchObject({ sqlState: '42P01', retryable: false, outcome: 'not-applied' });
    expect(failure.retryAfterSeconds).toBeNull();
  });

  it('because the tables of the host are gone, is not to be asked again, and is never a 401', async () => {
    const { service } = await open();
    await database.sql('alter table users rename to stolen');

    const failure = await failureOf(service.validateSession(alice.token));
    await database.sql('alter table stolen rename to users');

    expect(failure).toMatchObject({ sqlState: '42P01', retryable: false, outcome: 'not-applied' });
  });

  it('and quotes the row and the values, is not quoted by us', async () => {
    const { service } = await open({ pool: { options: '-c log_parameter_max_length_on_error=-1' } });
    // `not valid` lets the rows be that are there. The error quotes the new row, and the values sent.
    await database.sql(
      `alter table mud_auth.sessions add constraint unwanted check (client_type <> 'pirate') not valid`,
    );

    const failure = await failureOf(service.createSession('1', { clientType: 'pirate' }));
    await database.sql('alter table mud_auth.sessions drop constraint unwanted');

    const shown = everythingShown(failure);
    expect(failure).toMatchObject({ sqlState: '23514', retryable: false, outcome: 'not-applied' });
    expect(shown).toContain('23514');
    expect(shown).not.toContain('pirate');
    expect(shown).not.toContain('Failing row');
    expect(shown).not.toContain('\\x');
  });

  it('a value of the host that its view cannot read, does not get that value into a log', async () => {
    await database.sql(`
      create table accounts (id integer primary key, age text);
      insert into accounts values (1, 'very private');
      create view aged_users as
        select id, 'alice' as username, 'player' as role, age::integer > 99 as disabled from accounts;
    `);
    const { service } = await open({ store: { users: { relation: 'aged_users', idType: 'integer' } } });

    const failure = await failureOf(service.createSession('1'));

    expect(failure).toMatchObject({ sqlState: '22P02', retryable: false });
    expect(everythingShown(failure)).not.toContain('private');
  });

  it('no number that a policy allows', async () => {
    const { service } = await open({ policy: { maxSessionsPerUser: Number.MAX_SAFE_INTEGER } });

    await expect(service.createSession('1')).resolves.toBeDefined();
    expect(await service.getActiveSessionCount({ activeWithinMs: Number.MAX_SAFE_INTEGER })).toBe(2);
  });

  async function open(settings: HostSettings = {}): Promise<Host> {
    const host = await openHost(database.url, settings);
    hosts.push(host);

    return host;
  }

  async function closeAll(): Promise<void> {
    for (const host of hosts.splice(0)) await host.close();
  }

  function urlAs(role: string): string {
    const url = new URL(database.url);
    url.username = role;
    url.password = role;

    return url.href;
  }
});
