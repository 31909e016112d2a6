import { Connections } from './connections.ts';
import { checkSchemaName, DEFAULT_SCHEMA, quoted } from './identifiers.ts';
import { migrations } from './migrations/index.ts';
import type { Migration } from './migrations/migration.ts';
import type { PgPool } from './pg-pool.ts';
import { checkAhead, readMigrations } from './schema-version.ts';

/** Where the library's tables live. */
export interface MigrationOptions {
  /** The schema of the library's tables; created if it is missing. Default `mud_auth`. */
  readonly schema?: string;
}

/** Building an index over millions of rows takes its time. */
const TIMEOUT_MS = 30 * 60_000;
const OPTIONS = {
  acquireTimeoutMs: 30_000,
  queryTimeoutMs: TIMEOUT_MS,
  maxWaiting: 1,
  preparedStatements: false,
  clock: null,
};

/**
 * Brings the library's tables to the state that this version needs, in one transaction. Servers
 * that start at once wait for each other; where nothing is to be done, nothing is.
 *
 * @returns the names of the migrations that it applied.
 * @throws SchemaVersionError if a newer version was here; nothing is applied then.
 * @throws SessionStoreError if the database refuses; nothing is applied then.
 */
export async function migrateToLatest(
  pool: PgPool,
  options: MigrationOptions = {},
): Promise<readonly string[]> {
  const schema = schemaOf(options);

  return new Connections(pool, OPTIONS).transaction(async (transaction) => {
    await transaction.runText(preparationOf(schema));
    const applied = await readMigrations(transaction, schema);
    checkAhead(schema, applied);
    const pending = migrations.filter(({ name }) => !applied.includes(name));
    for (const migration of pending) await transaction.runText(stepOf(schema, migration));

    return pending.map(({ name }) => name);
  }, TIMEOUT_MS);
}

/** The SQL that `migrateToLatest` runs on a new database, for hosts that apply SQL themselves. */
export function migrationSql(options: MigrationOptions = {}): string {
  const schema = schemaOf(options);
  const steps = migrations.map((migration) => stepOf(schema, migration));

  return ['begin isolation level read committed;\n', preparationOf(schema), ...steps, 'commit;\n'].join('');
}

function schemaOf({ schema = DEFAULT_SCHEMA }: MigrationOptions): string {
  checkSchemaName(schema);

  return schema;
}

// "create … if not exists" asks for the right to create one even where it exists.
function preparationOf(schema: string): string {
  return `
select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('${schema}.migrations', 0));
do $$ begin
  if pg_catalog.to_regnamespace('${quoted(schema)}') is null then
    create schema ${quoted(schema)};
  end if;
  if pg_catalog.to_regclass('${quoted(schema)}.migrations') is null then
    create table ${quoted(schema)}.migrations (
      name text primary key,
      applied_at timestamptz not null default now()
    );
  end if;
end $$;
`;
}

function stepOf(schema: string, { name, sql }: Migration): string {
  return `${sql(quoted(schema))}insert into ${quoted(schema)}.migrations (name) values ('${name}');\n`;
}
