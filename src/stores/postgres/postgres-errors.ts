import { SessionStoreError, type SessionStoreFailure } from '../../errors.ts';

/** When it went wrong: before anything was sent that could last, or when it might have lasted. */
export type Phase = 'before-commit' | 'committing';

type Verdict = Pick<SessionStoreFailure, 'retryable' | 'outcome'>;

const TRY_AGAIN: Verdict = { retryable: true, outcome: 'not-applied' };
const WHO_KNOWS: Verdict = { retryable: true, outcome: 'unknown' };
const HOPELESS: Verdict = { retryable: false, outcome: 'not-applied' };

// https://www.postgresql.org/docs/current/errcodes-appendix.html
// An error that the server sends for a statement says that the statement was rolled back; only
// where it loses the connection as well may the statement have been committed before.
const VERDICT_BY_SQLSTATE: Readonly<Record<string, Verdict>> = {
  '08001': TRY_AGAIN, // the connection was never made
  '08004': TRY_AGAIN, // the server rejected it
  '25006': TRY_AGAIN, // read-only: a standby, soon promoted or replaced
  '25P03': TRY_AGAIN, // idle in transaction for too long: this process stood still
  '25P04': TRY_AGAIN, // transaction_timeout
  '40001': TRY_AGAIN, // serialization failure
  '40003': WHO_KNOWS, // statement completion unknown
  '40P01': TRY_AGAIN, // deadlock
  '55P03': TRY_AGAIN, // lock not available
  '57014': TRY_AGAIN, // cancelled, as by statement_timeout
  '57P03': TRY_AGAIN, // starting up or shutting down
};
const VERDICT_BY_CLASS: Readonly<Record<string, Verdict>> = {
  '08': WHO_KNOWS, // connection lost
  '53': TRY_AGAIN, // out of connections, memory or disk
  '57': WHO_KNOWS, // 57P01 and 57P02: the backend was told to quit, or crashed
  '58': TRY_AGAIN, // system error
};

// Others may come on a connection that was made, as from a router (EHOSTUNREACH) in mid-statement.
const VERDICT_BY_SOCKET_ERROR: Readonly<Record<string, Verdict>> = {
  ECONNREFUSED: TRY_AGAIN,
  ENOTFOUND: TRY_AGAIN,
  EAI_AGAIN: TRY_AGAIN,
};

// pg's own errors, which carry no code. What is not listed is a connection lost midway.
const VERDICT_BY_MESSAGE: Readonly<Record<string, Verdict>> = {
  'timeout exceeded when trying to connect': TRY_AGAIN,
  'Connection terminated due to connection timeout': TRY_AGAIN,
  'Client has encountered a connection error and is not queryable': TRY_AGAIN,
  'Client was closed and is not queryable': TRY_AGAIN,
  'Cannot use a pool after calling end on the pool': HOPELESS,
};

/** The one error that a failing database is to callers. */
export function toStoreError(error: unknown, phase: Phase): SessionStoreError {
  if (error instanceof SessionStoreError) return error;

  const sqlState = sqlStateOf(error);
  const { retryable, outcome } = verdictOn(error, sqlState);

  return new SessionStoreError('The session database could not answer.', {
    retryable,
    outcome: phase === 'before-commit' ? 'not-applied' : outcome,
    sqlState,
    cause: withoutRowContents(error, sqlState),
  });
}

/** Whether the connection that this came over is of no more use. */
export function breaksConnection(error: unknown): boolean {
  const sqlState = sqlStateOf(error);

  return (
    sqlState === null ||
    /^(08|25006|25P0[34]|57P|58)/.test(sqlState) ||
    isStalePlan(sqlState) ||
    isFatal(error)
  );
}

/**
 * Whether a prepared statement no longer fits: its relations changed under it, the server has
 * forgotten it, or a connection pooler has brought one of that name.
 */
export function isStalePlan(sqlState: string | null): boolean {
  return sqlState === '0A000' || sqlState === '26000' || sqlState === '42P05';
}

/** Whether the same work may simply be done again at once: the database has undone the first try. */
export function isConflict(sqlState: string | null): boolean {
  return sqlState === '40001' || sqlState === '40P01';
}

// Of the connection, the server, the transaction, or the schema.
const NOT_OF_ROWS = /^(08|25|26|28|3D|3F|40|42|53|55|57|58|F0|XX)/;

/**
 * Whether the server has refused these very rows, as far as can be told, so that a statement about
 * others may succeed. What a host's function raises may have any SQLSTATE.
 */
export function isAboutRows(error: unknown): boolean {
  const sqlState = error instanceof SessionStoreError ? error.sqlState : null;

  return sqlState !== null && !isStalePlan(sqlState) && !NOT_OF_ROWS.test(sqlState);
}

// Of the server, the connection, the transaction, or the whole schema.
const SURELY_NOT_OF_ROWS = /^(08|25|26|28|3D|3F|40|53|57P|58)/;

/**
 * Whether a row may be to blame for the failure of a statement about several: it took too long, is
 * damaged, or a host's view says what only a schema should.
 */
export function mayBeAboutRows(error: unknown): boolean {
  if (!(error instanceof SessionStoreError)) return false;
  if (error.sqlState !== null) return !SURELY_NOT_OF_ROWS.test(error.sqlState);

  return messageOf(error.cause) === 'Query read timeout'; // pg's own, after `queryTimeoutMs`
}

function verdictOn(error: unknown, sqlState: string | null): Verdict {
  if (propertyOf(error, 'severity') === 'PANIC') return WHO_KNOWS; // perhaps while it wrote the commit
  if (sqlState !== null) {
    return VERDICT_BY_SQLSTATE[sqlState] ?? VERDICT_BY_CLASS[sqlState.slice(0, 2)] ?? HOPELESS;
  }

  return VERDICT_BY_SOCKET_ERROR[codeOf(error)] ?? VERDICT_BY_MESSAGE[messageOf(error)] ?? WHO_KNOWS;
}

function sqlStateOf(error: unknown): string | null {
  const code = codeOf(error);

  return /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code) ? code : null;
}

function isFatal(error: unknown): boolean {
  return propertyOf(error, 'severity') === 'FATAL';
}

function codeOf(error: unknown): string {
  return propertyOf(error, 'code');
}

function messageOf(error: unknown): string {
  return propertyOf(error, 'message');
}

function propertyOf(error: unknown, name: string): string {
  const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;

  return typeof value === 'string' ? value : '';
}

// The `detail` and `where` of a database error quote whole rows, and a row holds a secret's hash.
// Of a data exception, and of one that a host's function raises, the message quotes a value too.
function withoutRowContents(error: unknown, sqlState: string | null): Error {
  const code = sqlState ?? codeOf(error);
  if (/^(22|38|39|P0)/.test(code) || propertyOf(error, 'routine') === 'exec_stmt_raise')
    return new Error(code);

  return new Error(code === '' ? messageOf(error) : `${code}: ${messageOf(error)}`);
}
