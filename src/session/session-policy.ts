import { requirePlainObject } from './arguments.ts';
import type { Session } from './session.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Past this a `Date` plus a duration would leave the range of dates: a hundred years. */
const MAX_DURATION_MS = 36_500 * DAY_MS;

/** What to do when a user is at the limit: end the oldest session, or refuse the new one. */
export type SessionLimitPolicy = 'replace_oldest' | 'reject';

/** What to do when a character is being played already: end that session, or refuse. */
export type SeatPolicy = 'take_over' | 'reject';

/** The settings that may differ by role. */
export interface SessionTerms {
  /** Life without activity, in milliseconds. Default 480 minutes. */
  readonly idleTimeoutMs: number;
  /** Whether activity moves the idle deadline on. Default `true`. */
  readonly slidingExpiration: boolean;
  /** Life whatever the activity, in milliseconds; always finite. Default 30 days. */
  readonly absoluteTimeoutMs: number;
  /** How many live sessions a user may have; `null` for no limit. Default `null`. */
  readonly maxSessionsPerUser: number | null;
  /** Default `replace_oldest`. */
  readonly sessionLimitPolicy: SessionLimitPolicy;
  /** Default `take_over`. */
  readonly seatPolicy: SeatPolicy;
  /** How long a session whose connection has dropped keeps its character. In milliseconds. Default 90 seconds. */
  readonly linkDeadGraceMs: number;
}

/** All settings, as a host may give them: what is absent has its default. */
export interface SessionPolicyOptions extends Partial<SessionTerms> {
  /**
   * A session is touched when its last touch is older than this, or than a tenth of its idle time
   * if that is less. In milliseconds; 0 touches at every validate. Default one minute.
   */
  readonly touchIntervalMs?: number;
  /**
   * Sessions without activity for this long are not counted as active. In milliseconds; 0 for no
   * window. Default 30 minutes.
   */
  readonly activeWindowMs?: number;
  /** Terms for the users of some roles; the rest is as for everybody. */
  readonly byRole?: Readonly<Record<string, Partial<SessionTerms>>>;
}

/** All settings, checked and complete. */
export interface SessionPolicy {
  readonly terms: SessionTerms;
  readonly termsByRole: ReadonlyMap<string, SessionTerms>;
  readonly touchIntervalMs: number;
  readonly activeWindowMs: number;
}

const DEFAULT_TERMS: SessionTerms = {
  idleTimeoutMs: 480 * MINUTE_MS,
  slidingExpiration: true,
  absoluteTimeoutMs: 30 * DAY_MS,
  maxSessionsPerUser: null,
  sessionLimitPolicy: 'replace_oldest',
  seatPolicy: 'take_over',
  linkDeadGraceMs: 90_000,
};

/**
 * Completes a policy with the defaults.
 *
 * @throws TypeError for a setting that is unknown, out of range, or can never take effect.
 */
export function definePolicy(options: SessionPolicyOptions = {}): SessionPolicy {
  requirePlainObject('policy', options);
  const { touchIntervalMs = MINUTE_MS, activeWindowMs = 30 * MINUTE_MS, byRole = {}, ...given } = options;

  checkDuration('touchIntervalMs', touchIntervalMs, 0);
  checkDuration('activeWindowMs', activeWindowMs, 0);
  if (activeWindowMs !== 0 && activeWindowMs < touchIntervalMs) {
    throw new TypeError(
      `activeWindowMs (${activeWindowMs}) is shorter than touchIntervalMs (${touchIntervalMs}): ` +
        'active sessions would drop out of it between two touches. Raise the one or lower the other.',
    );
  }

  requirePlainObject('policy.byRole', byRole);
  const terms = completeTerms('policy', DEFAULT_TERMS, given);
  const termsByRole = new Map(
    Object.entries(byRole).map(([role, overrides]) => [
      role,
      completeTerms(`policy.byRole[${JSON.stringify(role)}]`, terms, overrides),
    ]),
  );

  return { terms, termsByRole, touchIntervalMs, activeWindowMs };
}

/** The terms for users of a role. */
export function termsFor(policy: SessionPolicy, role: string): SessionTerms {
  return policy.termsByRole.get(role) ?? policy.terms;
}

/** Whether recording activity is due: the last touch is older than the policy's interval. */
export function isTouchDue(session: Session, policy: SessionPolicy, at: Date): boolean {
  const intervalMs = Math.min(policy.touchIntervalMs, session.idleTimeoutMs / 10);

  return at.getTime() - session.lastActiveAt.getTime() >= intervalMs;
}

/**
 * The absolute lifetime of a session created on these terms, in milliseconds. Without sliding its
 * idle deadline never moves, which makes its idle time the whole of its life.
 */
export function lifetimeMs(terms: SessionTerms): number {
  return terms.slidingExpiration ? terms.absoluteTimeoutMs : terms.idleTimeoutMs;
}

function completeTerms(
  where: string,
  defaults: SessionTerms,
  given: Readonly<Partial<SessionTerms>>,
): SessionTerms {
  requirePlainObject(where, given, Object.keys(DEFAULT_TERMS));
  const terms: SessionTerms = { ...defaults, ...withoutUndefined(given) };

  checkDuration(`${where}.idleTimeoutMs`, terms.idleTimeoutMs, 1);
  checkDuration(`${where}.absoluteTimeoutMs`, terms.absoluteTimeoutMs, 1);
  if (terms.idleTimeoutMs > terms.absoluteTimeoutMs) {
    throw new TypeError(
      `${where}: idleTimeoutMs (${terms.idleTimeoutMs}) is longer than absoluteTimeoutMs ` +
        `(${terms.absoluteTimeoutMs}) and could never take effect. Lower it too.`,
    );
  }
  checkDuration(`${where}.linkDeadGraceMs`, terms.linkDeadGraceMs, 0);
  checkOneOf(`${where}.slidingExpiration`, terms.slidingExpiration, [true, false]);
  checkOneOf(`${where}.sessionLimitPolicy`, terms.sessionLimitPolicy, ['replace_oldest', 'reject']);
  checkOneOf(`${where}.seatPolicy`, terms.seatPolicy, ['take_over', 'reject']);
  if (terms.maxSessionsPerUser !== null && !isCount(terms.maxSessionsPerUser)) {
    throw new TypeError(`${where}.maxSessionsPerUser must be a whole number from 1, or null for no limit.`);
  }

  return terms;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}

function checkDuration(name: string, value: unknown, least: number): void {
  if (Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= MAX_DURATION_MS) return;

  throw new TypeError(`${name} must be whole milliseconds from ${least} to ${MAX_DURATION_MS} (100 years).`);
}

function checkOneOf(name: string, value: unknown, allowed: readonly unknown[]): void {
  if (allowed.includes(value)) return;

  throw new TypeError(`${name} must be one of: ${allowed.join(', ')}.`);
}

// A setting given as undefined is absent; spread would let it hide the default.
function withoutUndefined<T extends object>(given: T): T {
  // Keys are only left out, so what remains is still a T, all of whose keys are optional.
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T;
}
