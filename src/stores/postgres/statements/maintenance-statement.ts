import { sql } from 'kysely';
import type { Maintenance } from '../../../maintenance/maintenance-store.ts';
import { now } from './fragments.ts';
import { timeColumn, toTime } from './rows.ts';
import { Statement } from './statement.ts';

/** Why the game is closed, as statements return it. */
export interface MaintenanceRow {
  /** As JSON. */
  readonly admitted_roles: string;
  readonly message: string;
  readonly expected_end: string | null;
  readonly actor_id: string | null;
  readonly since: string;
  readonly read_at: string;
}

/** Finds why the game is closed; no row if it is open. */
export function findMaintenanceStatement(schema: string): Statement<object, MaintenanceRow> {
  return new Statement(
    (param) => sql<MaintenanceRow>`
      select pg_catalog.array_to_json(m.admitted_roles)::text as admitted_roles, m.message, m.actor_id,
        ${timeColumn(sql`m.expected_end`, 'expected_end')}, ${timeColumn(sql`m.since`, 'since')},
        ${timeColumn(now(param), 'read_at')}
      from ${sql.table(`${schema}.maintenance`)} as m`,
  );
}

export function toMaintenance(row: MaintenanceRow): Maintenance {
  return {
    // Only an array of texts is ever written.
    admittedRoles: JSON.parse(row.admitted_roles) as string[],
    message: row.message,
    expectedEnd: row.expected_end === null ? null : toTime(row.expected_end),
    actorId: row.actor_id,
    since: toTime(row.since),
  };
}
