import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SessionStoreError } from '../../src/errors.ts';
import { LocalSessionEvents } from '../../src/live/session-events.ts';
import { alice, aria, bob, errorOf, MINUTE, SECOND } from '../session/fixture.ts';
import { type LiveHost, NotedConnection, openLiveHost } from './fixture.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** What a host may do to a session of Alice, and what its connection is told. */
const ENDS: Readonly<Record<string, (host: LiveHost, token: string, id: string) => Promise<unknown>>> = {
  kicked: ({ service }, _token, id) => service.removeSession(id),
  banned: ({ service }) => service.removeSessionsForUser(alice.id, { reason: 'banned' }),
  credentials_changed: ({ service }) =>
    service.removeSessionsForUser(alice.id, { reason: 'credentials_changed' }),
  cleared: ({ service }) => service.clearAllSessions(),
  logged_out: ({ service }, token) => service.logout(token),
};

describe('a connection', () => {
  it.each(Object.entries(ENDS))('is closed at once when its session is %s', async (reason, end) => {
    const host = openLiveHost();
    const { token, id, connection } = await attached(host);

    await end(host, token, id);
    await vi.advanceTimersByTimeAsync(0);

    expect(connection.reason).toBe(reason);
    expect(connection.ends[0]?.message).toMatch(/^[A-Z][^_]*\.$/);
    expect(host.live.size).toBe(0);
  });

  it('is closed when the session that plays its character is removed', async () => {
    const host = openLiveHost();
    const { token, connection } = await attached(host);
    await host.service.selectCharacter(token, aria.id);

    expect(await host.service.removeSessionsForCharacter(aria.id)).toBe(1);
    await vi.advanceTimersByTimeAsync(0);

    expect(connection.reason).toBe('kicked');
  });

  it('stays watched when it was attached twice, and the first attachment is given up', async () => {
    const host = openLiveHost();
    const { token, connection, attachment } = await attached(host);
    await host.live.attach(token, connection);

    attachment.detach();
    attachment.detach();
    expect(connection.reason).toBeNull();
    await host.service.logout(token);
    await vi.advanceTimersByTimeAsync(0);

    expect(connection.reason).toBe('logged_out');
  });

  it('stays watched when it could not be attached a second time', async () => {
    let isDown = false;
    const host = openLiveHost({
      around: (method, call) =>
        method === 'linkSession' && isDown ? Promise.reject(new Error('no route to host')) : call(),
    });
    const { token, connection } = await attached(host);
    isDown = true;
    await expect(host.live.attach(token, connection)).rejects.toThrow('no route to host');
    isDown = false;

    await host.service.logout(token);
    await vi.advanceTimersByTimeAsync(0);

    expect(connection.reason).toBe('logged_out');
  });

  it('is waited for by a node that goes down, also if it was being closed already', async () => {
    const host = openLiveHost();
    const { token } = await host.service.createSession(alice.id);
    const { promise: said, resolve: say } = Promise.withResolvers<void>();
    await host.live.attach(token, { close: () => said });
    await host.service.logout(token);
    await vi.advanceTimersByTimeAsync(0);
    let isDown = false;

    const closing = host.live.close().then(() => (isDown = true));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(isDown).toBe(false);
    say();
    await closing;

    expect(host.errors).toEqual([]);
  });

  it('holds up nobody who comes to a node that is down, though it never closes', async () => {
    const host = openLiveHost();
    const { token } = await host.service.createSession(alice.id);
    await host.live.close();

    const attaching = host.live.attach(token, { close: () => new Promise(() => {}) });
    await vi.advanceTimersByTimeAsync(5_000);

    await expect(attaching).resolves.toBeDefined();
  });

  it('stays open when its player shows his credentials again, and gets another token', async () => {
    const host = openLiveHost();
    const { token, connection } = await attached(host);

    await host.service.reauthenticate(token);
    await host.live.sweep();
    await vi.advanceTimersByTimeAsync(MINUTE);

    expect(connection.reason).toBeNull();
  });

  it('stays open in the session that a change of credentials keeps, and in no other', async () => {
    const host = openLiveHost();
    const [kept, other] = [await attached(host), await attached(host)];

    await host.service.credentialsChanged(alice.id, { keepSessionId: kept.id });
    await vi.advanceTimersByTimeAsync(0);

    expect(kept.connection.reason).toBeNull();
    expect(other.connection.reason).toBe('credentials_changed');
  });

  it('is closed when another session takes its character over, and that one stays', async () => {
    const host = openLiveHost();
    const old = await attached(host);
    await host.service.selectCharacter(old.token, aria.id);
    const fresh = await attached(host);

    await host.service.selectCharacter(fresh.token, aria.id);
    await vi.advanceTimersByTimeAsync(0);

    expect(old.connection.reason).toBe('taken_over');
    expect(fresh.connection.reason).toBeNull();
  });

  it('is closed with the words of the host when the game is closed for maintenance', async () => {
    const host = openLiveHost();
    const { connection } = await attached(host);

    await host.maintenance.start({ admit: 'admin', message: 'Back at noon.', endSessions: true });
    await vi.advanceTimersByTimeAsync(0);

    expect(connection.ends).toEqual([{ reason: 'maintenance', message: 'Back at noon.' }]);
  });

  it('is not closed any more when it goes while those words are read', async () => {
    const host = openLiveHost({
      around: (method, call) => (method === 'findMaintenance' ? new Promise(() => {}) : call()),
    });
    const { connection, attachment } = await attached(host);
    await host.maintenance.start({ admit: 'admin', message: 'Back at noon.', endSessions: true });
    await vi.advanceTimersByTimeAsync(0);

    attachment.detach();
    await host.pass(10 * SECOND);

    expect(connection.reason).toBeNull();
  });

  it('is closed with a sentence for a reason that only a newer version knows', async () => {
    const host = openLiveHost();
    const { id, connection } = await attached(host);
    await host.store.endSession(id, { reason: 'abducted' as 'kicked', actorId: null });

    await host.live.sweep();

    expect(connection.ends).toEqual([
      { reason: 'abducted', message: 'Your session is no longer valid. Please log in again.' },
    ]);
  });

  it('is closed with the words of the library when those of the host cannot be read', async () => {
    const host = openLiveHost({
      around: (method, call) => (method === 'findMaintenance' ? new Promise(() => {}) : call()),
    });
    const { connection } = await attached(host);

    await host.maintenance.start({ admit: 'admin', message: 'Back at noon.', endSessions: true });
    await host.pass(2 * SECOND);

    expect(connection.reason).toBe('maintenance');
    expect(connection.ends[0]?.message).toContain('closed for maintenance');
  });

  it('is closed when a new session replaces its own under a limit', async () => {
    const host = openLiveHost({ policy: { maxSessionsPerUser: 1 } });
    const { connection } = await attached(host);

    await host.service.createSession(alice.id);
    await vi.advanceTimersByTimeAsync(0);

    expect(connection.reason).toBe('replaced');
  });

  it('is not closed for the end of another session of the user, or of another user', async () => {
    const host = openLiveHost();
    const { connection } = await attached(host);
    const other = await host.service.createSession(alice.id);

    await host.service.removeSession(other.session.id);
    await host.service.createSession(bob.id);
    await host.service.removeSessionsForUser(bob.id);
    await host.pass(30 * SECOND);

    expect(connection.reason).toBeNull();
  });

  it('of a new session stays when a late hint tells of the end of all former ones', async () => {
    const events = new LocalSessionEvents();
    const host = openLiveHost({ events });
    const { connection } = await attached(host);

    await events.publish({ type: 'user_sessions_ended', userId: alice.id, reason: 'kicked', actorId: null });
    await events.publish({ type: 'all_sessions_ended', reason: 'cleared', actorId: null });
    await vi.advanceTimersByTimeAsync(0);

    expect(connection.reason).toBeNull();
  });

  it('is closed by the next sweep when nobody has told of the end', async () => {
    const host = openLiveHost();
    const { id, connection } = await attached(host);

    await host.store.endSession(id, { reason: 'kicked', actorId: null });
    await host.pass(9 * SECOND);
    expect(connection.reason).toBeNull();
    await host.pass(SECOND);

    expect(connection.reason).toBe('kicked');
  });

  it('is closed at once when the channel says that something may have been missed', async () => {
    const events = new LocalSessionEvents();
    let missed = nothing;
    const host = openLiveHost({
      events: {
        publish: (event) => events.publish(event),
        subscribe(subscriber) {
          missed = () => subscriber.missed();
          return events.subscribe(subscriber);
        },
      },
    });
    const { id, connection } = await attached(host);
    await host.store.endSession(id, { reason: 'kicked', actorId: null });

    missed();
    await vi.advanceTimersByTimeAsync(0);

    expect(connection.reason).toBe('kicked');
  });

  it('is closed when a sweep finds its user banned, and the session has ended for good', async () => {
    const host = openLiveHost();
    const { token, connection } = await attached(host);

    await host.directory.putUser({ ...alice, disabled: true });
    await host.pass(10 * SECOND);
    expect(connection.reason).toBe('banned');

    await host.directory.putUser(alice);
    await expect(host.service.validateSession(token)).rejects.toMatchObject({ reason: 'banned' });
  });

  it('is closed as invalid when the host no longer knows its user', async () => {
    const host = openLiveHost();
    const { connection } = await attached(host);

    await host.directory.deleteUser(alice.id);
    await host.pass(10 * SECOND);

    expect(connection.reason).toBe('invalid');
  });

  it('is told when its user has another role', async () => {
    const host = openLiveHost();
    const { connection, attachment } = await attached(host);

    await host.directory.putUser({ ...alice, role: 'admin' });
    await host.pass(20 * SECOND);

    expect(connection.changes.map(({ role }) => role)).toEqual(['admin']);
    expect(attachment.principal.role).toBe('admin');
    expect(connection.reason).toBeNull();
  });

  it('is closed when its session ends between the validate and the watch', async () => {
    let end: () => Promise<void> | void = nothing;
    const host = openLiveHost({
      async around(method, call) {
        const result = await call();
        if (method === 'findSession') await end();
        return result;
      },
    });
    const { token, session } = await host.service.createSession(alice.id);
    end = async () => {
      end = nothing;
      await host.service.removeSession(session.id);
    };
    const connection = new NotedConnection();

    await host.live.attach(token, connection);

    expect(connection.reason).toBe('kicked');
  });

  it('is left alone when its token does not open a session', async () => {
    const host = openLiveHost();
    const connection = new NotedConnection();

    await expect(host.live.attach('mas_nonsense', connection)).rejects.toMatchObject({ status: 401 });

    expect(connection.reason).toBeNull();
    expect(host.live.size).toBe(0);
  });

  it('hears nothing after it was detached, and its session lives on', async () => {
    const host = openLiveHost();
    const { token, id, connection, attachment } = await attached(host);

    attachment.detach();
    attachment.detach();
    expect(host.live.size).toBe(0);
    await expect(host.service.validateSession(token)).resolves.toBeDefined();
    await host.service.removeSession(id);
    await host.pass(20 * SECOND);

    expect(connection.reason).toBeNull();
  });

  it('harms no other by what it throws, and the host is told', async () => {
    const host = openLiveHost({ live: { severalConnections: true } });
    const { token, session } = await host.service.createSession(alice.id);
    const failure = new Error('The socket is gone.');
    const throwing = { close: () => Promise.reject(failure) };
    const throwingAtOnce = {
      close() {
        throw failure;
      },
    };
    const hanging = { close: () => new Promise<void>(() => {}) };
    const sound = new NotedConnection();
    for (const connection of [throwing, throwingAtOnce, hanging, sound])
      await host.live.attach(token, connection);

    await host.service.removeSession(session.id);
    await vi.advanceTimersByTimeAsync(0);

    expect(sound.reason).toBe('kicked');
    expect(host.errors).toEqual([failure, failure]);
  });

  it('harms nobody either when the host fails to be told of it', async () => {
    const host = openLiveHost({
      live: {
        severalConnections: true,
        onError() {
          throw new Error('The log is full.');
        },
      },
    });
    const { token, id, connection } = await attached(host);
    await host.live.attach(token, { close: () => Promise.reject(new Error('The socket is gone.')) });

    await host.service.removeSession(id);
    await vi.advanceTimersByTimeAsync(0);

    expect(connection.reason).toBe('kicked');
  });

  it('ends a session for its caller also when a subscriber fails, and the host is told', async () => {
    const events = new LocalSessionEvents();
    const failure = new Error('A subscriber of the host.');
    const host = openLiveHost({ events });
    events.subscribe({
      heard() {
        throw failure;
      },
      missed() {},
    });
    const { id, connection } = await attached(host);

    expect(await host.service.removeSession(id)).toBe(true);
    await vi.advanceTimersByTimeAsync(0);

    expect(connection.reason).toBe('kicked');
    expect(host.errors).toMatchObject([{ errors: [failure] }]);
  });
});

