import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { SessionStoreError } from '../../../src/errors.ts';
import {
  breaksConnection,
  isConflict,
  isStalePlan,
  toStoreError,
} from '../../../src/stores/postgres/postgres-errors.ts';
import { everythingShown } from '../../support/everything-shown.ts';

type Verdict = readonly [retryable: boolean, outcome: 'not-applied' | 'unknown'];

const TRY_AGAIN: Verdict = [true, 'not-applied'];
const WHO_KNOWS: Verdict = [true, 'unknown'];
const HOPELESS: Verdict = [false, 'not-applied'];

/** What the server says, with the severity that it says it in, and what that means of a single write. */
const SQLSTATES: readonly (readonly [code: string, name: string, severity: string, verdict: Verdict])[] = [
  ['08001', 'sqlclient_unable_to_establish_sqlconnection', 'FATAL', TRY_AGAIN],
  ['08003', 'connection_does_not_exist', 'FATAL', WHO_KNOWS],
  ['08004', 'sqlserver_rejected_establishment_of_sqlconnection', 'FATAL', TRY_AGAIN],
  ['08006', 'connection_failure', 'FATAL', WHO_KNOWS],
  ['08007', 'transaction_resolution_unknown', 'FATAL', WHO_KNOWS],
  ['08P01', 'protocol_violation', 'FATAL', WHO_KNOWS],
  ['53000', 'insufficient_resources', 'ERROR', TRY_AGAIN],
  ['53100', 'disk_full', 'ERROR', TRY_AGAIN],
  ['53200', 'out_of_memory', 'ERROR', TRY_AGAIN],
  ['53300', 'too_many_connections', 'FATAL', TRY_AGAIN],
  ['57014', 'query_canceled', 'ERROR', TRY_AGAIN],
  ['57P01', 'admin_shutdown', 'FATAL', WHO_KNOWS],
  ['57P02', 'crash_shutdown', 'FATAL', WHO_KNOWS],
  ['57P03', 'cannot_connect_now', 'FATAL', TRY_AGAIN],
  ['57P05', 'idle_session_timeout', 'FATAL', WHO_KNOWS],
  ['58030', 'io_error', 'ERROR', TRY_AGAIN],
  ['58030', 'io_error', 'PANIC', WHO_KNOWS],
  ['53100', 'disk_full', 'PANIC', WHO_KNOWS],
  ['25006', 'read_only_sql_transaction', 'ERROR', TRY_AGAIN],
  ['25P03', 'idle_in_transaction_session_timeout', 'FATAL', TRY_AGAIN],
  ['25P04', 'transaction_timeout', 'FATAL', TRY_AGAIN],
  ['40001', 'serialization_failure', 'ERROR', TRY_AGAIN],
  ['40003', 'statement_completion_unknown', 'ERROR', WHO_KNOWS],
  ['40P01', 'deadlock_detected', 'ERROR', TRY_AGAIN],
  ['55P03', 'lock_not_available', 'ERROR', TRY_AGAIN],
  ['22P02', 'invalid_text_representation', 'ERROR', HOPELESS],
  ['23505', 'unique_violation', 'ERROR', HOPELESS],
  ['28P01', 'invalid_password', 'FATAL', HOPELESS],
  ['3D000', 'invalid_catalog_name', 'FATAL', HOPELESS],
  ['42501', 'insufficient_privilege', 'ERROR', HOPELESS],
  ['42P01', 'undefined_table', 'ERROR', HOPELESS],
  ['XX000', 'internal_error', 'ERROR', HOPELESS],
];

const SOCKET_ERRORS: readonly (readonly [code: string, verdict: Verdict])[] = [
  ['ECONNREFUSED', TRY_AGAIN],
  ['ENOTFOUND', TRY_AGAIN],
  ['EAI_AGAIN', TRY_AGAIN],
  ['ECONNRESET', WHO_KNOWS],
  ['EPIPE', WHO_KNOWS],
  ['ETIMEDOUT', WHO_KNOWS],
  ['EHOSTUNREACH', WHO_KNOWS],
  ['ENETUNREACH', WHO_KNOWS],
];

