export { pglitePool, type PGliteDatabase } from './pglite-pool.ts';
export type { PgClient, PgPool, PgQuery } from '../pg-pool.ts';