describe('of several connections in one session', () => {
  it('the newest stays: the others may be dead without knowing it', async () => {
    const host = openLiveHost();
    const { token, connection: old } = await attached(host);
    const fresh = new NotedConnection();

    await host.live.attach(token, fresh);

    expect(old.reason).toBe('reconnected');
    expect(fresh.reason).toBeNull();
    expect(host.live.size).toBe(1);
  });

  it('the newest stays when all come at the same moment', async () => {
    const host = openLiveHost();
    const { token } = await host.service.createSession(alice.id);
    const all = Array.from({ length: 10 }, () => new NotedConnection());

    await Promise.all(all.map((connection) => host.live.attach(token, connection)));

    expect(all.map(({ reason }) => reason)).toEqual([
      ...Array.from({ length: 9 }, () => 'reconnected'),
      null,
    ]);
  });

  it('the one that was closed does not detach the others', async () => {
    const host = openLiveHost();
    const { token, id, attachment } = await attached(host);
    const fresh = new NotedConnection();
    await host.live.attach(token, fresh);

    attachment.detach();
    await host.service.removeSession(id);
    await vi.advanceTimersByTimeAsync(0);

    expect(fresh.reason).toBe('kicked');
  });

  it('all stay where the host wants it, and all are closed at its end', async () => {
    const host = openLiveHost({ live: { severalConnections: true } });
    const { token, id, connection } = await attached(host);
    const other = new NotedConnection();
    await host.live.attach(token, other);
    expect(connection.reason).toBeNull();

    await host.service.removeSession(id);
    await vi.advanceTimersByTimeAsync(0);

    expect([connection.reason, other.reason]).toEqual(['kicked', 'kicked']);
  });
});

