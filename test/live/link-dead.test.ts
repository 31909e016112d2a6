import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SessionStoreError } from '../../src/errors.ts';
import { LocalSessionEvents } from '../../src/live/session-events.ts';
import { type LeavingReason, LiveSessions } from '../../src/live/index.ts';
import type { Principal } from '../../src/session/principal.ts';
import { alice, aria, type Around, borin, MINUTE, SECOND } from '../session/fixture.ts';
import { type LiveHost, type LiveHostOptions, NotedConnection, openLiveHost } from './fixture.ts';

const UNKNOWN = { retryable: true, outcome: 'unknown' } as const;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a player whose connection has dropped', () => {
  it('keeps his character for 90 seconds, and then his session without it', async () => {
    const { host, token, attachment, told } = await playing();

    attachment.detach();
    await host.pass(89 * SECOND);
    expect(await whoIsThere(host)).toEqual(['Aria, link-dead']);
    expect(told).toEqual(['alice is link-dead']);
    await host.pass(2 * SECOND);

    expect(await whoIsThere(host)).toEqual([]);
    expect(told).toEqual(['alice is link-dead', 'alice has left: grace_over']);
    const { session } = await host.service.validateSession(token);
    expect(session.characterId).toBeNull();
  });

  it('is told to the host with the character that he plays by then', async () => {
    const characters: (string | null)[] = [];
    const note = ({ session }: Principal): void => void characters.push(session.characterId);
    const { host, attachment } = await playing({ live: { onLinkDead: note, onLeft: note } });

    attachment.detach();
    await host.pass(2 * MINUTE);

    expect(characters).toEqual([aria.id, aria.id]);
  });

  it('is in his place again when he comes back in time', async () => {
    const { host, token, attachment, told } = await playing();
    attachment.detach();
    await host.pass(60 * SECOND);
    const fresh = new NotedConnection();

    await host.live.attach(token, fresh);
    await host.pass(5 * MINUTE);

    expect(await whoIsThere(host)).toEqual(['Aria']);
    expect(fresh.reason).toBeNull();
    expect(told).toEqual(['alice is link-dead']);
  });

  it('is waited for anew at each drop', async () => {
    const { host, token, attachment, told } = await playing();
    attachment.detach();
    await host.pass(60 * SECOND);
    const again = await host.live.attach(token, new NotedConnection());
    again.detach();

    await host.pass(60 * SECOND);
    expect(await whoIsThere(host)).toEqual(['Aria, link-dead']);
    await host.pass(31 * SECOND);

    expect(await whoIsThere(host)).toEqual([]);
    expect(told).toEqual(['alice is link-dead', 'alice is link-dead', 'alice has left: grace_over']);
  });

  it('is waited for as long as his role has it', async () => {
    const { host, attachment } = await playing({
      policy: { byRole: { player: { linkDeadGraceMs: SECOND } } },
    });

    attachment.detach();
    await host.pass(2 * SECOND);

    expect(await whoIsThere(host)).toEqual([]);
  });

  it('leaves at once where there is no grace', async () => {
    const { host, attachment } = await playing({ policy: { linkDeadGraceMs: 0 } });

    attachment.detach();
    await host.pass(SECOND);

    expect(await whoIsThere(host)).toEqual([]);
  });

  it('stays while the host keeps him, and leaves when it lets him go', async () => {
    let isFighting = true;
    const { host, attachment } = await playing({ live: { mayLeave: async () => !isFighting } });
    attachment.detach();

    await host.pass(10 * MINUTE);
    expect(await whoIsThere(host)).toEqual(['Aria, link-dead']);
    isFighting = false;
    await host.pass(6 * SECOND);

    expect(await whoIsThere(host)).toEqual([]);
  });

  it('comes back while the host is asked, and stays', async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<boolean>();
    const { host, token, attachment } = await playing({
      live: {
        mayLeave() {
          asked.resolve();
          return answer.promise;
        },
      },
    });
    attachment.detach();
    await host.pass(91 * SECOND);
    await asked.promise;

    await host.live.attach(token, new NotedConnection());
    answer.resolve(true);
    await host.pass(10 * SECOND);

    expect(await whoIsThere(host)).toEqual(['Aria']);
  });

  it('leaves when the rule of the host forgets to answer', async () => {
    const { host, attachment } = await playing({ live: { mayLeave: (() => {}) as never } });

    attachment.detach();
    await host.pass(91 * SECOND);

    expect(await whoIsThere(host)).toEqual([]);
  });

  it('leaves when the host never says whether he may, which is asked once at a time', async () => {
    let asked = 0;
    const { host, attachment } = await playing({
      live: {
        mayLeave() {
          asked += 1;
          return new Promise<boolean>(() => {});
        },
      },
    });

    attachment.detach();
    await host.pass(100 * SECOND);
    expect(asked).toBe(1);
    await host.pass(10 * SECOND);

    expect(await whoIsThere(host)).toEqual([]);
  });

  it('leaves when the host fails to say whether he may, and the host is told of it', async () => {
    const failure = new Error('The fight has no rounds.');
    const { host, attachment } = await playing({
      live: {
        mayLeave() {
          throw failure;
        },
      },
    });

    attachment.detach();
    await host.pass(91 * SECOND);

    expect(await whoIsThere(host)).toEqual([]);
    expect(host.errors).toEqual([failure]);
  });

  it('has nothing to keep without a character', async () => {
    const { host, token, attachment, told } = await playing();
    await host.service.releaseCharacter(token);

    attachment.detach();
    await host.pass(SECOND);

    expect((await host.service.checkSession(await sessionIdOf(host, token))).nodeId).toBeNull();
    expect(told).toEqual([]);
  });

  it('loses his place with his session when that is ended', async () => {
    const { host, attachment, told, id } = await playing();
    attachment.detach();
    await host.pass(SECOND);

    await host.service.removeSession(id);
    await host.pass(5 * MINUTE);

    expect(await whoIsThere(host)).toEqual([]);
    expect(told).toEqual(['alice is link-dead', 'alice has left: kicked']);
  });

  it('loses it when his session expires while he is away', async () => {
    const { host, attachment, told } = await playing({ policy: { idleTimeoutMs: 60 * SECOND } });
    attachment.detach();

    await host.pass(75 * SECOND);

    expect(told).toEqual(['alice is link-dead', 'alice has left: expired']);
  });

  it('loses it, and the host is told once, though the store’s answer is lost', async () => {
    const { host, attachment, told } = await playing({
      async around(method, call) {
        const answer = await call();
        if (method === 'dropLinkDead') throw new SessionStoreError('lost', UNKNOWN);
        return answer;
      },
    });
    attachment.detach();

    await host.pass(2 * MINUTE);

    expect(await whoIsThere(host)).toEqual([]);
    expect(told).toEqual(['alice is link-dead', 'alice has left: grace_over']);
  });

  it('who comes back as his character leaves is without it, and the host knows', async () => {
    const dropping = Promise.withResolvers<void>();
    const { host, token, attachment, told } = await playing({
      async around(method, call) {
        const answer = await call();
        if (method === 'dropLinkDead') await dropping.promise;
        return answer;
      },
    });
    attachment.detach();
    await host.pass(91 * SECOND);
    const fresh = new NotedConnection();
    await host.live.attach(token, fresh);
    dropping.resolve();

    await host.pass(20 * SECOND);

    expect(told).toEqual(['alice is link-dead', 'alice has left: grace_over']);
    expect(fresh.reason).toBeNull();
    expect((await host.service.validateSession(token)).session.characterId).toBeNull();
  });

  it('has not lost it while another connection of his session is open', async () => {
    const { host, token, attachment } = await playing({ live: { severalConnections: true } });
    await host.live.attach(token, new NotedConnection());

    attachment.detach();
    await host.pass(5 * MINUTE);

    expect(await whoIsThere(host)).toEqual(['Aria']);
  });

  it('may play another character later', async () => {
    const { host, token, attachment } = await playing();
    attachment.detach();
    await host.pass(2 * MINUTE);

    await host.live.attach(token, new NotedConnection());
    await host.service.selectCharacter(token, borin.id);

    expect(await host.live.who('stone')).toMatchObject([{ characterName: 'Borin', isLinkDead: false }]);
  });
});

