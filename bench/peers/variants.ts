import type { Directory } from 'mud-auth';
import { seedLibraryTables } from './library-tables.ts';
import { type MudAuthSetup, type MudAuthStore, mudAuthPeer } from './mud-auth.ts';
import type { Peer, World } from './peer.ts';

/** The host's records by calls of its own, each a prepared statement on a pool of ten. */
function directoryOn({ pool }: World): Directory {
  return {
    async findUser(id) {
      const { rows } = await pool.query({
        name: 'find_user',
        text: 'select id::text, username, role, disabled from users where id = $1',
        values: [id],
      });

      return rows[0] ?? null;
    },
    async findCharacter(id) {
      const { rows } = await pool.query({
        name: 'find_character',
        text: 'select id::text, user_id::text as "userId", name, world_id as "worldId" from characters where id = $1',
        values: [id],
      });

      return rows[0] ?? null;
    },
  };
}

function variant(
  name: string,
  summary: string,
  store: MudAuthStore,
  more: Pick<MudAuthSetup, 'policy' | 'touches'> = {},
): Peer {
  return { ...mudAuthPeer({ name, summary, store, ...more }), seed: async () => {} };
}

/** The schema of those whose sessions are touched, and their rows made longer by it. */
const TOUCHED = 'mud_auth_touched';

const RELATIONS = {
  users: { relation: 'users', idType: 'bigint' },
  characters: { relation: 'characters', idType: 'bigint' },
} as const;

/** Other ways of running the library, on the tables that its first peer has seeded. */
export const variants: readonly Peer[] = [
  {
    ...variant(
      'every check due for a touch',
      'touchIntervalMs: 0, so that each check writes.',
      () => ({ ...RELATIONS, schema: TOUCHED }),
      { policy: { touchIntervalMs: 0 } },
    ),
    seed: (world) => seedLibraryTables(world, TOUCHED, 'now()'),
  },
  variant(
    'every 30th check due for a touch',
    'As when each player says something every two seconds, and is touched once a minute.',
    () => ({ ...RELATIONS, schema: TOUCHED }),
    { policy: { touchIntervalMs: 0 }, touches: (n) => n % 30 === 0 },
  ),
  variant('without prepared statements', 'preparedStatements: false, as for a pooler.', () => ({
    ...RELATIONS,
    preparedStatements: false,
  })),
  variant('with a directory', 'Users and characters by calls of the host, two a check.', (world) => ({
    directory: directoryOn(world),
  })),
];
