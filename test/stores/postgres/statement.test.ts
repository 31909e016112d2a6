import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { creatingStatements } from '../../../src/stores/postgres/statements/creating-statements.ts';
import { endingStatements } from '../../../src/stores/postgres/statements/ending-statements.ts';
import { linkStatements } from '../../../src/stores/postgres/live/link-statements.ts';
import {
  findRecordStatements,
  listInPlayStatement,
} from '../../../src/stores/postgres/statements/record-statements.ts';
import {
  directoryPresenceStatements,
  relationPresenceStatements,
} from '../../../src/stores/postgres/live/presence-statements.ts';
import { isActiveWithin } from '../../../src/stores/postgres/statements/fragments.ts';
import { listByWorldType } from '../../../src/stores/postgres/statements/list-statements.ts';
import { signInStatements } from '../../../src/stores/postgres/statements/sign-in-statements.ts';
import { relationStatements } from '../../../src/stores/postgres/statements/relation-statements.ts';
import { sessionStatements } from '../../../src/stores/postgres/statements/session-statements.ts';
import { Statement } from '../../../src/stores/postgres/statements/statement.ts';

describe('a statement', () => {
  const statement = new Statement<{ id: string; size: number }, object>(
    (param) => sql`select ${param('size', 'integer')} where ${param('id', 'uuid')} = ${param('id', 'uuid')}`,
  );

  it('says the type of each value', () => {
    expect(statement.text).toBe('select $1::integer where $2::uuid = $3::uuid');
  });

  it('gives the values in the order of their places', () => {
    expect(statement.valuesOf({ id: 'an id', size: 3 }, { now: null })).toEqual([3, 'an id', 'an id']);
  });

  it('may read the time that it is given, or none, which leaves it to the database', () => {
    const reading = new Statement<object, object>((param) => sql`select ${param('now', 'timestamptz')}`);
    const now = new Date();

    expect(reading.valuesOf({}, { now })).toEqual([now]);
    expect(reading.valuesOf({}, { now: null })).toEqual([null]);
  });

  it('has a name that fits into that of a prepared statement, and is of its text alone', () => {
    const same = new Statement<{ n: number; key: string }, object>(
      (param) => sql`select ${param('n', 'integer')} where ${param('key', 'uuid')} = ${param('key', 'uuid')}`,
    );
    const other = new Statement<object, object>(() => sql`select 1`);

    expect(statement.name).toMatch(/^mud_auth_[0-9a-f]+$/);
    expect(statement.name.length).toBeLessThan(64);
    expect(same.name).toBe(statement.name);
    expect(other.name).not.toBe(statement.name);
  });

  it('knows whether it may leave something behind', () => {
    const users = { relation: 'updates', idType: 'text' } as const;
    const session = sessionStatements('mud_auth');
    const { listLinked, ...changingLinks } = linkStatements('mud_auth');
    const { lockUser, lockUserCounting, findEnding, countActive } = session;
    const { touchSession, bindCharacter, releaseCharacter } = session;
    const relations = { users, characters: users };
    const { findRecord, findCharacter, lockUserWithRole } = relationStatements('mud_auth', relations);
    const { insertSession } = signInStatements('mud_auth', relations);
    const listActive = listByWorldType('mud_auth', relations, { which: isActiveWithin, columns: sql`` });
    const { listPresent, listAllPresent, listOutsiders } = relationPresenceStatements('mud_auth', relations);
    const inDirectory = directoryPresenceStatements('mud_auth');
    const reading = [
      ...Object.values(findRecord),
      ...Object.values(findRecordStatements('mud_auth')),
      findCharacter,
      listActive('text'),
      listInPlayStatement('mud_auth', isActiveWithin),
      ...Object.values(inDirectory),
      listOutsiders,
      listPresent('text'),
      listAllPresent,
      listLinked,
      lockUser,
      lockUserCounting,
      lockUserWithRole,
      ...Object.values(findEnding),
      countActive,
    ];
    const writing = [
      ...Object.values(endingStatements('mud_auth')),
      ...Object.values(creatingStatements('mud_auth')),
      ...Object.values(changingLinks),
      ...Object.values(touchSession),
      ...Object.values(insertSession),
      bindCharacter,
      releaseCharacter,
    ];

    expect(reading.filter(({ writes }) => writes)).toEqual([]);
    expect(writing.filter(({ writes }) => !writes)).toEqual([]);
  });

  it('takes no value that is fixed when it is written', () => {
    expect(() => new Statement<object, object>(() => sql`select ${'a secret'}`)).toThrow(TypeError);
  });
});