const PG_MESSAGES: readonly (readonly [message: string, verdict: Verdict])[] = [
  ['Connection terminated unexpectedly', WHO_KNOWS],
  ['Connection terminated', WHO_KNOWS],
  ['Query read timeout', WHO_KNOWS],
  ['timeout exceeded when trying to connect', TRY_AGAIN],
  ['Connection terminated due to connection timeout', TRY_AGAIN],
  ['Client has encountered a connection error and is not queryable', TRY_AGAIN],
  ['Client was closed and is not queryable', TRY_AGAIN],
  ['Cannot use a pool after calling end on the pool', HOPELESS],
];

describe('toStoreError', () => {
  it.each(SQLSTATES)('of %s %s, in a statement that might last', (code, name, severity, verdict) => {
    expect(verdictOf(toStoreError(databaseError({ code, severity, message: name }), 'committing'))).toEqual(
      verdict,
    );
    expect(toStoreError(databaseError({ code, severity }), 'committing').sqlState).toBe(code);
  });

  it.each(SOCKET_ERRORS)('of %s, in a statement that might last', (code, verdict) => {
    const error = toStoreError(socketError(code), 'committing');

    expect(verdictOf(error)).toEqual(verdict);
    expect(error.sqlState).toBeNull();
  });

  it.each(PG_MESSAGES)('of "%s", in a statement that might last', (message, verdict) => {
    const error = toStoreError(new Error(message), 'committing');

    expect(verdictOf(error)).toEqual(verdict);
    expect(error.sqlState).toBeNull();
  });

  it('of refusals at all addresses of a host, as Node gathers them', () => {
    const refusals = ['::1', '127.0.0.1'].map((address) => socketError('ECONNREFUSED', address));
    const error = Object.assign(new AggregateError(refusals), { code: 'ECONNREFUSED' });

    expect(verdictOf(toStoreError(error, 'committing'))).toEqual(TRY_AGAIN);
    expect(verdictOf(toStoreError(error, 'before-commit'))).toEqual(TRY_AGAIN);
  });

  it('of anything unheard of is an unknown outcome, to be tried again', () => {
    for (const error of [new Error('surprise'), 'surprise', undefined, null, 7, { code: 7 }, { code: 'E' }]) {
      expect(verdictOf(toStoreError(error, 'committing'))).toEqual(WHO_KNOWS);
    }
  });

  it.each([
    ...SQLSTATES.map(([code, , severity, verdict]) => [databaseError({ code, severity }), verdict] as const),
    ...SOCKET_ERRORS.map(([code, verdict]) => [socketError(code), verdict] as const),
    ...PG_MESSAGES.map(([message, verdict]) => [new Error(message), verdict] as const),
  ])('before anything was sent that could last, has nothing applied: %s', (error, [retryable]) => {
    expect(verdictOf(toStoreError(error, 'before-commit'))).toEqual([retryable, 'not-applied']);
  });

  it('leaves an error of a store as it is', () => {
    const error = new SessionStoreError('full', { retryable: false, outcome: 'not-applied' });

    expect(toStoreError(error, 'committing')).toBe(error);
  });

  it('is a 503, whatever went wrong', () => {
    expect(toStoreError(new Error('surprise'), 'committing')).toMatchObject({
      name: 'SessionStoreError',
      code: 'store_unavailable',
      status: 503,
    });
  });

  it('quotes no row, no value and no SQL of a database error', () => {
    const error = databaseError({
      code: '23505',
      severity: 'ERROR',
      message: 'duplicate key value violates unique constraint "sessions_pkey"',
      detail: 'Key (secret_hash)=(\\xSECRET) already exists.',
      hint: 'SECRET hint',
      where: 'unnamed portal with parameters: $1 = SECRET',
      internalQuery: 'select SECRET',
      schema: 'mud_auth',
      table: 'sessions',
      column: 'SECRET column',
      dataType: 'SECRET type',
      constraint: 'sessions_pkey',
    });
    error.cause = new Error('SECRET cause');

    const shown = everythingShown(toStoreError(error, 'committing'));

    expect(shown).toContain('23505');
    expect(shown).not.toContain('SECRET');
  });

  it.each([
    ['22P02', 'invalid input syntax for type integer: "SECRET"'],
    ['22003', 'value "SECRET" is out of range for type integer'],
    ['P0001', 'no SECRET today'],
    ['38000', 'SECRET'],
    ['39000', 'SECRET'],
  ])('quotes no value that the message of %s quotes', (code, message) => {
    const shown = everythingShown(
      toStoreError(databaseError({ code, severity: 'ERROR', message }), 'committing'),
    );

    expect(shown).toContain(code);
    expect(shown).not.toContain('SECRET');
  });

  it('keeps the code and the message as the cause, for the log', () => {
    const error = databaseError({
      code: '57P03',
      severity: 'FATAL',
      message: 'the database system is starting up',
    });

    expect(toStoreError(error, 'committing').cause).toMatchObject({
      message: '57P03: the database system is starting up',
    });
    expect(toStoreError(socketError('ECONNRESET'), 'committing').cause).toMatchObject({
      message: expect.stringContaining('ECONNRESET'),
    });
  });
});

