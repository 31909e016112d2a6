import type { Migration } from './migration.ts';

/** FROZEN: released migrations are never edited. What must change, a later one changes. */
export const links: Migration = {
  name: '0002_links',
  sql: (schema) => `
create table ${schema}.nodes (
  id uuid primary key,
  name text not null,
  started_at timestamptz(3) not null,
  expires_at timestamptz(3) not null
);

alter table ${schema}.sessions
  add column node_id uuid,
  add column link_dead_since timestamptz(3),
  add column is_hidden boolean not null default false;

comment on column ${schema}.sessions.node_id is 'the node that has the connections, or waits for the player to come back';

create index sessions_node_id on ${schema}.sessions (node_id) where node_id is not null;
`,
};
