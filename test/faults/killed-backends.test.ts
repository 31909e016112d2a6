import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestDatabase } from '../support/database.ts';
import {
  backendsOf,
  createHostDatabase,
  failureOf,
  hold,
  type Host,
  killBackends,
  lockOfUser,
  openHost,
  untilBlocked,
  untilTrue,
} from './fixture.ts';

describe('a backend that is killed', () => {
  let database: TestDatabase;
  let host: Host;
  beforeAll(async () => {
    database = await createHostDatabase();
  });
  beforeEach(async () => {
    await database.sql('delete from mud_auth.sessions');
    host = await openHost(database.url, { policy: { maxSessionsPerUser: 2 } });
  });
  afterEach(() => host.close());
  afterAll(() => database.close());

  describe('while its client is idle in the pool', () => {
    it('goes unnoticed by the next call', async () => {
      const { token } = await host.service.createSession('1');

      await killBackends(database, await backendsOf(database));
      await untilTrue(() => host.pool.totalCount === 0);

      await expect(host.service.validateSession(token)).resolves.toMatchObject({ username: 'alice' });
    });
  });

  describe('in a query', () => {
    it('is a 503 to a validate, never a 401, and the next one succeeds', async () => {
      const { token } = await host.service.createSession('1');
      const lock = await hold(database, 'lock table mud_auth.sessions in access exclusive mode');
      const failure = failureOf(host.service.validateSession(token));

      await killBackends(database, await untilBlocked(database));
      expect(await failure).toMatchObject({ sqlState: '57P01', retryable: true });
      await lock.letGo();

      await expect(host.service.validateSession(token)).resolves.toMatchObject({ username: 'alice' });
    });

    it('that only reads has written nothing', async () => {
      const { token } = await host.service.createSession('1');
      const lock = await hold(database, 'lock table users in access exclusive mode');
      const failure = failureOf(host.service.validateSession(token));

      await killBackends(database, await untilBlocked(database));
      expect(await failure).toMatchObject({ sqlState: '57P01', outcome: 'not-applied' });
      await lock.letGo();
    });

    it('leaves the outcome of a single write unknown, and the write may be repeated', async () => {
      const { session } = await host.service.createSession('1');
      const lock = await hold(database, 'select from mud_auth.sessions for update');
      const failure = failureOf(host.service.removeSession(session.id));

      await killBackends(database, await untilBlocked(database));
      expect(await failure).toMatchObject({ sqlState: '57P01', retryable: true, outcome: 'unknown' });
      await lock.letGo();

      expect(await host.service.removeSession(session.id)).toBe(true);
    });
  });

  describe('in a transaction', () => {
    const NOT_APPLIED = { sqlState: '57P01', retryable: true, outcome: 'not-applied' };

    it('keeps a sign-in under a limit from happening while it waits for the user, and it may be repeated', async () => {
      const lock = await hold(database, lockOfUser('1'));
      const failure = failureOf(host.service.createSession('1'));

      await killBackends(database, await untilBlocked(database));
      expect(await failure).toMatchObject(NOT_APPLIED);
      await lock.letGo();

      expect(await host.service.getActiveSessionCount()).toBe(0);
      await expect(host.service.createSession('1')).resolves.toBeDefined();
    });

    it('keeps a selection from happening while it waits for the user, and it may be repeated', async () => {
      const { token } = await host.service.createSession('1');
      const lock = await hold(database, lockOfUser('1'));
      const failure = failureOf(host.service.selectCharacter(token, '11'));

      await killBackends(database, await untilBlocked(database));
      expect(await failure).toMatchObject(NOT_APPLIED);
      await lock.letGo();

      await expect(host.service.validateSessionForGame(token)).rejects.toMatchObject({
        code: 'character_not_selected',
      });
      await expect(host.service.selectCharacter(token, '11')).resolves.toMatchObject({
        characterName: 'Aria',
      });
    });

    it('brings back the session that a sign-in had replaced already', async () => {
      const id = randomUUID();
      const limited = await openHost(database.url, {
        policy: { maxSessionsPerUser: 1 },
        generateSessionId: () => id,
      });
      const former = await host.service.createSession('1');
      // The row is written last: there the sign-in waits for whoever writes one with the same id.
      const lock = await hold(
        database,
        `insert into mud_auth.sessions select $1, '2', null, secret_hash, '', created_at, last_active_at,
           idle_timeout_ms, absolute_expires_at from mud_auth.sessions`,
        [id],
      );
      const failure = failureOf(limited.service.createSession('1'));

      await killBackends(database, await untilBlocked(database));
      expect(await failure).toMatchObject(NOT_APPLIED);
      await lock.letGo();

      await expect(host.service.validateSession(former.token)).resolves.toMatchObject({ username: 'alice' });
      await limited.service.createSession('1');
      await expect(host.service.validateSession(former.token)).rejects.toMatchObject({ reason: 'replaced' });
      await limited.close();
    });

    it('brings back the session that a selection had taken over already', async () => {
      const holder = await host.service.createSession('1');
      await host.service.selectCharacter(holder.token, '11');
      const rival = await host.service.createSession('1');
      // The holder's ending is written after its row is deleted: there the selection waits.
      const lock = await hold(
        database,
        `insert into mud_auth.session_endings values ($1, '1', '', 'kicked', null, now())`,
        [holder.session.id],
      );
      const failure = failureOf(host.service.selectCharacter(rival.token, '11'));

      await killBackends(database, await untilBlocked(database));
      expect(await failure).toMatchObject(NOT_APPLIED);
      await lock.letGo();

      await expect(host.service.validateSessionForGame(holder.token)).resolves.toMatchObject({
        characterName: 'Aria',
      });
      await expect(host.service.validateSessionForGame(rival.token)).rejects.toMatchObject({
        code: 'character_not_selected',
      });
    });
  });

  describe('in a commit', () => {
    // What is deferred to the commit waits there, for a lock that the test holds.
    beforeAll(() =>
      database.sql(`
        create function wait_at_commit() returns trigger language plpgsql as
          $$ begin perform pg_advisory_xact_lock(7); return null; end $$;
        create constraint trigger wait_at_commit after insert on mud_auth.sessions
          deferrable initially deferred for each row execute function wait_at_commit();
      `),
    );
    afterAll(() => database.sql('drop function wait_at_commit cascade'));

    it('leaves the outcome unknown', async () => {
      const lock = await hold(database, 'select pg_advisory_xact_lock(7)');
      const failure = failureOf(host.service.createSession('1'));

      await killBackends(database, await untilBlocked(database));
      expect(await failure).toMatchObject({ sqlState: '57P01', retryable: true, outcome: 'unknown' });
      await lock.letGo();

      await expect(host.service.createSession('1')).resolves.toBeDefined();
    });
  });
});

describe('a process that listens for no errors', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createHostDatabase();
  });
  afterAll(() => database.close());

  it.each([
    ['killed', 'idle'],
    ['killed', 'in a query'],
    ['killed', 'in a transaction'],
    ['killed', 'checked out by the host'],
    ['reset', 'idle'],
    ['reset', 'in a query'],
    ['reset', 'in a query, on a connection older than the store'],
    ['reset', 'checked out by the host'],
  ])('survives connections that are %s: %s', async (how, when) => {
    const script = fileURLToPath(new URL('lonely-process.ts', import.meta.url));

    const { stdout, stderr } = await promisify(execFile)(process.execPath, [script, database.url, how, when]);

    expect({ stdout, stderr }).toEqual({ stdout: 'broken, and alive\n', stderr: '' });
  });
});
