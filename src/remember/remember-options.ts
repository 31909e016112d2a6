import { requireFunction, requirePlainObject } from '../session/arguments.ts';
import type { SessionService } from '../session/session-service.ts';
import type { RememberFamily, RememberStore } from './remember-store.ts';

/** What a remember service is built from. */
export interface RememberServiceOptions {
  /** Whose sessions it starts. */
  readonly sessions: SessionService<string>;
  /** Where families of tokens live: with those sessions. */
  readonly store: RememberStore;
  /**
   * A secret of the host, the same on all its nodes: 32 bytes of chance at least. With it, calls at the
   * same time and those whose answer was lost get the same successor. Default none: then a token may be
   * presented once, and a second time is taken for theft.
   */
  readonly key?: string | Uint8Array;
  /** For how long a used token gives the same successor, in milliseconds; 0 is as without a key. Default 10 seconds. */
  readonly graceMs?: number;
  /** A client is forgotten when it does not come for so long, in milliseconds. Default 14 days. */
  readonly idleTimeoutMs?: number;
  /** A client is forgotten so long after its sign-in, however often it comes, in milliseconds. Default 30 days. */
  readonly absoluteTimeoutMs?: number;
  /**
   * Whether users with a role may be remembered, asked at the sign-in and each time they come back.
   * Default: those of the lowest rank in the table of roles, so that no staff are.
   */
  readonly mayRemember?: (role: string) => boolean;
  /** Told that somebody came with a token that was used before: it was copied, and all of it has been ended. */
  readonly onReuse?: (family: RememberFamily) => Promise<void> | void;
  /** Told of failures that no caller waits for. Default: nobody is. */
  readonly onError?: (error: unknown) => void;
}

/** The same, checked and complete. */
export interface RememberSettings {
  readonly key: Uint8Array | null;
  readonly graceMs: number;
  readonly idleTimeoutMs: number;
  readonly absoluteTimeoutMs: number;
  readonly mayRemember: (role: string) => boolean;
}

const DAY_MS = 24 * 60 * 60_000;
const MAX_MS = 100 * 365 * DAY_MS;
const KEY_BYTES = 32;

const KEYS = [
  'sessions',
  'store',
  'key',
  'graceMs',
  'idleTimeoutMs',
  'absoluteTimeoutMs',
  'mayRemember',
  'onReuse',
  'onError',
];

/** @throws TypeError for settings that are missing, unknown, or impossible. */
export function rememberSettingsOf(options: RememberServiceOptions): RememberSettings {
  requirePlainObject('The options of RememberService', options, KEYS);
  const { sessions, store, key, mayRemember, onReuse, onError } = options;
  if (typeof sessions?.checkSession !== 'function')
    throw new TypeError('sessions is required: your SessionService.');
  if (typeof store?.redeemToken !== 'function')
    throw new TypeError('store is required: a RememberStore, such as a MemoryRememberStore.');
  for (const [name, value] of Object.entries({ mayRemember, onReuse, onError }))
    if (value !== undefined) requireFunction(name, value);

  const { graceMs = 10_000, idleTimeoutMs = 14 * DAY_MS, absoluteTimeoutMs = 30 * DAY_MS } = options;
  checkDuration('graceMs', graceMs, 0);
  checkDuration('idleTimeoutMs', idleTimeoutMs, 1);
  checkDuration('absoluteTimeoutMs', absoluteTimeoutMs, 1);
  if (idleTimeoutMs > absoluteTimeoutMs)
    throw new TypeError('idleTimeoutMs is longer than absoluteTimeoutMs, and could never take effect.');

  return {
    key: key === undefined ? null : keyOf(key),
    graceMs: key === undefined ? 0 : graceMs,
    idleTimeoutMs,
    absoluteTimeoutMs,
    mayRemember: mayRemember === undefined ? (role) => ranksLowest(sessions, role) : strictly(mayRemember),
  };
}

function keyOf(key: string | Uint8Array): Uint8Array {
  const bytes = typeof key === 'string' || key instanceof Uint8Array ? Buffer.from(key) : null;
  if (bytes === null || bytes.length < KEY_BYTES)
    throw new TypeError(`key must be a string or a Uint8Array of ${KEY_BYTES} bytes at least.`);

  return bytes;
}

/** Hosts write rules, also in JavaScript: one that gives a promise has allowed nothing. */
function strictly(rule: (role: string) => unknown): (role: string) => boolean {
  return (role) => rule(role) === true;
}

function ranksLowest({ roles: { roles } }: SessionService<string>, role: string): boolean {
  const rank = roles.get(role)?.rank;

  return rank !== undefined && Array.from(roles.values()).every((other) => other.rank >= rank);
}

function checkDuration(name: string, value: unknown, least: number): void {
  if (Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= MAX_MS) return;

  throw new TypeError(`${name} must be whole milliseconds from ${least} to ${MAX_MS} (100 years).`);
}
