-- A game's own tables, as it might have had them before it met mud-auth, and the two views that
-- mud-auth reads. Sent as one batch, so all of it is one transaction.

-- Two demos may start on one database at once, and IF NOT EXISTS alone would race.
SELECT pg_advisory_xact_lock(4000);

CREATE SCHEMA IF NOT EXISTS mud_demo;

CREATE TABLE IF NOT EXISTS mud_demo.users (
  id            integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  username      text    NOT NULL UNIQUE CHECK (username = lower(username)),
  role          text    NOT NULL,
  disabled      boolean NOT NULL DEFAULT false,
  password_salt text    NOT NULL,
  password_hash text    NOT NULL
);

CREATE TABLE IF NOT EXISTS mud_demo.characters (
  id       integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id  integer NOT NULL REFERENCES mud_demo.users ON DELETE CASCADE,
  name     text    NOT NULL UNIQUE,
  world_id text    NOT NULL,
  room     text    NOT NULL
);
CREATE INDEX IF NOT EXISTS characters_user_id ON mud_demo.characters (user_id);

CREATE OR REPLACE VIEW mud_demo.users_for_auth AS
  SELECT id, username, role, disabled FROM mud_demo.users;

CREATE OR REPLACE VIEW mud_demo.characters_for_auth AS
  SELECT id, user_id, name, world_id FROM mud_demo.characters;