describe('while the store does not answer', () => {
  it('who drops is link-dead when it answers again', async () => {
    const { host, attachment, fail } = await failing();
    fail(true);
    attachment.detach();
    await host.pass(30 * SECOND);
    fail(false);
    await host.pass(10 * SECOND);

    expect(await whoIsThere(host)).toEqual(['Aria, link-dead']);
    await host.pass(91 * SECOND);

    expect(await whoIsThere(host)).toEqual([]);
  });

  it('who is closed as offline keeps his place until it has answered for the grace time', async () => {
    const { host, token, connection, fail } = await failing();
    fail(true);
    await host.pass(5 * MINUTE);
    expect(connection.reason).toBe('offline');
    fail(false);
    await host.pass(20 * SECOND);

    expect(await whoIsThere(host)).toEqual(['Aria, link-dead']);
    await host.live.attach(token, new NotedConnection());

    expect(await whoIsThere(host)).toEqual(['Aria']);
  });

  it('nobody leaves the game, and all do after it', async () => {
    const { host, attachment, fail } = await failing();
    attachment.detach();
    await host.pass(60 * SECOND);
    fail(true);
    await host.pass(60 * SECOND);
    fail(false);
    await host.pass(11 * SECOND);

    expect(await whoIsThere(host)).toEqual([]);
  });
});

