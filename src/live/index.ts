export { LiveSessions, type Attachment, type LiveSessionsOptions } from './live-sessions.ts';
export type { Connection, ExpiryWarning } from './connection.ts';
export type { ConnectionEnd, ConnectionEndReason } from './connection-end.ts';
