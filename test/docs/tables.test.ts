import { describe, expect, it } from 'vitest';
import * as root from '../../src/index.ts';
import { definePolicy } from '../../src/session/session-policy.ts';
import {
  MemoryLinkStore,
  MemoryMaintenanceStore,
  MemoryRememberStore,
  MemorySessionStore,
} from '../../src/stores/memory/index.ts';
import * as postgres from '../../src/stores/postgres/index.ts';
import { idTypes } from '../../src/stores/postgres/id-types.ts';
import { connectionOptionsOf } from '../../src/stores/postgres/options.ts';
import { readPage, tableOf } from './pages.ts';

const { AuthError, mudRoles } = root;

const concepts = readPage('docs/concepts.md');
const errors = readPage('docs/errors.md');

/** One error of each class, however it is made. */
const SAMPLES: readonly InstanceType<typeof AuthError>[] = [
  new root.InvalidSessionError(),
  new root.PermissionDeniedError('chat'),
  new root.ReauthenticationRequiredError(),
  new root.UserNotAvailableError(),
  new root.SessionNotFoundError(),
  new root.CharacterNotSelectedError(),
  new root.CharacterNotAvailableError(),
  new root.CharacterInUseError(),
  new root.SessionLimitError(1),
  new root.MaintenanceError('Back soon.', null, new Date()),
  new root.SessionStoreError('away', { retryable: true, outcome: 'unknown' }),
  new postgres.SchemaVersionError('mud_auth', ['0001_sessions'], []),
];

/** Every code: the type makes this list complete. */
const CODES: Readonly<Record<root.AuthErrorCode, true>> = {
  session_invalid: true,
  permission_denied: true,
  reauthentication_required: true,
  user_not_available: true,
  session_not_found: true,
  character_not_selected: true,
  character_not_available: true,
  character_in_use: true,
  session_limit_reached: true,
  maintenance: true,
  store_unavailable: true,
};

/** Every reason, likewise. */
const REASONS: Readonly<Record<root.EndingReason, true>> = {
  expired: true,
  logged_out: true,
  replaced: true,
  taken_over: true,
  kicked: true,
  banned: true,
  credentials_changed: true,
  cleared: true,
  reuse_detected: true,
  maintenance: true,
};

describe('the table of errors', () => {
  const table = tableOf(errors, 'code');

  it('has every class, with its code and status', () => {
    const documented = table.map((row) => [row['class'], row['code'], Number(row['status'])]);

    expect(documented).toEqual(SAMPLES.map(({ name, code, status }) => [name, code, status]));
  });

  it('leaves out no class that the entries export', () => {
    const exported = Object.entries({ ...root, ...postgres }).filter(([, value]) => isAuthError(value));

    expect(new Set(table.map((row) => row['class']))).toEqual(new Set(exported.map(([name]) => name)));
  });

  it('has every code', () => {
    expect(new Set(table.map((row) => row['code']))).toEqual(new Set(Object.keys(CODES)));
  });

  it('names the facts that each error carries', () => {
    const facts = SAMPLES.map((error) =>
      Object.keys(error).filter((key) => !['name', 'code', 'status'].includes(key)),
    );
    const inherited = Object.keys(new root.SessionStoreError('', { retryable: true, outcome: 'unknown' }));
    const own = SAMPLES.map((error, n) =>
      error instanceof postgres.SchemaVersionError
        ? facts[n]?.filter((fact) => !inherited.includes(fact))
        : facts[n],
    );

    expect(table.map((row) => row['further facts']?.split(', ').filter(Boolean))).toEqual(own);
  });
});

describe('the table of defaults', () => {
  const table = new Map(tableOf(concepts, 'setting').map((row) => [row['setting'], row['default'] ?? '']));

  it('has every setting with the value of the code', () => {
    const { terms, touchIntervalMs, activeWindowMs } = definePolicy();
    const expected = Object.entries({ ...terms, touchIntervalMs, activeWindowMs });

    const documented = [...table].map(([setting, value]) => [setting, value.replace(/ \(.*\)|,/g, '')]);

    expect(documented).toEqual(expected.map(([setting, value]) => [setting, String(value)]));
  });
});

describe('the tables of docs/postgres.md', () => {
  const page = readPage('docs/postgres.md');

  it('have the limits of the store with their defaults', () => {
    const { clock, ...options } = connectionOptionsOf({
      pool: { connect: () => Promise.reject(new Error('not asked')) },
    });

    const documented = tableOf(page, 'option').map((row) => [
      row['option'],
      row['default']?.replace(',', ''),
    ]);

    expect(clock).toBeNull();
    expect(documented).toEqual(Object.entries(options).map(([option, value]) => [option, String(value)]));
  });

  it('have every type of id, with its column types', () => {
    const documented = tableOf(page, 'idType').map((row) => [row['idType'], row['column types']]);

    const expected = Object.entries(idTypes).map(([type, { columnTypes }]) => [type, columnTypes.join(', ')]);
    expect(documented).toEqual(expected);
  });
});

describe('the table of roles', () => {
  const table = tableOf(concepts, 'permission');

  it('grants what the code grants', () => {
    const roles = [...mudRoles.roles];
    const expected = Array.from(mudRoles.permissions, (permission) => ({
      permission,
      ...Object.fromEntries(
        roles.map(([role, { permissions }]) => [role, permissions.has(permission) ? 'yes' : '']),
      ),
    }));

    expect(table).toEqual(expect.arrayContaining(expected));
    expect(table).toHaveLength(expected.length);
    expect(Object.keys(table[0] ?? {})).toEqual(['permission', ...roles.map(([role]) => role)]);
  });

  it('has the ranks right', () => {
    expect(Array.from(mudRoles.roles.values(), ({ rank }) => rank)).toEqual([1, 2, 3, 4]);
  });
});

describe('the table of reasons', () => {
  it('has every reason', () => {
    const documented = tableOf(concepts, 'reason').map((row) => row['reason']);

    expect(documented).toEqual(Object.keys(REASONS));
  });
});

describe('the table of the contract', () => {
  it('has every method of the ports', () => {
    const methods = [MemorySessionStore, MemoryLinkStore, MemoryMaintenanceStore, MemoryRememberStore]
      .flatMap((Store) => Object.getOwnPropertyNames(Store.prototype))
      .filter((name) => name !== 'constructor');

    const page = readPage('docs/custom-store.md');
    const documented = [
      'method',
      'method of LinkStore',
      'method of MaintenanceStore',
      'method of RememberStore',
    ].flatMap((head) => tableOf(page, head).map((row) => row[head] ?? ''));

    expect(documented.toSorted()).toEqual(methods.toSorted());
  });
});

function isAuthError(value: unknown): boolean {
  return typeof value === 'function' && value.prototype instanceof AuthError;
}