describe('at a deadline', () => {
  it('a connection is warned once, and closed from the very instant on', async () => {
    const host = openLiveHost({ policy: { idleTimeoutMs: 20 * MINUTE } });
    const { connection } = await attached(host);

    await host.pass(18 * MINUTE - SECOND);
    expect(connection.warnings).toEqual([]);
    await host.pass(SECOND);
    expect(connection.warnings).toEqual([{ deadline: 'idle', expiresInMs: 2 * MINUTE }]);
    await host.pass(2 * MINUTE - SECOND);
    expect(connection.reason).toBeNull();
    await host.pass(SECOND);

    expect(connection.reason).toBe('expired');
    expect(connection.warnings).toHaveLength(1);
  });

  it('a player who comes back on another connection is warned there', async () => {
    const host = openLiveHost({ policy: { idleTimeoutMs: 20 * MINUTE, absoluteTimeoutMs: 20 * MINUTE } });
    const { token } = await attached(host);
    await host.pass(19 * MINUTE);
    const fresh = new NotedConnection();

    await host.live.attach(token, fresh);

    expect(fresh.warnings).toEqual([{ deadline: 'absolute', expiresInMs: MINUTE }]);
  });

  it('a player who does something is warned of the next one anew', async () => {
    const host = openLiveHost({ policy: { idleTimeoutMs: 20 * MINUTE } });
    const { token, connection } = await attached(host);
    await host.pass(19 * MINUTE);

    await host.service.validateSession(token);
    await host.pass(17 * MINUTE);
    expect(connection.warnings).toHaveLength(1);
    await host.pass(MINUTE);

    expect(connection.warnings).toHaveLength(2);
    expect(connection.reason).toBeNull();
  });

  it('keep-alives do not hold the session', async () => {
    const host = openLiveHost({ policy: { idleTimeoutMs: 20 * MINUTE } });
    const { token, connection } = await attached(host);

    for (let minute = 0; minute < 20; minute += 1) {
      await host.service.validateSession(token, { touch: false });
      await host.pass(MINUTE);
    }

    expect(connection.reason).toBe('expired');
  });

  it('the absolute one is told as such, and no activity moves it on', async () => {
    const host = openLiveHost({ policy: { idleTimeoutMs: 20 * MINUTE, absoluteTimeoutMs: 30 * MINUTE } });
    const { token, connection } = await attached(host);

    for (let minute = 0; minute < 30; minute += 1) {
      expect(connection.reason).toBeNull();
      await host.service.validateSession(token);
      await host.pass(MINUTE);
    }

    expect(connection.warnings).toEqual([{ deadline: 'absolute', expiresInMs: 2 * MINUTE }]);
    expect(connection.reason).toBe('expired');
  });

  it('whose idle time is short is warned for a quarter of it', async () => {
    const host = openLiveHost({ policy: { idleTimeoutMs: MINUTE } });
    const { connection } = await attached(host);

    await host.pass(44 * SECOND);
    expect(connection.warnings).toEqual([]);
    await host.pass(SECOND);

    expect(connection.warnings).toEqual([{ deadline: 'idle', expiresInMs: 15 * SECOND }]);
  });
});

