import { hash, timingSafeEqual } from 'node:crypto';
import { setRoleOfUser } from '../world.ts';
import { Credentials } from './credentials.ts';
import { expireInLibraryTables, seedLibraryTables, sessionIdOf, tokenOf } from './library-tables.ts';
import type { OpenPeer, Peer, World } from './peer.ts';

interface Row {
  readonly secret_hash: Buffer;
  readonly is_live: boolean;
  readonly username: string | null;
  readonly role: string | null;
  readonly disabled: boolean | null;
  readonly character_name: string | null;
  readonly world_id: string | null;
}

const FIND_SESSION = {
  name: 'find_session',
  text: `
    select s.id, s.user_id, s.character_id, s.client_type, s.created_at, s.last_active_at,
      s.idle_timeout_ms, s.absolute_expires_at, s.node_id, s.link_dead_since,
      clock_timestamp() as read_at, s.secret_hash,
      least(s.last_active_at + s.idle_timeout_ms * interval '1 millisecond', s.absolute_expires_at)
        > clock_timestamp() as is_live,
      u.username, u.role, u.disabled, c.name as character_name, c.world_id
    from mud_auth.sessions as s
      left join users as u on u.id = s.user_id::bigint
      left join characters as c on c.id = s.character_id::bigint and c.user_id = u.id
    where s.id = $1`,
};

const ID_START = 'mas_'.length;
const ID_END = ID_START + 36;

/** The same look-up by hand, the same columns with it: the yardstick. */
export const rawPg: Peer = {
  name: 'raw pg',
  summary:
    'one prepared SELECT on the tables of mud-auth through pool.query, with the same columns and checks',
  readsDatabase: true,
  seed: (world) => seedLibraryTables(world),
  setRole: setRoleOfUser,
  open: async (world) => open(world),
};

function open(world: World): OpenPeer {
  const { pool, size } = world;
  const tokens = new Credentials(size, tokenOf);
  const find = async (token: string): Promise<Row | null> => {
    const id = token.slice(ID_START, ID_END);
    const secretHash = hash('sha256', token.slice(ID_END + 1), 'buffer');
    const { rows } = await pool.query<Row>({ ...FIND_SESSION, values: [id] });
    const [row] = rows;
    if (row === undefined || !timingSafeEqual(row.secret_hash, secretHash)) return null;

    return row.is_live && row.disabled === false && row.world_id !== null ? row : null;
  };

  return {
    check: async (n) => (await find(tokens.of(n)))?.username ?? null,
    checkUnknown: async () => (await find(tokenOf(0)))?.username ?? null,
    expire: (n) => expireInLibraryTables(world, n),
    revoke: async (n) => {
      await pool.query('delete from mud_auth.sessions where id = $1', [sessionIdOf(n)]);
    },
    roleOf: async (n) => (await find(tokens.of(n)))?.role ?? null,
    close: async () => {},
  };
}
