import { describe, expect, it } from 'vitest';
import {
  AuthError,
  CharacterInUseError,
  CharacterNotAvailableError,
  CharacterNotSelectedError,
  InvalidSessionError,
  PermissionDeniedError,
  MaintenanceError,
  SessionLimitError,
  SessionNotFoundError,
  SessionStoreError,
  UserNotAvailableError,
} from '../src/index.ts';

const STORE_ERROR = new SessionStoreError('down', { retryable: true, outcome: 'unknown' });

const ERRORS: readonly (readonly [string, AuthError, string, number])[] = [
  ['InvalidSessionError', new InvalidSessionError(), 'session_invalid', 401],
  ['PermissionDeniedError', new PermissionDeniedError('fly'), 'permission_denied', 403],
  ['UserNotAvailableError', new UserNotAvailableError(), 'user_not_available', 403],
  ['SessionNotFoundError', new SessionNotFoundError(), 'session_not_found', 404],
  ['CharacterNotSelectedError', new CharacterNotSelectedError(), 'character_not_selected', 409],
  ['CharacterNotAvailableError', new CharacterNotAvailableError(), 'character_not_available', 409],
  ['CharacterInUseError', new CharacterInUseError(), 'character_in_use', 409],
  ['SessionLimitError', new SessionLimitError(3), 'session_limit_reached', 409],
  ['MaintenanceError', new MaintenanceError('Back soon.', null, new Date()), 'maintenance', 503],
  ['SessionStoreError', STORE_ERROR, 'store_unavailable', 503],
];

describe.each(ERRORS)('%s', (name, error, code, status) => {
  it(`is ${code}, for HTTP ${status}`, () => {
    expect(error).toMatchObject({ name, code, status });
  });

  it('is an AuthError and an Error, and no TypeError', () => {
    expect(error).toBeInstanceOf(AuthError);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(TypeError);
  });

  it('says its name and what happened', () => {
    expect(error.message).not.toBe('');
    expect(String(error)).toBe(`${name}: ${error.message}`);
  });

  it('goes through JSON with its code and its status', () => {
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ name, code, status });
  });
});

describe('InvalidSessionError', () => {
  it('has no reason unless it is given one', () => {
    expect(new InvalidSessionError().reason).toBeNull();
    expect(new InvalidSessionError('kicked').reason).toBe('kicked');
  });
});

describe('PermissionDeniedError', () => {
  it('names the permission that was wanted', () => {
    expect(new PermissionDeniedError('kick_users').permission).toBe('kick_users');
  });

  it('writes a permission of control characters so that a terminal does not obey it', () => {
    const { message } = new PermissionDeniedError('\u001b[2J\r\n');

    for (const obeyed of ['\u001b', '\r', '\n']) expect(message).not.toContain(obeyed);
  });
});

describe('SessionLimitError', () => {
  it('says what the limit is', () => {
    expect(new SessionLimitError(3).limit).toBe(3);
  });
});

describe('MaintenanceError', () => {
  const now = new Date('2026-01-01T00:00:00Z');

  it.each([
    [new Date(now.getTime() + 90_500), 91],
    [new Date(now.getTime() + 1), 1],
    [now, 60],
    [new Date(now.getTime() - 1), 60],
    [null, 60],
  ])('for an end at %s, asks to come back in %d seconds', (expectedEnd, seconds) => {
    expect(new MaintenanceError('Back soon.', expectedEnd, now)).toMatchObject({
      message: 'Back soon.',
      expectedEnd,
      retryAfterSeconds: seconds,
    });
  });
});

describe('SessionStoreError', () => {
  it('says whether to retry, and whether a write may have happened', () => {
    const error = new SessionStoreError('down', { retryable: false, outcome: 'unknown' });

    expect(error).toMatchObject({ retryable: false, outcome: 'unknown' });
  });

  it('says when to retry, if that can help', () => {
    expect(new SessionStoreError('down', { retryable: true, outcome: 'unknown' }).retryAfterSeconds).toBe(1);
    expect(
      new SessionStoreError('down', { retryable: false, outcome: 'unknown' }).retryAfterSeconds,
    ).toBeNull();
  });

  it('keeps the SQLSTATE, where there is one', () => {
    expect(STORE_ERROR.sqlState).toBeNull();
    expect(
      new SessionStoreError('down', { retryable: true, outcome: 'not-applied', sqlState: '40001' }).sqlState,
    ).toBe('40001');
  });

  it('keeps the cause, where there is one', () => {
    const cause = new Error('no route to host');

    expect(new SessionStoreError('down', { retryable: true, outcome: 'unknown', cause }).cause).toBe(cause);
    expect(STORE_ERROR).not.toHaveProperty('cause');
  });
});
