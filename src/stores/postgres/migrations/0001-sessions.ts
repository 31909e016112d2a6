import type { Migration } from './migration.ts';

/** FROZEN: released migrations are never edited. What must change, a later one changes. */
export const sessions: Migration = {
  name: '0001_sessions',
  sql: (schema) => `
create table ${schema}.sessions (
  id uuid primary key,
  user_id text not null,
  character_id text,
  secret_hash bytea not null,
  client_type text not null,
  created_at timestamptz(3) not null,
  last_active_at timestamptz(3) not null,
  idle_timeout_ms bigint not null,
  absolute_expires_at timestamptz(3) not null
) with (fillfactor = 80);

comment on column ${schema}.sessions.secret_hash is 'SHA-256 of the secret part of the token';

create index sessions_user_id on ${schema}.sessions (user_id);
create unique index sessions_character_id on ${schema}.sessions (character_id)
  where character_id is not null;

create table ${schema}.session_endings (
  session_id uuid primary key,
  user_id text not null,
  secret_hash bytea not null,
  reason text not null,
  actor_id text,
  ended_at timestamptz(3) not null
);

create index session_endings_ended_at on ${schema}.session_endings (ended_at);
`,
};
