import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Character, type Directory, SessionService, type User } from '../../src/index.ts';
import { MemoryDirectory } from '../../src/stores/memory/index.ts';
import { PostgresSessionStore } from '../../src/stores/postgres/index.ts';
import type { TestDatabase } from '../support/database.ts';
import { createHostDatabase, failureOf, isAtRest } from './fixture.ts';

const ALICE: User = { id: '1', username: 'alice', role: 'player', disabled: false };
const ARIA: Character = { id: '11', userId: '1', name: 'Aria', worldId: 'mist' };

let database: TestDatabase;
let pool: pg.Pool;
beforeAll(async () => {
  database = await createHostDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 1 });
});
beforeEach(() => database.sql('delete from mud_auth.sessions'));
afterAll(async () => {
  await pool.end();
  await database.close();
});

describe('a directory that fails', () => {
  const present = new MemoryDirectory({ users: [ALICE], characters: [ARIA] });

  it.each<[string, () => Promise<never>]>([
    ['throws at once', throwAtOnce],
    ['rejects', () => Promise.reject(new Error('no directory'))],
  ])(
    'and %s is a 503 to be retried, with nothing applied and every connection given back',
    async (_, fail) => {
      const sessions = openService(present);
      const { token, session } = await sessions.createSession('1');
      await sessions.selectCharacter(token, '11');
      const failing = openService({ findUser: fail, findCharacter: fail });

      for (const call of [
        () => failing.createSession('1'),
        () => failing.validateSession(token),
        () => failing.selectCharacter(token, '11'),
        () => failing.getActiveCharacters('mist'),
      ]) {
        expect(await failureOf(call())).toMatchObject({
          retryable: true,
          outcome: 'not-applied',
          sqlState: null,
        });
      }

      expect(isAtRest(pool)).toBe(true);
      expect(await sessions.getActiveSessionCount()).toBe(1);
      expect(await failing.removeSession(session.id)).toBe(true);
    },
  );
});

describe('a directory that needs the one connection of the pool itself', () => {
  const asking: Directory = {
    async findUser(id) {
      const { rows } = await pool.query<User>(
        'select id::text, username, role, disabled from users where id = $1',
        [id],
      );

      return rows[0] ?? null;
    },
    async findCharacter(id) {
      const { rows } = await pool.query<Character>(
        'select id::text, user_id::text as "userId", name, world_id as "worldId" from characters where id = $1',
        [id],
      );

      return rows[0] ?? null;
    },
  };

  it('is never asked while a call of ours holds that connection', async () => {
    const limited = openService(asking, { maxSessionsPerUser: 2 });

    const first = await limited.createSession('1');
    const second = await limited.createSession('1');
    await limited.selectCharacter(first.token, '11');
    await limited.selectCharacter(second.token, '11'); // takes over
    const third = await limited.createSession('1');

    expect(await limited.validateSessionForGame(second.token)).toMatchObject({ characterName: 'Aria' });
    expect(await limited.getActiveCharacters('mist')).toHaveLength(1);
    expect(await limited.releaseCharacter(second.token)).toBe(true);
    expect(await limited.logout(third.token)).toBe(true);
    expect(await limited.removeSessionsForUser('1')).toBe(1);
    expect(isAtRest(pool)).toBe(true);
  });

  it('serves many calls at once', async () => {
    const sessions = openService(asking);
    const created = await Promise.all(Array.from({ length: 20 }, () => sessions.createSession('1')));

    const principals = await Promise.all(created.map(({ token }) => sessions.validateSession(token)));

    expect(principals).toHaveLength(20);
    expect(isAtRest(pool)).toBe(true);
  });
});

function openService(directory: Directory, policy = {}): SessionService {
  const store = new PostgresSessionStore({ pool, directory, acquireTimeoutMs: 2_000 });

  return new SessionService({ store, policy });
}

function throwAtOnce(): never {
  throw new Error('no directory');
}
