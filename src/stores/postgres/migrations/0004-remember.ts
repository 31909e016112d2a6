import type { Migration } from './migration.ts';

/** FROZEN: released migrations are never edited. What must change, a later one changes. */
export const remember: Migration = {
  name: '0004_remember',
  sql: (schema) => `
alter table ${schema}.sessions
  add column authenticated_at timestamptz(3),
  add column remember_family uuid;

comment on column ${schema}.sessions.authenticated_at is 'when the user last showed his credentials';
comment on column ${schema}.sessions.remember_family is 'the family of remember tokens that it ends with';

create index sessions_remember_family on ${schema}.sessions (remember_family)
  where remember_family is not null;

create table ${schema}.remember_families (
  id uuid primary key,
  user_id text not null,
  client_type text not null,
  created_at timestamptz(3) not null,
  last_used_at timestamptz(3) not null,
  idle_timeout_ms bigint not null,
  absolute_expires_at timestamptz(3) not null
);

create index remember_families_user_id on ${schema}.remember_families (user_id);

create table ${schema}.remember_tokens (
  family_id uuid not null references ${schema}.remember_families on delete cascade,
  secret_hash bytea not null,
  issued_at timestamptz(3) not null,
  used_at timestamptz(3),
  primary key (family_id, secret_hash)
);

comment on column ${schema}.remember_tokens.secret_hash is 'SHA-256 of the secret part of the token';

create unique index remember_tokens_unused on ${schema}.remember_tokens (family_id) where used_at is null;
`,
};