describe('on two nodes', () => {
  it('who comes back on the other is closed on the first, at once', async () => {
    const { host, other, token, connection } = await onTwoNodes();
    const fresh = new NotedConnection();

    await other.attach(token, fresh);
    await vi.advanceTimersByTimeAsync(0);

    expect(connection.reason).toBe('reconnected');
    expect(host.live.size).toBe(0);
    await host.pass(5 * MINUTE);
    expect(fresh.reason).toBeNull();
    expect(await whoIsThere(host)).toEqual(['Aria']);
  });

  it('who comes back on the other is closed on the first by its sweep, where nothing is told', async () => {
    const { host, other, token, connection } = await onTwoNodes({ events: unheard() });

    await other.attach(token, new NotedConnection());
    expect(connection.reason).toBeNull();
    await host.pass(10 * SECOND);

    expect(connection.reason).toBe('reconnected');
    expect(await whoIsThere(host)).toEqual(['Aria']);
  });

  it('of two that come at the same moment one stays', async () => {
    const { host, other, token } = await onTwoNodes();
    const [here, there] = [new NotedConnection(), new NotedConnection()];

    await Promise.all([host.live.attach(token, here), other.attach(token, there)]);
    await host.pass(10 * SECOND);

    expect(new Set([here.reason, there.reason])).toEqual(new Set([null, 'reconnected']));
  });

  it('who goes back and forth is left where he was last', async () => {
    const { host, other, token } = await onTwoNodes();
    const all: NotedConnection[] = [];
    for (let turn = 0; turn < 20; turn += 1) {
      const connection = new NotedConnection();
      all.push(connection);
      await (turn % 2 === 0 ? other : host.live).attach(token, connection);
    }
    await host.pass(20 * SECOND);

    expect(all.map(({ reason }) => reason)).toEqual([
      ...Array.from({ length: 19 }, () => 'reconnected'),
      null,
    ]);
  });

  it('who drops on one and comes back on the other is in his place, and the first forgets him', async () => {
    const { host, other, token, attachment, told } = await onTwoNodes();
    attachment.detach();
    await host.pass(30 * SECOND);

    await other.attach(token, new NotedConnection());
    await host.pass(5 * MINUTE);

    expect(await whoIsThere(host)).toEqual(['Aria']);
    expect(told).toEqual(['alice is link-dead']);
  });

  it('one that goes down leaves its players to the other, who waits for them', async () => {
    const { host, other, token, connection } = await onTwoNodes();

    await host.live.close();
    expect(connection.reason).toBe('shutdown');
    expect(await whoIsThere(host)).toEqual(['Aria, link-dead']);
    await host.pass(80 * SECOND);
    expect(await whoIsThere(host)).toEqual(['Aria, link-dead']);
    await other.attach(token, new NotedConnection());

    expect(await whoIsThere(host)).toEqual(['Aria']);
  });

  it('the players of one that is gone leave when the other has waited for them', async () => {
    const { host, told } = await onTwoNodes();

    await host.live.close();
    await host.pass(2 * MINUTE);

    expect(await whoIsThere(host)).toEqual([]);
    expect(told).toEqual(['alice is link-dead', 'alice has left: grace_over']);
  });

  it('the players of one that is gone leave though it was not heard that they were adopted', async () => {
    const { host, told } = await onTwoNodes({
      async around(method, call) {
        const answer = await call();
        if (method === 'adoptSessions' && answer !== 0) throw new SessionStoreError('lost', UNKNOWN);
        return answer;
      },
    });

    await host.live.close();
    await host.pass(2 * MINUTE);

    expect(await whoIsThere(host)).toEqual([]);
    expect(told).toEqual(['alice is link-dead', 'alice has left: grace_over']);
  });

  it('nobody is there for ever whose link came late, when nobody waited for it any more', async () => {
    const links: (() => Promise<unknown>)[] = [];
    const host = openLiveHost({
      async around(method, call) {
        if (method !== 'linkSession') return call();
        links.push(call);
        throw new SessionStoreError('no answer', UNKNOWN);
      },
    });
    const { token } = await host.service.createSession(alice.id);
    await host.service.selectCharacter(token, aria.id);
    await expect(host.live.attach(token, new NotedConnection())).rejects.toMatchObject({ status: 503 });
    await host.pass(SECOND);
    await links[0]?.();
    expect(await whoIsThere(host)).toEqual(['Aria']);

    await host.pass(20 * SECOND);
    expect(await whoIsThere(host)).toEqual(['Aria, link-dead']);
    await host.pass(2 * MINUTE);

    expect(await whoIsThere(host)).toEqual([]);
  });

  it('one that was taken for dead takes its players back', async () => {
    let isStuck = false;
    const { host, connection } = await onTwoNodes({
      around: (method, call) =>
        method === 'keepNode' && isStuck ? Promise.reject(new Error('stuck')) : call(),
    });
    isStuck = true;
    await host.links.endNode(host.live.nodeId);

    await host.pass(2 * MINUTE);

    expect(connection.reason).toBeNull();
    expect(await host.service.checkSession(await idOfAria(host))).toMatchObject({
      nodeId: host.live.nodeId,
      linkDeadForMs: null,
    });
  });

  it('several connections of a session may be on both, and it is link-dead when both have dropped', async () => {
    const { host, other, token, attachment, connection } = await onTwoNodes({}, { severalConnections: true });
    const there = new NotedConnection();
    const second = await other.attach(token, there);
    await host.pass(20 * SECOND);
    expect([connection.reason, there.reason]).toEqual([null, null]);

    second.detach();
    await vi.advanceTimersByTimeAsync(0);
    expect(await whoIsThere(host)).toEqual(['Aria']);
    await host.pass(2 * MINUTE);
    expect(await whoIsThere(host)).toEqual(['Aria']);
    attachment.detach();
    await host.pass(SECOND);

    expect(await whoIsThere(host)).toEqual(['Aria, link-dead']);
  });
});

