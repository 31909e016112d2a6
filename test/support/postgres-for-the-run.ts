import type { TestProject } from 'vitest/node';
import { startPostgres } from './start-postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server of this run. */
    readonly postgresUrl: string;
  }
}

/** Brings a real PostgreSQL for the whole run, and takes it away at the end. `DATABASE_URL` wins if set. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['DATABASE_URL'];
  if (given === undefined) return provide(project, '18');

  project.provide('postgresUrl', given);
  return async () => {};
}

/** Brings a server of this major version, and tells the tests where it is. */
export async function provide(project: TestProject, version: '15' | '18'): Promise<() => Promise<void>> {
  const server = await startPostgres(version);
  project.provide('postgresUrl', server.url);

  return () => server.stop();
}
