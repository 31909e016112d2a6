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
  /** Gives each session its id, a fresh UUID of any version. Default: version 4. */
  readonly generateSessionId?: () => string;
}

/** @throws TypeError for options that are missing, unknown, or not what they are called. */
export function checkOptions(options: SessionServiceOptions<string>): void {
  requirePlainObject('The options of SessionService', options, [
    'store',
    'roles',
    'policy',
    'generateSessionId',
  ]);
  if (typeof options.store?.findSession !== 'function') {
    throw new TypeError('store is required: a SessionStore, such as a MemorySessionStore.');
  }
  if (options.roles !== undefined && !(options.roles?.roles instanceof Map)) {
    throw new TypeError('roles must be a table made by defineRoles.');
  }
  if (options.generateSessionId !== undefined)
    requireFunction('generateSessionId', options.generateSessionId);
}
