import type { SessionEvents } from '../live/session-events.ts';
import type { MudPermission } from '../roles/mud-roles.ts';
import type { RoleTable } from '../roles/roles.ts';
import { requireFunction, requirePlainObject } from './arguments.ts';
import type { SessionPolicyOptions } from './session-policy.ts';
import type { SessionStore } from './session-store.ts';

/** What a service is built from. */
export interface SessionServiceOptions<Permission extends string = MudPermission> {
  /** Where sessions live. */
  readonly store: SessionStore;
  /** Who may do what. Default {@link mudRoles}. */
  readonly roles?: RoleTable<Permission>;
  /** Lifetimes, limits and seats. Default: see {@link SessionPolicyOptions}. */
  readonly policy?: SessionPolicyOptions;
  /**
   * Where it is told which sessions have ended. Default: within this service, and no further. Several
   * services of one process, or processes on one database, share a channel.
   */
  readonly events?: SessionEvents;
  /** Told of failures that no caller waits for: an ending that could not be told to everybody. Default: nobody is. */
  readonly onError?: (error: unknown) => void;
  /** Gives each session its id, a fresh UUID of any version. Default: version 4. */
  readonly generateSessionId?: () => string;
}

/** @throws TypeError for options that are missing, unknown, or not what they are called. */
export function checkOptions(options: SessionServiceOptions<string>): void {
  requirePlainObject('The options of SessionService', options, [
    'store',
    'roles',
    'policy',
    'events',
    'onError',
    'generateSessionId',
  ]);
  if (typeof options.store?.findSession !== 'function') {
    throw new TypeError('store is required: a SessionStore, such as a MemorySessionStore.');
  }
  if (options.roles !== undefined && !(options.roles?.roles instanceof Map)) {
    throw new TypeError('roles must be a table made by defineRoles.');
  }
  const { events } = options;
  if (
    events !== undefined &&
    (typeof events?.publish !== 'function' || typeof events.subscribe !== 'function')
  ) {
    throw new TypeError('events must be SessionEvents, such as PostgresSessionEvents.');
  }
  if (options.onError !== undefined) requireFunction('onError', options.onError);
  if (options.generateSessionId !== undefined)
    requireFunction('generateSessionId', options.generateSessionId);
}
