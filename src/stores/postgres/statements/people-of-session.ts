import { type RawBuilder, sql } from 'kysely';
import { type HostRelations, isId, tableOf } from '../host-relations.ts';

// LATERAL with LIMIT 1: over a view that Postgres cannot inline, a plain join reads all of it.
// The ids of the session are cast, never those of the host, whose index would be lost.

/** The user of a session `s`, to be joined as `u`. */
export function userOfSession({ users }: HostRelations): RawBuilder<unknown> {
  return sql`lateral (
    select u.username::text, u.role::text, u.disabled is not false as disabled from ${tableOf(users)} as u
    where ${isId(users, sql`u.id`, sql`s.user_id`)} limit 1
  ) as u`;
}

/** The character of a session `s`, to be joined as `c`, if it is still the user's, and as is said. */
export function characterOfSession(
  { users, characters }: HostRelations,
  where: RawBuilder<unknown> = sql`true`,
): RawBuilder<unknown> {
  return sql`lateral (
    select c.name::text, c.world_id::text from ${tableOf(characters)} as c
    where ${isId(characters, sql`c.id`, sql`s.character_id`)}
      and ${isId(users, sql`c.user_id`, sql`s.user_id`)} and ${where}
    limit 1
  ) as c`;
}

/** The user with an id, to be joined as `u`, if he may sign in. */
export function whoMaySignIn({ users }: HostRelations, userId: RawBuilder<string>): RawBuilder<unknown> {
  return sql`lateral (
    select u.role::text from ${tableOf(users)} as u
    where ${isId(users, sql`u.id`, userId)}
      and u.disabled is false and u.username is not null and u.role is not null
    limit 1
  ) as u`;
}
