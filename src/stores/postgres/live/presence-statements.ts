import { type RawBuilder, sql } from 'kysely';
import type { PresentCharacter } from '../../../live/link-store.ts';
import type { HostRelations } from '../host-relations.ts';
import { epoch, isActiveWithin } from '../statements/fragments.ts';
import {
  type ActiveRow,
  listByWorldType,
  type ListByWorldType,
  listing,
} from '../statements/list-statements.ts';
import { userOfSession } from '../statements/people-of-session.ts';
import { listInPlayStatement } from '../statements/record-statements.ts';
import type { SessionRow } from '../statements/rows.ts';
import { Statement } from '../statements/statement.ts';

/** How a character is there. */
interface PresenceRow {
  readonly idle_ms: string;
  readonly is_link_dead: boolean;
  readonly is_hidden: boolean;
}

interface UserIdRow {
  readonly user_id: string;
}

/** The statements about who is there, the inactive among them, over the host's relations. */
export interface RelationPresenceStatements {
  readonly listPresent: ListByWorldType<ActiveRow & PresenceRow>;
  /** Those who are there in any world. */
  readonly listAllPresent: Statement<{ window: number }, ActiveRow & PresenceRow>;
  /** The users with sessions who have none of these roles, or do not exist. */
  readonly listOutsiders: Statement<{ roles: string }, UserIdRow>;
}

export function relationPresenceStatements(
  schema: string,
  relations: HostRelations,
): RelationPresenceStatements {
  const columns = sql`, ${presenceColumns(schema)}`;

  return {
    listPresent: listByWorldType(schema, relations, { which: isThere, columns }),

    listAllPresent: new Statement((param) =>
      listing(schema, relations, param, {
        which: isThere(param('window', 'bigint')),
        columns,
        inWorld: sql`c.world_id is not null`,
      }),
    ),

    listOutsiders: new Statement(
      (param) => sql<UserIdRow>`
        select s.user_id from (select distinct user_id from ${sql.table(`${schema}.sessions`)}) as s
          left join ${userOfSession(relations)} on true
        where u.role is null or not (u.role collate "C" = any (${param('roles', 'text[]')}))`,
    ),
  };
}

/** The same where a directory knows the people. */
export interface DirectoryPresenceStatements {
  readonly listPresent: Statement<{ window: number }, SessionRow & PresenceRow>;
  /** The users who have sessions, live or expired. */
  readonly listUsers: Statement<object, UserIdRow>;
}

export function directoryPresenceStatements(schema: string): DirectoryPresenceStatements {
  return {
    listPresent: listInPlayStatement<PresenceRow>(schema, isThere, sql`, ${presenceColumns(schema)}`),

    listUsers: new Statement(
      () => sql`select distinct s.user_id from ${sql.table(`${schema}.sessions`)} as s`,
    ),
  };
}

/** Whether the session of a row `s` is there to be seen: linked to a node, or active. */
function isThere(window: RawBuilder<number>): RawBuilder<boolean> {
  return sql<boolean>`(s.node_id is not null or ${isActiveWithin(window)})`;
}

/** The columns of a {@link PresenceRow}, from a row `s` at the time in a row `mud_auth_clock`. */
function presenceColumns(schema: string): RawBuilder<unknown> {
  return sql`
    (${epoch(sql`mud_auth_clock.now - s.last_active_at`)} * 1000)::bigint::text as idle_ms,
    s.node_id is not null and (s.link_dead_since is not null or not exists (
      select from ${sql.table(`${schema}.nodes`)} as n where n.id = s.node_id and n.expires_at > mud_auth_clock.now
    )) as is_link_dead,
    s.is_hidden`;
}

export function toPresence(row: PresenceRow): Pick<PresentCharacter, 'idleMs' | 'isLinkDead' | 'isHidden'> {
  return { idleMs: Number(row.idle_ms), isLinkDead: row.is_link_dead, isHidden: row.is_hidden };
}
