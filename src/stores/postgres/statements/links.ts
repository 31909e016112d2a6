import { type RawBuilder, sql } from 'kysely';
import type { SessionLink } from '../../../session/session-store.ts';
import { epoch } from './fragments.ts';
import { toTime } from './rows.ts';

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
