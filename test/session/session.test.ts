import { describe, expect, it } from 'vitest';
import { isActiveWithin, isExpired, type Session, sessionExpiresAt } from '../../src/session/session.ts';

const SESSION: Session = {
  id: '01890a5d-ac96-774b-bcce-b302099a8057',
  userId: 'user-1',
  characterId: null,
  clientType: '',
  createdAt: new Date(0),
  lastActiveAt: new Date(10_000),
  idleTimeoutMs: 1_000,
  absoluteExpiresAt: new Date(50_000),
  authenticatedAt: new Date(0),
};

describe('sessionExpiresAt', () => {
  it('is the idle deadline, where that is nearer', () => {
    expect(sessionExpiresAt(SESSION)).toEqual(new Date(11_000));
  });

  it('is the absolute deadline, where that is nearer', () => {
    expect(sessionExpiresAt({ ...SESSION, lastActiveAt: new Date(49_500) })).toEqual(new Date(50_000));
  });
});

describe('isExpired', () => {
  it('is true from the very instant of the deadline on', () => {
    expect(isExpired(SESSION, new Date(10_999))).toBe(false);
    expect(isExpired(SESSION, new Date(11_000))).toBe(true);
    expect(isExpired(SESSION, new Date(11_001))).toBe(true);
  });
});

describe('isActiveWithin', () => {
  it('is true of activity less than the window ago', () => {
    expect(isActiveWithin(SESSION, 500, new Date(10_499))).toBe(true);
    expect(isActiveWithin(SESSION, 500, new Date(10_500))).toBe(false);
  });

  it('is true of every session without a window', () => {
    expect(isActiveWithin(SESSION, 0, new Date(1_000_000))).toBe(true);
  });
});
