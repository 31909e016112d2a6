import { PGlite } from '@electric-sql/pglite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SessionPolicyOptions, SessionService } from '../../src/index.ts';
import { LiveSessions, MaintenanceMode } from '../../src/live/index.ts';
import { MemoryDirectory } from '../../src/stores/memory/index.ts';
import { migrateToLatest, PostgresSessionStore } from '../../src/stores/postgres/index.ts';
import { pglitePool } from '../../src/stores/postgres/pglite/index.ts';
import { RememberService } from '../../src/remember/index.ts';
import { PostgresLinkStore, PostgresMaintenanceStore } from '../../src/stores/postgres/live/index.ts';
import { PostgresRememberStore } from '../../src/stores/postgres/remember/index.ts';
import { FakeClock } from '../../src/testing/index.ts';
import { type CountingPool, countingPool } from '../support/counting-pool.ts';
import { hostTablesSql } from '../support/host-tables.ts';
import { readPage, tableOf } from './pages.ts';

const alice = { id: '1', username: 'alice', role: 'player', disabled: false };
const aria = { id: '11', userId: '1', name: 'Aria', worldId: 'mist' };
const DEADLINE_MS = 480 * 60_000;

/** What a row of the table is measured in. */
interface Scene {
  readonly pool: CountingPool;
  readonly clock: FakeClock;
  readonly open: (options?: { migrate?: boolean }) => PostgresSessionStore;
  readonly serve: (policy?: SessionPolicyOptions) => Promise<SessionService>;
  readonly setDisabled: (disabled: boolean) => Promise<unknown>;
}

/** Prepares what the row says, and gives the call that is to be counted. */
type Prepare = (scene: Scene) => Promise<() => Promise<unknown>>;

const withToken =
  (use: (sessions: SessionService, token: string, scene: Scene) => Promise<unknown>): Prepare =>
  async (scene) => {
    const sessions = await scene.serve();
    const { token } = await sessions.createSession(alice.id);

    return () => use(sessions, token, scene);
  };

const bare =
  (use: (sessions: SessionService) => Promise<unknown>): Prepare =>
  async ({ serve }) => {
    const sessions = await serve();

    return () => use(sessions);
  };

const CLOSED = { admit: 'admin', message: 'Back soon.' } as const;

/** A token that is to be attached to a node that has begun its lease, and all that there is. */
async function serveAll({ serve, open }: Scene) {
  const [sessions, store] = [await serve(), open()];
  await store.ready();
  const live = new LiveSessions({ sessions, store: new PostgresLinkStore(store), nodeLeaseMs: 600_000 });
  const [{ token }, other] = [await sessions.createSession(alice.id), await sessions.createSession(alice.id)];
  await live.attach(other.token, { close() {} });

  const remember = new RememberService({
    sessions,
    store: new PostgresRememberStore(store),
    key: 'a key of at least thirty-two bytes',
  });

  return {
    live,
    remember,
    token,
    maintenance: new MaintenanceMode({ sessions, store: new PostgresMaintenanceStore(store) }),
  };
}

type All = Awaited<ReturnType<typeof serveAll>>;

const withAll =
  (use: (all: All) => Promise<unknown>): Prepare =>
  async (scene) => {
    const all = await serveAll(scene);

    return () => use(all);
  };

/** With a client that is remembered. */
const withClient =
  (use: (remember: RememberService, token: string | null, scene: Scene) => Promise<unknown>): Prepare =>
  async (scene) => {
    const { remember } = await serveAll(scene);
    const { rememberToken } = await remember.signIn(alice.id, { remember: true });

    return () => use(remember, rememberToken, scene);
  };

