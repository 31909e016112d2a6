export { LiveSessions, type Attachment, type LiveSessionsOptions } from './live-sessions.ts';
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
