import { sql } from 'kysely';
import type { NewMaintenance } from '../../../maintenance/maintenance-store.ts';
import { endingCtes } from '../statements/ending-statements.ts';
import { durably, now } from '../statements/fragments.ts';
import type { Count } from '../statements/rows.ts';
import { arrayOf, Statement } from '../statements/statement.ts';

interface MaintenanceParams {
  readonly roles: string;
  readonly message: string;
  readonly expectedEnd: Date | null;
  readonly actor: string | null;
}

/** The statements about the game being closed. */
export interface MaintenanceStatements {
  readonly startMaintenance: Statement<MaintenanceParams, object>;
  readonly endMaintenance: Statement<object, object>;
  /** Ends all sessions of some users; how many were live. */
  readonly endSessionsOfUsers: Statement<{ users: string; actor: string | null }, Count>;
}

export function maintenanceStatements(schema: string): MaintenanceStatements {
  const table = sql.table(`${schema}.maintenance`);

  return {
    startMaintenance: new Statement(
      (param) => sql<object>`
        with mud_auth_clock as (select ${now(param)} as now, ${durably})
        insert into ${table} (admitted_roles, message, expected_end, actor_id, since)
        select ${param('roles', 'text[]')}, ${param('message', 'text')},
          pg_catalog.date_trunc('milliseconds', ${param('expectedEnd', 'timestamptz')}),
          ${param('actor', 'text')}, mud_auth_clock.now
        from mud_auth_clock
        on conflict (id) do update set
          admitted_roles = excluded.admitted_roles, message = excluded.message,
          expected_end = excluded.expected_end, actor_id = excluded.actor_id, since = excluded.since`,
    ),

    endMaintenance: new Statement(
      () => sql<object>`
        with mud_auth_commit as (select ${durably})
        delete from ${table} as m using mud_auth_commit returning m.id`,
    ),

    endSessionsOfUsers: new Statement(
      (param) => sql<Count>`
        ${endingCtes(schema, param, {
          which: sql`s.user_id = any (${param('users', 'text[]')})`,
          reason: sql`'maintenance'`,
          actor: param('actor', 'text'),
        })}
        select pg_catalog.count(*)::text as count from remembered where reason <> 'expired'`,
    ),
  };
}

export function paramsOfMaintenance({
  admittedRoles,
  message,
  expectedEnd,
  actorId,
}: NewMaintenance): MaintenanceParams {
  return { roles: arrayOf(admittedRoles), message, expectedEnd, actor: actorId };
}
