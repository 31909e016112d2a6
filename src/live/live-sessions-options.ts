import type { MaintenanceMode } from '../maintenance/maintenance-mode.ts';
import { requireBoolean, requireFunction, requirePlainObject } from '../session/arguments.ts';
import type { Principal } from '../session/principal.ts';
import type { SessionService } from '../session/session-service.ts';
import type { LinkStore } from './link-store.ts';
import type { LeavingReason } from './surroundings.ts';

/** What the watch over connections is built from. */
export interface LiveSessionsOptions {
  /** Whose sessions they are, and whose events are heard. */
  readonly sessions: SessionService<string>;
  /** The store of these sessions. */
  readonly store: LinkStore;
  /**
   * Whether a session may have several connections at a time. `false`, the default: the newest one
   * stays, so that who comes back is not kept out by a socket that is dead and does not know it. If
   * several nodes may have them, keep the link-dead grace above `sweepIntervalMs`.
   */
  readonly severalConnections?: boolean;
  /** All sessions with connections are looked at so often, whatever was heard. In milliseconds. Default 10 seconds. */
  readonly sweepIntervalMs?: number;
  /** Connections are kept for so long while the store does not answer. In milliseconds. Default 60 seconds. */
  readonly offlineGraceMs?: number;
  /**
   * Connections are told so long before their session ends, or a quarter of its idle time if that
   * is less. In milliseconds. Default 2 minutes.
   */
  readonly warnBeforeMs?: number;
  /** `close` waits for connections so long. In milliseconds. Default 5 seconds. */
  readonly closeTimeoutMs?: number;
  /** A node that does not renew its lease within this time is taken for dead. In milliseconds. Default 15 seconds. */
  readonly nodeLeaseMs?: number;
  /**
   * Asked when a player's link-dead grace is over: `false` keeps his character in the game, say in
   * combat, and it is asked again in a few seconds. One that throws, or takes longer than 10 seconds,
   * lets him go. Default: all may leave.
   */
  readonly mayLeave?: (principal: Principal) => Promise<boolean> | boolean;
  /** Told on one node when a player with a character, whose id is in his session, has lost his connection. */
  readonly onLinkDead?: (principal: Principal) => Promise<void> | void;
  /**
   * Told on the same node when nobody waits for the player any more, and why: his grace is over and
   * his character has left, or his session has ended. Not when he comes back.
   */
  readonly onLeft?: (principal: Principal, reason: LeavingReason) => Promise<void> | void;
  /** Whose message is told to those who are sent out for maintenance. Default: the library has its own. */
  readonly maintenance?: MaintenanceMode;
  /** Told of what the host's functions throw, and of what the store could not save yet. Default: nobody is. */
  readonly onError?: (error: unknown) => void;
}

const DURATIONS = [
  'sweepIntervalMs',
  'offlineGraceMs',
  'warnBeforeMs',
  'closeTimeoutMs',
  'nodeLeaseMs',
] as const;

const FUNCTIONS = ['mayLeave', 'onLinkDead', 'onLeft', 'onError'] as const;

/** Durations that cannot be 0. */
const INTERVALS: ReadonlySet<string> = new Set(['sweepIntervalMs', 'nodeLeaseMs']);

/** Timers count milliseconds in 32 bits. */
const MAX_MS = 2 ** 31 - 1;

/** @throws TypeError for options that are missing, unknown, or not what they are called. */
export function checkOptions(options: LiveSessionsOptions): void {
  requirePlainObject('The options of LiveSessions', options, [
    'sessions',
    'store',
    'maintenance',
    'severalConnections',
    ...FUNCTIONS,
    ...DURATIONS,
  ]);
  const { sessions, store, maintenance, severalConnections = false } = options;
  if (typeof sessions?.checkSession !== 'function')
    throw new TypeError('sessions is required: your SessionService.');
  if (typeof store?.linkSession !== 'function')
    throw new TypeError('store is required: the store of your sessions.');
  if (maintenance !== undefined && typeof maintenance?.current !== 'function')
    throw new TypeError('maintenance must be a MaintenanceMode.');
  requireBoolean('severalConnections', severalConnections);
  for (const name of FUNCTIONS) if (options[name] !== undefined) requireFunction(name, options[name]);
  for (const name of DURATIONS) {
    const ms = options[name];
    const least = INTERVALS.has(name) ? 1 : 0;
    if (ms !== undefined && !(Number.isSafeInteger(ms) && ms >= least && ms <= MAX_MS))
      throw new TypeError(`${name} must be whole milliseconds from ${least} to ${MAX_MS}.`);
  }
}