describe('while the store does not answer', () => {
  const outage = new SessionStoreError('no route to host', { retryable: true, outcome: 'unknown' });

  it('connections stay for the offline grace, and are closed then', async () => {
    const { host, fail } = openFailingHost();
    const { connection } = await attached(host);

    fail(true);
    await host.pass(59 * SECOND);
    expect(connection.reason).toBeNull();
    await host.pass(7 * SECOND);

    expect(connection.reason).toBe('offline');
  });

  it('thousands of connections are closed no later', async () => {
    const host = openLiveHost({
      around: (_method, call) => (isStuck ? new Promise(() => {}) : call()),
    });
    let isStuck = false;
    const all = [];
    for (let n = 0; n < 3_000; n += 1) all.push(await attached(host));

    isStuck = true;
    await host.pass(76 * SECOND);

    expect(all.filter(({ connection }) => connection.reason !== 'offline')).toEqual([]);
  });

  it('a shorter outage throws nobody out, and who was revoked in it is thrown out after', async () => {
    const { host, fail } = openFailingHost();
    const kept = await attached(host);
    const gone = await attached(host);

    fail(true);
    await host.pass(50 * SECOND);
    await host.store.endSession(gone.id, { reason: 'kicked', actorId: null });
    fail(false);
    await host.pass(10 * SECOND);

    expect(kept.connection.reason).toBeNull();
    expect(gone.connection.reason).toBe('kicked');
  });

  it('outages that are over do not add up', async () => {
    const { host, fail } = openFailingHost();
    const { connection } = await attached(host);

    for (let time = 0; time < 5; time += 1) {
      fail(true);
      await host.pass(50 * SECOND);
      fail(false);
      await host.pass(20 * SECOND);
    }

    expect(connection.reason).toBeNull();
  });

  it('a look that never returns does not keep others from being looked at', async () => {
    let stuckId: string | null = null;
    const host = openLiveHost({
      around: (method, call) =>
        method === 'findSession' && stuckId === 'any' ? new Promise(() => {}) : call(),
    });
    const stuck = await attached(host);
    stuckId = 'any';
    await host.pass(10 * SECOND);
    stuckId = null;
    const other = await attached(host);
    await host.store.endSession(other.id, { reason: 'kicked', actorId: null });

    await host.pass(30 * SECOND);

    expect(other.connection.reason).toBe('kicked');
    expect(stuck.connection.reason).toBeNull();
  });

  it('nobody is attached', async () => {
    const { host, fail } = openFailingHost();
    const { token } = await host.service.createSession(alice.id);
    fail(true);

    expect(await errorOf(host.live.attach(token, new NotedConnection()))).toBe(outage);
  });

  function openFailingHost(): { readonly host: LiveHost; readonly fail: (isDown: boolean) => void } {
    let isDown = false;
    const host = openLiveHost({
      async around(_method, call) {
        if (isDown) throw outage;
        return call();
      },
    });

    return { host, fail: (down) => (isDown = down) };
  }
});

