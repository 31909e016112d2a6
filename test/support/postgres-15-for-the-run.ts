import type { TestProject } from 'vitest/node';
import { provide } from './postgres-for-the-run.ts';

/** Brings the oldest PostgreSQL that is supported, whatever `DATABASE_URL` says. */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  return provide(project, '15');
}
