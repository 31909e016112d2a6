import type { Migration } from './migration.ts';

/** FROZEN: released migrations are never edited. What must change, a later one changes. */
export const maintenance: Migration = {
  name: '0003_maintenance',
  sql: (schema) => `
create table ${schema}.maintenance (
  id boolean primary key default true check (id),
  admitted_roles text[] not null,
  message text not null,
  expected_end timestamptz(3),
  actor_id text,
  since timestamptz(3) not null
);

comment on table ${schema}.maintenance is 'one row while the game is closed, none while it is open';
`,
};