describe('when the process goes down', () => {
  it('all connections are closed, and their sessions live on', async () => {
    const host = openLiveHost();
    const first = await attached(host);
    const second = await attached(host);

    await host.live.close();

    expect([first.connection.reason, second.connection.reason]).toEqual(['shutdown', 'shutdown']);
    await expect(host.service.validateSession(first.token)).resolves.toBeDefined();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits for connections, but not for ever', async () => {
    const host = openLiveHost();
    const { token } = await host.service.createSession(alice.id);
    await host.live.attach(token, { close: () => new Promise<void>(() => {}) });
    let isClosed = false;

    void host.live.close().then(() => (isClosed = true));
    await host.pass(4 * SECOND);
    expect(isClosed).toBe(false);
    await host.pass(SECOND);

    expect(isClosed).toBe(true);
  });

  it('who comes later is sent home at once', async () => {
    const host = openLiveHost();
    const { token } = await host.service.createSession(alice.id);
    const late = new NotedConnection();
    await host.live.close();

    await host.live.attach(token, late);

    expect(late.reason).toBe('shutdown');
  });
});

describe('over ten thousand rounds of attach and detach', () => {
  it('nothing is left behind', async () => {
    const host = openLiveHost();
    const { token } = await host.service.createSession(alice.id);
    await vi.advanceTimersByTimeAsync(0);
    const timers = vi.getTimerCount();

    for (let round = 0; round < 10_000; round += 1) {
      (await host.live.attach(token, new NotedConnection())).detach();
    }
    await vi.advanceTimersByTimeAsync(0);

    expect(host.live.size).toBe(0);
    expect(vi.getTimerCount()).toBe(timers);
  });
});

async function attached(host: LiveHost) {
  const { token, session } = await host.service.createSession(alice.id);
  const connection = new NotedConnection();
  const attachment = await host.live.attach(token, connection);

  return { token, id: session.id, connection, attachment };
}

function nothing(): void {}