const ROWS: Readonly<Record<string, Prepare>> = {
  'ready(), or the first call':
    async ({ open }) =>
    () =>
      open().ready(),
  'ready() with migrate: true, nothing to apply':
    async ({ open }) =>
    () =>
      open({ migrate: true }).ready(),
  createSession: bare((sessions) => sessions.createSession(alice.id)),
  'createSession under a limit': async ({ serve }) => {
    const sessions = await serve({ maxSessionsPerUser: 1 });
    return () => sessions.createSession(alice.id);
  },
  'createSession at the limit': async ({ serve }) => {
    const sessions = await serve({ maxSessionsPerUser: 1 });
    await sessions.createSession(alice.id);
    return () => sessions.createSession(alice.id);
  },
  'createSession while the game is closed': async ({ serve, open }) => {
    const sessions = await serve();
    await new MaintenanceMode({ sessions, store: new PostgresMaintenanceStore(open()) }).start(CLOSED);
    return () => sessions.createSession(alice.id);
  },
  validate: withToken((sessions, token) => sessions.validateSession(token)),
  'validate, a touch is due': async (scene) => {
    const sessions = await scene.serve();
    const { token } = await sessions.createSession(alice.id);
    scene.clock.advance(60_000);
    return () => sessions.validateSession(token);
  },
  'validate, the token is malformed': bare((sessions) => sessions.validateSession('mas_')),
  'validate, the session is unknown or has ended': async (scene) => {
    const sessions = await scene.serve();
    const { token } = await sessions.createSession(alice.id);
    await sessions.logout(token);
    return () => sessions.validateSession(token);
  },
  'validate, the secret is wrong': withToken((sessions, token) => {
    const [id = '', secret = ''] = token.split('.');
    return sessions.validateSession(`${id}.${secret.startsWith('A') ? 'B' : 'A'}${secret.slice(1)}`);
  }),
  'validate, the session is past its deadline': async (scene) => {
    const sessions = await scene.serve();
    const { token } = await sessions.createSession(alice.id);
    scene.clock.advance(DEADLINE_MS);
    return () => sessions.validateSession(token);
  },
  'validate, the user is disabled': async (scene) => {
    const sessions = await scene.serve();
    const { token } = await sessions.createSession(alice.id);
    await scene.setDisabled(true);
    return () => sessions.validateSession(token);
  },
  'getUsernameFromSession, getUsernameAndRoleFromSession': withToken((sessions, token) =>
    sessions.getUsernameFromSession(token),
  ),
  selectCharacter: withToken((sessions, token) => sessions.selectCharacter(token, aria.id)),
  'selectCharacter, taking over': async (scene) => {
    const sessions = await scene.serve();
    const { token: holder } = await sessions.createSession(alice.id);
    const { token } = await sessions.createSession(alice.id);
    await sessions.selectCharacter(holder, aria.id);
    return () => sessions.selectCharacter(token, aria.id);
  },
  releaseCharacter: withToken((sessions, token) => sessions.releaseCharacter(token)),
  logout: withToken((sessions, token) => sessions.logout(token)),
  removeSession: async ({ serve }) => {
    const sessions = await serve();
    const { session } = await sessions.createSession(alice.id);
    return () => sessions.removeSession(session.id);
  },
  'removeSessionsForUser, credentialsChanged': bare((sessions) => sessions.credentialsChanged(alice.id)),
  removeSessionsForCharacter: bare((sessions) => sessions.removeSessionsForCharacter(aria.id)),
  clearAllSessions: bare((sessions) => sessions.clearAllSessions()),
  cleanupExpiredSessions: bare((sessions) => sessions.cleanupExpiredSessions()),
  'start of MaintenanceMode': withAll(({ maintenance }) => maintenance.start(CLOSED)),
  'end of MaintenanceMode': withAll(({ maintenance }) => maintenance.end()),
  'current of MaintenanceMode': withAll(({ maintenance }) => maintenance.current()),
  getActiveSessionCount: bare((sessions) => sessions.getActiveSessionCount()),
  getActiveCharacters: bare((sessions) => sessions.getActiveCharacters('mist')),
  'checkSession, requireRecentAuthentication': async ({ serve }) => {
    const sessions = await serve();
    const { session } = await sessions.createSession(alice.id);
    return () => sessions.checkSession(session.id);
  },
  reauthenticate: withToken((sessions, token) => sessions.reauthenticate(token)),
  'attach of LiveSessions': withAll(({ live, token }) => live.attach(token, { close() {} })),
  'detach of LiveSessions': async (scene) => {
    const { live, token } = await serveAll(scene);
    const attachment = await live.attach(token, { close() {} });
    return async () => {
      attachment.detach();
      await sleep(100); // nobody waits for it
    };
  },
  'who of LiveSessions': withAll(({ live }) => live.who('mist')),
  'countPresent of LiveSessions': withAll(({ live }) => live.countPresent()),
  'hide of LiveSessions': withAll(({ live, token }) => live.hide(token)),
  'signIn of RememberService, remembered': withAll(({ remember }) =>
    remember.signIn(alice.id, { remember: true }),
  ),
  'redeem of RememberService': withClient((remember, token) => remember.redeem(token)),
  'redeem of RememberService, a token that was used before': async (scene) => {
    const { remember } = await serveAll(scene);
    const { rememberToken } = await remember.signIn(alice.id, { remember: true });
    await remember.redeem(rememberToken);
    scene.clock.advance(10_000);
    return () => remember.redeem(rememberToken);
  },
  'revoke of RememberService': withClient((remember, token) => remember.revoke(token)),
};

const table = tableOf(readPage('docs/postgres.md'), 'call');

describe('the table of costs in docs/postgres.md', () => {
  let db: PGlite;
  beforeAll(async () => {
    db = new PGlite();
    await migrateToLatest(pglitePool(db));
    await db.exec(hostTablesSql('integer'));
    await db.exec(`insert into users values (1, 'alice', 'player', false)`);
    await db.exec(`insert into characters values (11, 1, 'Aria', 'mist')`);
  }, 60_000);
  afterAll(() => db.close());

  it('has the rows that are measured here', () => {
    expect(table.map((row) => row['call'])).toEqual(Object.keys(ROWS));
  });

  it.each(table.map((row) => [row['call'] ?? '', row] as const))('is right about %s', async (call, row) => {
    const measured = [];
    for (const people of ['relations', 'a directory'] as const) {
      const scene = await setTheScene(people);
      const act = await ROWS[call]?.(scene);
      scene.pool.take();
      await act?.().catch(() => {}); // a refusal has its price too
      measured.push(scene.pool.take().length);
    }

    expect([Number(row['statements with relations']), Number(row['statements with a directory'])]).toEqual(
      measured,
    );
  });

  async function setTheScene(people: 'relations' | 'a directory'): Promise<Scene> {
    await db.exec(
      `delete from mud_auth.sessions; delete from mud_auth.session_endings; delete from mud_auth.maintenance;
       update users set disabled = false`,
    );
    const pool = countingPool(pglitePool(db));
    const clock = new FakeClock();
    const directory = new MemoryDirectory({ users: [alice], characters: [aria] });
    const relations = {
      users: { relation: 'users', idType: 'integer' },
      characters: { relation: 'characters', idType: 'integer' },
    } as const;
    const open = (options: { migrate?: boolean } = {}): PostgresSessionStore =>
      new PostgresSessionStore({
        pool,
        clock,
        ...options,
        ...(people === 'relations' ? relations : { directory }),
      });

    return {
      pool,
      clock,
      open,
      async serve(policy = {}) {
        const store = open();
        await store.ready();

        return new SessionService({ store, policy });
      },
      async setDisabled(disabled) {
        await directory.putUser({ ...alice, disabled });
        await db.query('update users set disabled = $1', [disabled]);
      },
    };
  }
});
