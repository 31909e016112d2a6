import { type RawBuilder, sql } from 'kysely';
import type { PresentCharacter } from '../../../live/link-store.ts';
import type { SessionLink } from '../../../session/session-store.ts';
import { epoch, isActiveWithin } from './fragments.ts';
import { toTime } from './rows.ts';

/** How a character is there. */
export interface PresenceRow {
  readonly idle_ms: string;
  readonly is_link_dead: boolean;
  readonly is_hidden: boolean;
}

/** The link of a row `s`, in two words. */
export const linkWords: readonly RawBuilder<unknown>[] = [
  sql`coalesce(s.node_id::text, '-')`,
  sql`coalesce(${epoch(sql`s.link_dead_since`)}::text, '-')`,
];

export function toLink(nodeId: string | undefined, linkDeadSince: string | undefined): SessionLink | null {
  if (nodeId === undefined || nodeId === '-') return null;

  return {
    nodeId,
    linkDeadSince: linkDeadSince === undefined || linkDeadSince === '-' ? null : toTime(linkDeadSince),
  };
}

/** Whether the session of a row `s` is there to be seen: linked to a node, or active. */
export function isThere(window: RawBuilder<number>): RawBuilder<boolean> {
  return sql<boolean>`(s.node_id is not null or ${isActiveWithin(window)})`;
}

/** The columns of a {@link PresenceRow}, from a row `s` at the time in a row `mud_auth_clock`. */
export function presenceColumns(schema: string): RawBuilder<unknown> {
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
