export { PostgresSessionStore } from './postgres-session-store.ts';
export type { PostgresSessionStoreOptions } from './options.ts';
export type { HostRelation, HostRelations } from './host-relations.ts';
export type { HostIdType } from './id-types.ts';
export { SchemaVersionError } from './schema-version.ts';

export { migrateToLatest, migrationSql, type MigrationOptions } from './migrate.ts';

export type { PgClient, PgPool, PgQuery } from './pg-pool.ts';