describe('the messages of pg that have no code', () => {
  it.each(PG_MESSAGES)('"%s" is one that the installed version says', (message) => {
    const require = createRequire(import.meta.url);
    const sources = ['pg/lib/client.js', 'pg-pool'].map((file) =>
      readFileSync(require.resolve(file), 'utf8'),
    );

    expect(sources.join('\n')).toContain(`'${message}'`);
  });
});

describe('a connection is of no more use', () => {
  it.each(['08006', '08P01', '25006', '25P03', '25P04', '57P01', '57P02', '57P03', '57P05', '58030'])(
    'after %s',
    (code) => {
      expect(breaksConnection(databaseError({ code, severity: 'ERROR' }))).toBe(true);
    },
  );

  it.each(['40001', 'XX000'])('after %s that is fatal', (code) => {
    expect(breaksConnection(databaseError({ code, severity: 'FATAL' }))).toBe(true);
  });

  it.each(['0A000', '26000', '42P05'])('after %s: its prepared statements are stale', (code) => {
    expect(breaksConnection(databaseError({ code, severity: 'ERROR' }))).toBe(true);
    expect(isStalePlan(code)).toBe(true);
  });

  it.each([...SOCKET_ERRORS.map(([code]) => code), ...PG_MESSAGES.map(([message]) => message)])(
    'after %s',
    (what) => {
      expect(breaksConnection(what.startsWith('E') ? socketError(what) : new Error(what))).toBe(true);
    },
  );

  it('after what did not come from the database', () => {
    expect(breaksConnection(new TypeError('a bug'))).toBe(true);
  });
});

describe('a connection is as good as before', () => {
  it.each(['22P02', '23505', '40001', '40P01', '42P01', '53200', '55P03', '57014'])('after %s', (code) => {
    expect(breaksConnection(databaseError({ code, severity: 'ERROR' }))).toBe(false);
    expect(isStalePlan(code)).toBe(false);
  });
});

describe('the same work may simply be done again', () => {
  it('after a serialization failure or a deadlock, and nothing else', () => {
    const conflicts = SQLSTATES.map(([code]) => code).filter(isConflict);

    expect(conflicts).toEqual(['40001', '40P01']);
    expect(isConflict(null)).toBe(false);
  });
});

function verdictOf({ retryable, outcome }: SessionStoreError): Verdict {
  return [retryable, outcome];
}

function databaseError({ message = 'no', ...fields }: Partial<pg.DatabaseError>): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError(message, 0, 'error'), fields);
}

function socketError(code: string, address = '127.0.0.1'): Error {
  return Object.assign(new Error(`connect ${code} ${address}:5432`), {
    code,
    address,
    port: 5432,
    syscall: 'connect',
  });
}
