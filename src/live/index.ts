export { LiveSessions, type Attachment } from './live-sessions.ts';
export type { LiveSessionsOptions } from './live-sessions-options.ts';
export type { LeavingReason } from './surroundings.ts';
export type { Connection, ExpiryWarning } from './connection.ts';
export type { ConnectionEnd, ConnectionEndReason } from './connection-end.ts';
export type { Headcount, Presence, WhoOptions } from './presence.ts';

// The port.
export type {
  LinkOutcome,
  LinkStore,
  NodeLease,
  PresentCharacter,
  SessionLinking,
  UnlinkOutcome,
} from './link-store.ts';
