import { SessionStoreError } from '../errors.ts';

/** The error of a call that has applied a part of its work before it failed. */
export function asHalfDone(error: unknown): unknown {
  if (!(error instanceof SessionStoreError)) return error;
  const { retryable, sqlState, cause } = error;

  return new SessionStoreError(error.message, { retryable, outcome: 'unknown', sqlState, cause });
}
