import { describe, expect, it } from 'vitest';
import { MemoryDirectory } from '../../../src/stores/memory/index.ts';
import {
  migrationSql,
  type PgPool,
  PostgresSessionStore,
  type PostgresSessionStoreOptions,
} from '../../../src/stores/postgres/index.ts';

const untouched: PgPool = {
  connect: () => Promise.reject(new Error('nothing is asked of the database')),
};
const directory = new MemoryDirectory();
const users = { relation: 'users', idType: 'integer' } as const;
const characters = { relation: 'game.characters', idType: 'uuid' } as const;

describe('the settings of a PostgresSessionStore', () => {
  it.each(['acquireTimeoutMs', 'queryTimeoutMs', 'maxWaiting'])(
    '%s must be a whole number from 1',
    (name) => {
      for (const value of [0, -1, 1.5, Number.NaN, Infinity, 2 ** 31, '5', null]) {
        expect(() => store({ directory, [name]: value })).toThrow(TypeError);
        expect(() => store({ directory, [name]: value })).toThrow(name);
      }
      expect(() => store({ directory, [name]: 1 })).not.toThrow();
      expect(() => store({ directory, [name]: 2 ** 31 - 1 })).not.toThrow();
    },
  );

  it.each(['', '1a', 'a b', 'a"b', 'a.b', "a'b", 'a;b', 'ä', 'x'.repeat(64), 7, null, ['a']])(
    'a schema must be one plain name, not %j',
    (schema) => {
      expect(() => store({ directory, schema })).toThrow(TypeError);
    },
  );

  it.each(['mud_auth', 'MudAuth', '_', 'a$1', 'x'.repeat(63)])('a schema may be %s', (schema) => {
    expect(() => store({ directory, schema })).not.toThrow();
    expect(migrationSql({ schema })).toContain(`"${schema}".sessions`);
  });

  it.each(['', 'a.b.c', '.a', 'a.', '"users"', 'users; drop table users', 'users u', 7, undefined])(
    'a relation must be one or two plain names, not %j',
    (relation) => {
      expect(() => store({ users: { ...users, relation }, characters })).toThrow(TypeError);
      expect(() => store({ users, characters: { ...characters, relation } })).toThrow(TypeError);
    },
  );

  it.each(['int', 'varchar', '', 'toString', undefined])(
    'an id type must be one of the four, not %j',
    (idType) => {
      expect(() => store({ users: { ...users, idType }, characters })).toThrow('users.idType');
      expect(() => store({ users, characters: { ...characters, idType } })).toThrow('characters.idType');
    },
  );

  it('ask nothing of the database', () => {
    expect(() => store({ users, characters })).not.toThrow();
  });
});

function store(options: object): PostgresSessionStore {
  // Settings as JavaScript may give them, whatever the types say.
  return new PostgresSessionStore({ pool: untouched, ...options } as PostgresSessionStoreOptions);
}
