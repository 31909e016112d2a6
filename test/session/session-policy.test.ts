import { describe, expect, it } from 'vitest';
import {
  definePolicy,
  lifetimeMs,
  type SessionPolicyOptions,
  type SessionTerms,
  termsFor,
} from '../../src/session/session-policy.ts';
import { DAY, MINUTE, SECOND } from './fixture.ts';

const DEFAULT_TERMS: SessionTerms = {
  idleTimeoutMs: 480 * MINUTE,
  slidingExpiration: true,
  absoluteTimeoutMs: 30 * DAY,
  maxSessionsPerUser: null,
  sessionLimitPolicy: 'replace_oldest',
  seatPolicy: 'take_over',
  linkDeadGraceMs: 90 * SECOND,
};

const IMPOSSIBLE_TERMS: readonly (readonly [string, unknown])[] = [
  ...['idleTimeoutMs', 'absoluteTimeoutMs'].flatMap((name) =>
    [0, -1, 0.5, NaN, Infinity, 2 ** 53, 36_500 * DAY + 1, '60000', null, 60_000n, [], {}, new Date(1)].map(
      (value) => [name, value] as const,
    ),
  ),
  ...[0, -1, 1.5, NaN, Infinity, '1', true, [], {}].map((value) => ['maxSessionsPerUser', value] as const),
  ...[-1, 0.5, NaN, Infinity, null, '0'].map((value) => ['linkDeadGraceMs', value] as const),
  ...[1, 0, null, 'true', {}].map((value) => ['slidingExpiration', value] as const),
  ...['', 'replace', 'REJECT', 'take_over', null, true, ['reject']].map(
    (value) => ['sessionLimitPolicy', value] as const,
  ),
  ...['', 'takeover', 'REJECT', 'replace_oldest', null, true, ['reject']].map(
    (value) => ['seatPolicy', value] as const,
  ),
  ['idleTimeoutMillis', 60_000],
  ['ttl', 480],
  ['byrole', {}],
  ['constructor', {}],
  ['toString', () => ''],
  ['__proto__', { idleTimeoutMs: MINUTE }],
];

const IMPOSSIBLE_SETTINGS: readonly (readonly [string, unknown])[] = [
  'touchIntervalMs',
  'activeWindowMs',
].flatMap((name) =>
  [-1, 0.5, NaN, Infinity, 2 ** 53, 36_500 * DAY + 1, '0', null, 0n, {}].map(
    (value) => [name, value] as const,
  ),
);

describe('definePolicy', () => {
  it('has the defaults of a MUD: 480 minutes, sliding, 30 days, as many sessions as one likes', () => {
    expect(definePolicy()).toEqual({
      terms: DEFAULT_TERMS,
      termsByRole: new Map(),
      touchIntervalMs: MINUTE,
      activeWindowMs: 30 * MINUTE,
    });
  });

  it('takes what it is given', () => {
    const terms: SessionTerms = {
      idleTimeoutMs: 5 * MINUTE,
      slidingExpiration: false,
      absoluteTimeoutMs: DAY,
      maxSessionsPerUser: 3,
      sessionLimitPolicy: 'reject',
      seatPolicy: 'reject',
      linkDeadGraceMs: 0,
    };

    expect(definePolicy({ ...terms, touchIntervalMs: 1, activeWindowMs: 2 })).toEqual({
      terms,
      termsByRole: new Map(),
      touchIntervalMs: 1,
      activeWindowMs: 2,
    });
  });

  it('finds a setting given as undefined absent', () => {
    const names = [...Object.keys(DEFAULT_TERMS), 'touchIntervalMs', 'activeWindowMs', 'byRole'];

    expect(definePolicy(optionsOf(names.map((name) => [name, undefined])))).toEqual(definePolicy());
  });

  it.each([...IMPOSSIBLE_TERMS, ...IMPOSSIBLE_SETTINGS])('finds a mistake in %s = %o', (name, value) => {
    expect(() => definePolicy(optionsOf([[name, value]]))).toThrow(TypeError);
  });

  it.each([
    ['the shortest times', { idleTimeoutMs: 1, absoluteTimeoutMs: 1 }],
    ['the longest times', { idleTimeoutMs: 36_500 * DAY, absoluteTimeoutMs: 36_500 * DAY }],
    ['an idle time as long as the absolute one', { idleTimeoutMs: DAY, absoluteTimeoutMs: DAY }],
    ['one session', { maxSessionsPerUser: 1 }],
    ['any number of sessions', { maxSessionsPerUser: null }],
    ['a touch at every validate', { touchIntervalMs: 0 }],
    ['no window', { activeWindowMs: 0 }],
    ['no window, with the longest interval', { activeWindowMs: 0, touchIntervalMs: 36_500 * DAY }],
    ['a window as long as the interval', { activeWindowMs: MINUTE }],
  ])('allows %s', (_, options) => {
    expect(() => definePolicy(options)).not.toThrow();
  });

  it('finds an idle time a mistake that is longer than the absolute one', () => {
    expect(() => definePolicy({ idleTimeoutMs: DAY + 1, absoluteTimeoutMs: DAY })).toThrow(TypeError);
    expect(() => definePolicy({ absoluteTimeoutMs: 480 * MINUTE - 1 })).toThrow(TypeError);
  });

  it('finds an interval a mistake that is longer than a hundred years, without a window too', () => {
    expect(() => definePolicy({ touchIntervalMs: 36_500 * DAY + 1, activeWindowMs: 0 })).toThrow(TypeError);
  });

  it('finds a window a mistake that is shorter than the interval of touches', () => {
    expect(() => definePolicy({ activeWindowMs: MINUTE - 1 })).toThrow(TypeError);
    expect(() => definePolicy({ touchIntervalMs: 30 * MINUTE + 1 })).toThrow(TypeError);
  });
});

