import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PostgresSessionStore } from '../../src/stores/postgres/index.ts';
import type { TestDatabase } from '../support/database.ts';
import { describePorts } from '../support/describe-ports.ts';
import { hostRecords } from '../support/host-tables.ts';
import { createHostDatabase, type Host, openHost } from './fixture.ts';

const RACERS = 8;
const ROUNDS = 20;

for (const isolation of ['repeatable read', 'serializable']) {
  describe(`where the host's default is ${isolation}`, () => {
    let database: TestDatabase;
    let host: Host;
    beforeAll(async () => {
      database = await createHostDatabase();
      const name = new URL(database.url).pathname.slice(1);
      await database.sql(`alter database ${name} set default_transaction_isolation = '${isolation}'`);
      host = await openHost(database.url, { policy: { touchIntervalMs: 0 } });
    });
    afterAll(async () => {
      await host.close();
      await database.close();
    });

    it('is what new connections have', async () => {
      const { rows } = await host.pool.query('show transaction isolation level');

      expect(rows).toEqual([{ transaction_isolation: isolation }]);
    });

    it('touches and ends of one session at once give no error, and one ending', async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const { token, session } = await host.service.createSession('1');
        const racers = Array.from({ length: RACERS }, () => null);

        const touches = racers.map(() => host.store.touchSession(session.id));
        const ends = racers.map(() => host.service.removeSession(session.id));

        await expect(Promise.all(touches)).resolves.toHaveLength(RACERS);
        expect((await Promise.all(ends)).filter(Boolean)).toHaveLength(1);
        await expect(host.service.validateSession(token)).rejects.toMatchObject({ code: 'session_invalid' });
      }
    });

    it('sign-ins, selections and bulk ends of one user at once give no error', async () => {
      const { service } = host;
      for (let round = 0; round < ROUNDS; round += 1) {
        const created = await Promise.all([service.createSession('1'), service.createSession('1')]);

        const calls = [
          ...created.map(({ token }) => service.selectCharacter(token, '11').catch(ifNotEnded)),
          ...created.map(({ token }) => service.validateSession(token).catch(ifNotEnded)),
          service.removeSessionsForCharacter('11'),
          service.removeSessionsForUser('1'),
          service.createSession('1'),
          service.cleanupExpiredSessions(),
        ];

        await expect(Promise.all(calls)).resolves.toBeDefined();
        await service.clearAllSessions();
      }
    });

    describePorts('PostgresSessionStore', {
      describe,
      it,
      open: async ({ clock }) => {
        await database.sql(`
          delete from mud_auth.sessions; delete from mud_auth.session_endings; delete from mud_auth.nodes; delete from mud_auth.maintenance;
          delete from users; delete from characters`);
        const store = new PostgresSessionStore({
          pool: host.pool,
          clock,
          users: { relation: 'users', idType: 'integer' },
          characters: { relation: 'characters', idType: 'integer' },
        });

        return { store, host: hostRecords(database.sql) };
      },
    });
  });
}

/** A session may have been ended by another call of the round. */
function ifNotEnded(error: unknown): void {
  expect(error).toMatchObject({ code: 'session_invalid' });
}