async function failing() {
  let isDown = false;
  const around: Around = async (_method, call) => {
    if (isDown) throw new SessionStoreError('no route', { retryable: true, outcome: 'unknown' });
    return call();
  };

  return { ...(await playing({ around })), fail: (down: boolean) => (isDown = down) };
}

/** Alice plays on a node; the store has another. Both have been there for a while. */
async function onTwoNodes(options: LiveHostOptions = {}, live: LiveHostOptions['live'] = {}) {
  const told: string[] = [];
  const opened = await playing({ ...options, live: { ...noting(told), ...live } });
  const other = new LiveSessions({
    sessions: opened.host.service,
    store: opened.host.links,
    ...noting(told),
    ...live,
  });
  await opened.host.pass(30 * SECOND);

  return { ...opened, other, told };
}

async function playing(options: LiveHostOptions = {}) {
  const told: string[] = [];
  const host = openLiveHost({ ...options, live: { ...noting(told), ...options.live } });
  const { token, session } = await host.service.createSession(alice.id);
  const connection = new NotedConnection();
  const attachment = await host.live.attach(token, connection);
  await host.service.selectCharacter(token, aria.id);

  return { host, token, id: session.id, connection, attachment, told };
}

function noting(told: string[]) {
  return {
    onLinkDead: ({ username }: { readonly username: string }) => void told.push(`${username} is link-dead`),
    onLeft: ({ username }: { readonly username: string }, reason: LeavingReason) =>
      void told.push(`${username} has left: ${reason}`),
  };
}

async function whoIsThere({ live }: LiveHost): Promise<string[]> {
  const present = await live.who('mist');

  return present.map(({ characterName, isLinkDead }) => `${characterName}${isLinkDead ? ', link-dead' : ''}`);
}

async function sessionIdOf({ service }: LiveHost, token: string): Promise<string> {
  return (await service.validateSession(token, { touch: false })).session.id;
}

async function idOfAria({ live }: LiveHost): Promise<string> {
  const [present] = await live.who('mist');

  return present?.sessionId ?? '';
}

/** Events that nobody hears. */
function unheard(): LocalSessionEvents {
  const events = new LocalSessionEvents();
  vi.spyOn(events, 'publish').mockResolvedValue();

  return events;
}
