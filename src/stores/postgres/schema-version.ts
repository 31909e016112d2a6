import { sql } from 'kysely';
import { SessionStoreError } from '../../errors.ts';
import type { Runner } from './connection.ts';
import { migrations } from './migrations/index.ts';
import { Statement } from './statements/statement.ts';

const UNDEFINED_TABLE = '42P01';
const INVALID_SCHEMA_NAME = '3F000';

/** The tables of the library are not those of this version. */
export class SchemaVersionError extends SessionStoreError {
  override readonly name: string = 'SchemaVersionError';
  /** Migrations that this version needs and the schema lacks: run `migrateToLatest`. */
  readonly missing: readonly string[];
  /** Migrations in the schema that this version does not know: a newer version was here. */
  readonly unknown: readonly string[];

  constructor(schema: string, missing: readonly string[], unknown: readonly string[]) {
    super(
      missing.length > 0
        ? `The schema "${schema}" lacks ${missing.join(', ')}: run migrateToLatest(pool).`
        : `The schema "${schema}" is ahead of this version, which does not know ${unknown.join(', ')}: update mud-auth.`,
      { retryable: false, outcome: 'not-applied' },
    );
    this.missing = missing;
    this.unknown = unknown;
  }
}

/** @throws SchemaVersionError if the schema is behind this version, or ahead of it. */
export async function checkSchemaVersion(runner: Pick<Runner, 'run'>, schema: string): Promise<void> {
  const applied = await readMigrations(runner, schema).catch(noneIfThereIsNoTable);
  const missing = migrations.map(({ name }) => name).filter((name) => !applied.includes(name));
  if (missing.length > 0) throw new SchemaVersionError(schema, missing, []);

  checkAhead(schema, applied);
}

/** @throws SchemaVersionError if the schema is ahead of this version. */
export function checkAhead(schema: string, applied: readonly string[]): void {
  const unknown = applied.filter((name) => !migrations.some((migration) => migration.name === name));
  if (unknown.length > 0) throw new SchemaVersionError(schema, [], unknown);
}

/** The names of the migrations that were applied, in order. */
export async function readMigrations(
  runner: Pick<Runner, 'run'>,
  schema: string,
): Promise<readonly string[]> {
  const rows = await runner.run(
    new Statement<object, { name: string }>(
      () => sql`select name from ${sql.table(`${schema}.migrations`)} order by name`,
    ),
    {},
  );

  return rows.map(({ name }) => name);
}

function noneIfThereIsNoTable(error: unknown): readonly string[] {
  const sqlState = error instanceof SessionStoreError ? error.sqlState : null;
  if (sqlState === UNDEFINED_TABLE || sqlState === INVALID_SCHEMA_NAME) return [];

  throw error;
}
