export { LiveSessions, type Attachment } from './live-sessions.ts';
export type { LiveSessionsOptions } from './live-sessions-options.ts';
export type { LeavingReason } from './surroundings.ts';
export type { Connection, ExpiryWarning } from './connection.ts';
export type { ConnectionEnd, ConnectionEndReason } from './connection-end.ts';
export type { Headcount, Presence, WhoOptions } from './presence.ts';

export { MaintenanceMode, type MaintenanceModeOptions } from '../maintenance/maintenance-mode.ts';
export type { StartMaintenanceOptions } from '../maintenance/maintenance-options.ts';

// The ports.
export type {
  LinkOutcome,
  LinkStore,
  NodeLease,
  PresentCharacter,
  SessionLinking,
  UnlinkOutcome,
} from './link-store.ts';
export type { MaintenanceStore, NewMaintenance } from '../maintenance/maintenance-store.ts';
