import type { Query } from './accounts.ts';
import { hashPassword } from './passwords.ts';
import { findWorld } from './worlds.ts';

/** Who is there from the start. The password of each is the username and "-demo". */
const PEOPLE = [
  { username: 'player', role: 'player', characters: { Pip: 'willowmere', Pax: 'skyhold' } },
  { username: 'builder', role: 'worldbuilder', characters: { Bryn: 'willowmere' } },
  { username: 'admin', role: 'admin', characters: { Ada: 'willowmere' } },
  { username: 'superuser', role: 'superuser', characters: { Suri: 'willowmere' } },
] as const;

/** Adds those of the first people who are missing. */
export async function seed(query: Query): Promise<void> {
  const known = await query<{ username: string }>('SELECT username FROM mud_demo.users');
  const missing = PEOPLE.filter(({ username }) => !known.some((user) => user.username === username));

  for (const { username, role, characters } of missing) {
    const { salt, hash } = await hashPassword(`${username}-demo`);
    const names = Object.keys(characters);
    const worldIds = Object.values(characters);
    // One statement, so that nobody is left half made.
    await query(
      `WITH newcomer AS (
         INSERT INTO mud_demo.users (username, role, password_salt, password_hash)
         VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING id
       )
       INSERT INTO mud_demo.characters (user_id, name, world_id, room)
       SELECT newcomer.id, given.name, given.world_id, given.room
       FROM newcomer, unnest($5::text[], $6::text[], $7::text[]) AS given (name, world_id, room)`,
      [username, role, salt, hash, names, worldIds, worldIds.map((id) => findWorld(id)?.rooms[0]?.id)],
    );
  }
}
