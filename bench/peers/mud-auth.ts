import { type GamePrincipal, InvalidSessionError, SessionService, type SessionPolicyOptions } from 'mud-auth';
import { PostgresSessionStore, type PostgresSessionStoreOptions } from 'mud-auth/postgres';
import { setRoleOfUser } from '../world.ts';
import { Credentials } from './credentials.ts';
import { expireInLibraryTables, seedLibraryTables, sessionIdOf, tokenOf } from './library-tables.ts';
import type { OpenPeer, Peer, World } from './peer.ts';

type WithoutPool<Options> = Options extends unknown ? Omit<Options, 'pool'> : never;

/** What a store is built from in a world, beside the pool. */
export type MudAuthStore = (world: World) => WithoutPool<PostgresSessionStoreOptions>;

/** One way of running the library. */
export interface MudAuthSetup {
  readonly name: string;
  readonly summary: string;
  readonly store: MudAuthStore;
  readonly policy?: SessionPolicyOptions;
  /** Which checks are the player's doing. Default: all. */
  readonly touches?: (n: number) => boolean;
}

export function mudAuthPeer({ name, summary, store, policy = {}, touches = () => true }: MudAuthSetup): Peer {
  return {
    name,
    summary,
    readsDatabase: true,
    seed: (world) => seedLibraryTables(world),
    setRole: setRoleOfUser,
    open: (world) => open(world, touches, () => serviceOn(world, store, policy)),
  };
}

export const mudAuth: Peer = mudAuthPeer({
  name: 'mud-auth',
  summary: 'validateSessionForGame: session, user, role, character and world',
  store: () => ({
    users: { relation: 'users', idType: 'bigint' },
    characters: { relation: 'characters', idType: 'bigint' },
  }),
});

async function open(
  world: World,
  touches: (n: number) => boolean,
  start: () => Promise<SessionService>,
): Promise<OpenPeer> {
  const sessions = await start();
  const otherNode = await start();
  const tokens = new Credentials(world.size, tokenOf);
  const validate = async (token: string, touch = true): Promise<GamePrincipal | null> => {
    try {
      return await sessions.validateSessionForGame(token, { touch });
    } catch (error) {
      if (error instanceof InvalidSessionError) return null;
      throw error;
    }
  };

  return {
    check: async (n) => (await validate(tokens.of(n), touches(n)))?.username ?? null,
    checkUnknown: async () => (await validate(tokenOf(0)))?.username ?? null,
    expire: (n) => expireInLibraryTables(world, n),
    revoke: async (n) => {
      await otherNode.removeSession(sessionIdOf(n));
    },
    roleOf: async (n) => (await validate(tokens.of(n)))?.role ?? null,
    close: async () => {},
  };
}

async function serviceOn(
  world: World,
  storeOf: MudAuthStore,
  policy: SessionPolicyOptions,
): Promise<SessionService> {
  const store = new PostgresSessionStore({ pool: world.pool, ...storeOf(world) });
  await store.ready();

  return new SessionService({ store, policy });
}
