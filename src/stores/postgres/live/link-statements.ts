import { type RawBuilder, sql } from 'kysely';
import type { SessionLink } from '../../../session/session-store.ts';
import { durably, hastily, interval, isLive, now } from '../statements/fragments.ts';
import { toLink } from '../statements/links.ts';
import { timeColumn } from '../statements/rows.ts';
import { type AtMoment, type Param, Statement } from '../statements/statement.ts';

interface LinkParams {
  readonly id: string;
  readonly node: string;
}

/** The link that a session had. */
export interface FormerLinkRow {
  readonly node_id: string | null;
  readonly link_dead_since: string | null;
}

/** The statements about nodes, and the sessions that hang off them. */
export interface LinkStatements {
  readonly hideSession: Statement<{ id: string; hidden: string }, object>;
  readonly keepNode: Statement<{ node: string; name: string; lease: number }, object>;
  readonly endNode: Statement<{ node: string }, object>;
  /** No row if the session does not live. */
  readonly linkSession: Statement<LinkParams, FormerLinkRow>;
  /** No row if the link is not this node's. */
  readonly unlinkSession: Statement<LinkParams, { readonly is_link_dead: boolean }>;
  readonly dropLinkDead: Statement<LinkParams & { grace: number }, object>;
  /** Takes at most so many of the sessions of dead nodes, passing over those that another writer holds. */
  readonly adoptSessions: Statement<{ node: string; size: number }, object>;
  readonly listLinked: Statement<{ node: string }, { readonly id: string }>;
}

export function linkStatements(schema: string): LinkStatements {
  const sessions = sql.table(`${schema}.sessions`);
  const nodes = sql.table(`${schema}.nodes`);

  return {
    hideSession: new Statement(
      (param) => sql<object>`
        with ${clock(param, durably)}
        update ${sessions} as s set is_hidden = ${param('hidden', 'boolean')} from mud_auth_clock
        where ${oneLive(param)} returning s.id`,
    ),

    // Who died without a word is remembered for a day, for people to read; and for as long as a session
    // speaks of it, or it could not be adopted.
    keepNode: new Statement(
      (param) => sql<object>`
        with ${clock(param)}, forgotten as (
          delete from ${nodes} as n using mud_auth_clock
          where n.expires_at < mud_auth_clock.now - interval '1 day' and n.id <> ${param('node', 'uuid')}
            and not exists (select from ${sessions} as s where s.node_id = n.id)
        )
        insert into ${nodes} as n (id, name, started_at, expires_at)
        select ${param('node', 'uuid')}, ${param('name', 'text')}, mud_auth_clock.now,
          mud_auth_clock.now + ${interval(param('lease', 'bigint'))}
        from mud_auth_clock
        on conflict (id) do update set expires_at = excluded.expires_at`,
    ),

    endNode: new Statement(
      (param) => sql<object>`
        with ${clock(param)}
        update ${nodes} as n set expires_at = least(n.expires_at, mud_auth_clock.now) from mud_auth_clock
        where n.id = ${param('node', 'uuid')}`,
    ),

    linkSession: new Statement(
      (param) => sql<FormerLinkRow>`
        with ${clock(param, durably)}, former as materialized (
          select s.id, s.node_id, s.link_dead_since from ${sessions} as s, mud_auth_clock
          where ${oneLive(param)} for no key update of s
        )
        update ${sessions} as s set node_id = ${param('node', 'uuid')}, link_dead_since = null
        from former where s.id = former.id
        returning former.node_id::text, ${timeColumn(sql`former.link_dead_since`, 'link_dead_since')}`,
    ),

    // Locked by its id first: a link that is under way is waited for, and seen.
    unlinkSession: new Statement(
      (param) => sql<{ readonly is_link_dead: boolean }>`
        with ${clock(param)}, held as materialized (
          select s.id, s.node_id from ${sessions} as s, mud_auth_clock
          where ${oneLive(param)} for no key update of s
        )
        update ${sessions} as s
        set ${waiting(param, sql`coalesce(s.link_dead_since, mud_auth_clock.now)`)}
        from mud_auth_clock, held
        where s.id = held.id and held.node_id = ${param('node', 'uuid')}
        returning s.node_id is not null as is_link_dead`,
    ),

    dropLinkDead: new Statement(
      (param) => sql<object>`
        with ${clock(param, durably)}
        update ${sessions} as s set character_id = null, node_id = null, link_dead_since = null
        from mud_auth_clock
        where ${oneLive(param)} and s.node_id = ${param('node', 'uuid')}
          and s.link_dead_since <= mud_auth_clock.now - ${interval(param('grace', 'bigint'))}
        returning s.id`,
    ),

    adoptSessions: new Statement(
      (param) => sql<object>`
        with ${clock(param)}, lost as materialized (
          select s.id from ${sessions} as s, mud_auth_clock
          where s.node_id in (select n.id from ${nodes} as n, mud_auth_clock as c where n.expires_at <= c.now)
            and s.node_id <> ${param('node', 'uuid')} and ${isLive}
          limit ${param('size', 'integer')} for no key update of s skip locked
        )
        update ${sessions} as s set ${waiting(param, sql`mud_auth_clock.now`)} from mud_auth_clock, lost
        where s.id = lost.id
        returning s.id`,
    ),

    listLinked: new Statement(
      (param) => sql<{ readonly id: string }>`
        with mud_auth_clock as (select ${now(param)} as now)
        select s.id::text from ${sessions} as s, mud_auth_clock
        where s.node_id = ${param('node', 'uuid')} and ${isLive}`,
    ),
  };
}

/** The session with an id, while it lives. */
function oneLive(param: Param<{ id: string }>): RawBuilder<unknown> {
  return sql`s.id = ${param('id', 'uuid')} and ${isLive}`;
}

function clock(param: Param<AtMoment>, commit: RawBuilder<unknown> = hastily): RawBuilder<unknown> {
  return sql`mud_auth_clock as (select ${now(param)} as now, ${commit})`;
}

/** Link-dead in the care of this node since then, or, without a character to keep, of none. */
function waiting(param: Param<{ node: string }>, since: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    node_id = case when s.character_id is not null then ${param('node', 'uuid')} end,
    link_dead_since = case when s.character_id is not null then ${since} end`;
}

export function formerLinkOf({ node_id, link_dead_since }: FormerLinkRow): SessionLink | null {
  return toLink(node_id ?? undefined, link_dead_since ?? undefined);
}
