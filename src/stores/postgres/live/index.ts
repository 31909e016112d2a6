export { PostgresLinkStore } from './postgres-link-store.ts';
export { PostgresMaintenanceStore } from './postgres-maintenance-store.ts';
export { PostgresSessionEvents, type PostgresSessionEventsOptions } from './postgres-session-events.ts';
export type { PgListenClient, PgNotification } from './pg-listener.ts';
export type { PgClient, PgPool, PgQuery } from '../pg-pool.ts';
