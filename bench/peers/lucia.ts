import { NodePostgresAdapter } from '@lucia-auth/adapter-postgresql';
import { Lucia } from 'lucia';
import { setRoleOfUser } from '../world.ts';
import { Credentials } from './credentials.ts';
import { digits, digitsSql } from './digits.ts';
import type { OpenPeer, Peer, World } from './peer.ts';

interface UserAttributes {
  readonly username: string;
  readonly role: string;
  readonly disabled: boolean;
}

declare module 'lucia' {
  interface Register {
    Lucia: Lucia<object, UserAttributes>;
    DatabaseUserAttributes: UserAttributes;
  }
}

export const lucia: Peer = {
  name: 'lucia',
  summary: 'validateSession: session and user, two statements at the same time; keeps tokens in clear',
  readsDatabase: true,
  seed,
  setRole: setRoleOfUser,
  open: async (world) => open(world),
};

async function seed({ pool, size }: World): Promise<void> {
  await pool.query(`
    drop table if exists user_session;
    create table user_session (
      id text primary key,
      expires_at timestamptz not null,
      user_id bigint not null
    );
  `);
  // It extends a session that has half of its 30 days behind it: not one of these.
  await pool.query(
    `insert into user_session
     select left(${digitsSql('session')}, 40), now() + interval '30 days', n
     from generate_series(1, $1::bigint) as n`,
    [size],
  );
  await pool.query('alter table user_session add foreign key (user_id) references users (id)');
  await pool.query('vacuum analyze user_session');
}

function open(world: World): OpenPeer {
  const { pool, size } = world;
  const sessions = luciaOn(world);
  const otherNode = luciaOn(world);
  const ids = new Credentials(size, idOf);
  const userOf = async (id: string): Promise<UserAttributes | null> => {
    const { user } = await sessions.validateSession(id);

    return user === null || user.disabled ? null : user;
  };

  return {
    check: async (n) => (await userOf(ids.of(n)))?.username ?? null,
    checkUnknown: async () => (await userOf(idOf(0)))?.username ?? null,
    expire: async (n) => {
      await pool.query(`update user_session set expires_at = now() - interval '1 second' where id = $1`, [
        idOf(n),
      ]);
    },
    revoke: (n) => otherNode.invalidateSession(idOf(n)),
    roleOf: async (n) => (await userOf(ids.of(n)))?.role ?? null,
    close: async () => {},
  };
}

function luciaOn({ pool }: World): Lucia<object, UserAttributes> {
  const adapter = new NodePostgresAdapter(pool, { user: 'users', session: 'user_session' });

  return new Lucia(adapter, {
    getUserAttributes: ({ username, role, disabled }) => ({ username, role, disabled }),
  });
}

/** Its session ids are secrets, kept as they are. */
function idOf(n: number): string {
  return digits('session', n).slice(0, 40);
}