describe('definePolicy by role', () => {
  it('takes the rest of the terms from those of everybody', () => {
    const policy = definePolicy({
      idleTimeoutMs: 60 * MINUTE,
      seatPolicy: 'reject',
      byRole: { admin: { idleTimeoutMs: 5 * MINUTE }, guest: { maxSessionsPerUser: 1 } },
    });

    const everybody: SessionTerms = { ...DEFAULT_TERMS, idleTimeoutMs: 60 * MINUTE, seatPolicy: 'reject' };
    expect(policy.terms).toEqual(everybody);
    expect(policy.termsByRole).toEqual(
      new Map([
        ['admin', { ...everybody, idleTimeoutMs: 5 * MINUTE }],
        ['guest', { ...everybody, maxSessionsPerUser: 1 }],
      ]),
    );
  });

  it('can lift the limit of everybody', () => {
    const policy = definePolicy({ maxSessionsPerUser: 1, byRole: { admin: { maxSessionsPerUser: null } } });

    expect(termsFor(policy, 'admin').maxSessionsPerUser).toBeNull();
  });

  it('finds a setting given as undefined absent', () => {
    const given = optionsOf([['idleTimeoutMs', undefined]]);

    const policy = definePolicy({ idleTimeoutMs: MINUTE, byRole: { admin: given } });

    expect(termsFor(policy, 'admin').idleTimeoutMs).toBe(MINUTE);
  });

  it.each([
    ...IMPOSSIBLE_TERMS,
    ['touchIntervalMs', MINUTE] as const,
    ['activeWindowMs', MINUTE] as const,
    ['byRole', {}] as const,
  ])('finds a mistake in %s = %o', (name, value) => {
    expect(() => definePolicy({ byRole: { admin: optionsOf([[name, value]]) } })).toThrow(TypeError);
  });

  it('finds an idle time a mistake that is longer than the absolute one of everybody', () => {
    expect(() => definePolicy({ byRole: { admin: { idleTimeoutMs: 31 * DAY } } })).toThrow(TypeError);
  });

  it('finds an absolute time a mistake that is shorter than the idle one of everybody', () => {
    expect(() => definePolicy({ byRole: { admin: { absoluteTimeoutMs: MINUTE } } })).toThrow(TypeError);
  });
});

describe('termsFor', () => {
  it('gives the terms of the role', () => {
    const policy = definePolicy({ byRole: { admin: { idleTimeoutMs: MINUTE } } });

    expect(termsFor(policy, 'admin')).toEqual({ ...DEFAULT_TERMS, idleTimeoutMs: MINUTE });
  });

  it.each(['player', 'Admin', '', '__proto__', 'constructor', 'toString'])(
    'gives the terms of everybody for a role without its own (%o)',
    (role) => {
      const policy = definePolicy({ byRole: { admin: { idleTimeoutMs: MINUTE } } });

      expect(termsFor(policy, role)).toEqual(DEFAULT_TERMS);
    },
  );

  it('gives its own terms to a role called __proto__ too', () => {
    const policy = definePolicy({ byRole: { ['__proto__']: { idleTimeoutMs: MINUTE } } });

    expect(termsFor(policy, '__proto__').idleTimeoutMs).toBe(MINUTE);
  });
});

describe('lifetimeMs', () => {
  it('is the absolute time where sliding is on', () => {
    expect(lifetimeMs(DEFAULT_TERMS)).toBe(30 * DAY);
  });

  it('is the idle time where sliding is off', () => {
    expect(lifetimeMs({ ...DEFAULT_TERMS, slidingExpiration: false })).toBe(480 * MINUTE);
  });
});

// What a host without types might give.
function optionsOf(entries: readonly (readonly [string, unknown])[]): SessionPolicyOptions {
  return Object.fromEntries(entries);
}
