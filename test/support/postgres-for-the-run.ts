import type { TestProject } from 'vitest/node';
import { startPostgres } from './start-postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server of this run; `DATABASE_URL` where that is set. */
    readonly postgresUrl: string;
  }
}

/** Brings a real PostgreSQL for the whole run, and takes it away at the end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['DATABASE_URL'];
  const server = given === undefined ? await startPostgres(process.env['POSTGRES_VERSION']) : null;
  project.provide('postgresUrl', server?.url ?? given ?? '');

  return async () => server?.stop();
}
