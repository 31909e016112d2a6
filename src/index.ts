export { SessionService } from './session/session-service.ts';
export type { CreatedSession, CreateSessionOptions } from './session/creation.ts';
export type { UsernameAndRole, ValidateOptions } from './session/session-service.ts';
export type { SessionServiceOptions } from './session/session-service-options.ts';
export type { ActivityOptions } from './session/presence.ts';
export type { CheckedSession } from './session/session-check.ts';
export type { CredentialsChangedOptions, RemoveOptions } from './session/removal.ts';
export type { TokenInput } from './session/session-resolver.ts';

export type { GamePrincipal, Principal } from './session/principal.ts';
export { isExpired, sessionExpiresAt, type Session } from './session/session.ts';
export type { Ending, EndingCause, EndingReason, RemovalReason } from './session/ending.ts';
export type {
  SeatPolicy,
  SessionLimitPolicy,
  SessionPolicy,
  SessionPolicyOptions,
  SessionTerms,
} from './session/session-policy.ts';

export {
  AuthError,
  CharacterInUseError,
  CharacterNotAvailableError,
  CharacterNotSelectedError,
  InvalidSessionError,
  MaintenanceError,
  PermissionDeniedError,
  ReauthenticationRequiredError,
  SessionLimitError,
  SessionNotFoundError,
  SessionStoreError,
  UserNotAvailableError,
} from './errors.ts';
export type { AuthErrorCode, SessionStoreFailure } from './errors.ts';

export { canManage, defineRoles, hasPermission } from './roles/roles.ts';
export type { RoleDefinition, RoleTable, RoleTableDefinition } from './roles/roles.ts';
export { mudRoles, type MudPermission } from './roles/mud-roles.ts';

export { LocalSessionEvents } from './live/session-events.ts';

// The ports, and the rules of the model that an implementation of one needs.
export type { Character, Directory, User } from './directory.ts';
export type {
  ActiveCharacter,
  CharacterSelection,
  CreateSessionOutcome,
  EndingRecord,
  NewSession,
  SelectCharacterOutcome,
  SessionLink,
  SessionRecord,
  SessionRenewal,
  SessionStore,
  TouchOutcome,
} from './session/session-store.ts';
export type { Maintenance, MaintenanceRecord } from './maintenance/maintenance-store.ts';
export type {
  SessionEvent,
  SessionEvents,
  SessionEventsSubscriber,
  SessionMoved,
  SessionsEnded,
} from './live/session-events.ts';
export { systemClock, type Clock } from './clock.ts';
export { ENDING_RETENTION_MS } from './session/ending.ts';
export { lifetimeMs, termsFor } from './session/session-policy.ts';
export { isActiveWithin } from './session/session.ts';
