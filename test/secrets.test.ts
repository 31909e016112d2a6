import { hash } from 'node:crypto';
import { inspect } from 'node:util';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { LiveSessions } from '../src/live/index.ts';
import { RememberService } from '../src/remember/index.ts';
import { LocalSessionEvents } from '../src/live/session-events.ts';
import {
  alice,
  aria,
  bob,
  errorOf,
  type Host,
  MINUTE,
  openHost,
  peopledDirectory,
  withWrongSecret,
} from './session/fixture.ts';

// Everything that the library hands out, but for `CreatedSession.token`, may be logged and shown.

/** The secret of a token, in each of the forms in which it or its hash could be written. */
function formsOf(token: string): Readonly<Record<string, string>> {
  const secret = token.split('.')[1] ?? '';
  const digest = hash('sha256', secret, 'buffer');

  return {
    secret,
    'bytes of the secret in hex': Buffer.from(secret, 'base64url').toString('hex'),
    'hash in hex': digest.toString('hex'),
    'hash in base64': digest.toString('base64'),
    'hash in base64url': digest.toString('base64url'),
    'hash as a list of bytes': [...digest].join(','),
    'hash as an array in JSON': JSON.stringify(new Uint8Array(digest)).slice(1, -1),
  };
}

/** All the ways in which a value reaches a log, without the spaces that lay it out. */
function written(value: unknown): string {
  const parts = [
    String(value),
    JSON.stringify(value),
    inspect(value, {
      showHidden: true,
      depth: Infinity,
      maxArrayLength: Infinity,
      maxStringLength: Infinity,
    }),
    inspect(value),
    value instanceof Error ? `${value.message}\n${value.stack}` : '',
  ];

  return parts.join('\n').replaceAll(/\s/g, '');
}

function leaksOf(value: unknown, token: string): string[] {
  const text = written(value).toLowerCase();

  return Object.entries(formsOf(token)).flatMap(([form, secret]) =>
    text.includes(secret.toLowerCase()) ? [form] : [],
  );
}

let host: Host;
let token: string;
let id: string;

beforeAll(async () => {
  host = openHost({ policy: { touchIntervalMs: 0 } });
  const created = await host.service.createSession(alice.id, { clientType: 'telnet' });
  token = created.token;
  id = created.session.id;
  await host.service.selectCharacter(token, aria.id);
});

describe('this search for secrets', () => {
  it.each<[string, (secret: string) => unknown, string]>([
    ['the token', () => token, 'secret'],
    ['an object with the token', () => ({ deep: { down: [{ token }] } }), 'secret'],
    ['an error with the token in its message', () => new Error(`No session ${token}`), 'secret'],
    ['an error with the token as cause', () => new Error('No', { cause: { token } }), 'secret'],
    [
      'a hidden property',
      () => Object.defineProperty({}, 'token', { value: token, enumerable: false }),
      'secret',
    ],
    ['a buffer', (secret) => ({ secretHash: hash('sha256', secret, 'buffer') }), 'hash in hex'],
    ['a byte array', (secret) => new Uint8Array(hash('sha256', secret, 'buffer')), 'hash as a list of bytes'],
    [
      'a byte array through JSON',
      (secret) => new Uint8Array(hash('sha256', secret, 'buffer')),
      'hash as an array in JSON',
    ],
    ['hex', (secret) => hash('sha256', secret, 'hex'), 'hash in hex'],
    ['base64', (secret) => ({ hash: hash('sha256', secret, 'base64') }), 'hash in base64'],
    ['base64url', (secret) => [hash('sha256', secret, 'base64url')], 'hash in base64url'],
    ['the decoded secret', (secret) => Buffer.from(secret, 'base64url'), 'bytes of the secret in hex'],
  ])('would find %s', (_, leak, form) => {
    expect(leaksOf(leak(token.split('.')[1] ?? ''), token)).toContain(form);
  });

  it('would find what a store is given, and what it keeps', async () => {
    const record = await host.store.findSession(id);

    expect(leaksOf(record, token)).not.toEqual([]);
  });
});

describe('nothing secret is shown', () => {
  it('by the service and the store, which hold it', () => {
    expect(leaksOf(host.service, token)).toEqual([]);
    expect(leaksOf(host.store, token)).toEqual([]);
  });

  it('by a session, though it comes with its token', async () => {
    const created = await host.service.createSession(bob.id);

    expect(leaksOf(created.session, created.token)).toEqual([]);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['validateSession', () => host.service.validateSession(token)],
    ['validateSessionForGame', () => host.service.validateSessionForGame(token)],
    ['validateSessionWithPermission', () => host.service.validateSessionWithPermission(token, 'chat')],
    ['selectCharacter', () => host.service.selectCharacter(token, aria.id)],
    ['getUsernameFromSession', () => host.service.getUsernameFromSession(token)],
    ['getUsernameAndRoleFromSession', () => host.service.getUsernameAndRoleFromSession(token)],
    ['getActiveCharacters', () => host.service.getActiveCharacters('mist')],
  ])('by the answer of %s', async (_, call) => {
    expect(leaksOf(await call(), token)).toEqual([]);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['a missing permission', () => host.service.validateSessionWithPermission(token, 'ban_users')],
    ['a character of another user', () => host.service.selectCharacter(token, 'character-3')],
    ['a token in place of a character', () => host.service.selectCharacter(token, token)],
    ['a token in place of a user', () => host.service.createSession(token)],
    ['a token in place of a session id', () => host.service.removeSession(token)],
    ['a token in place of a reason', () => host.service.removeSession(id, { reason: token as 'kicked' })],
    [
      'a token in an object',
      () => host.service.removeSession({ toString: () => token } as unknown as string),
    ],
    ['a token of another kind', () => host.service.validateSession(token.replace('mas_', 'mar_'))],
    ['half a token', () => host.service.validateSession(token.slice(0, -1))],
  ])('by the error for %s', async (_, call) => {
    expect(leaksOf(await errorOf(call()), token)).toEqual([]);
  });

  it('by the error for a wrong secret, neither that nor the right one', async () => {
    const wrong = withWrongSecret(token);

    const error = await errorOf(host.service.validateSession(wrong));

    expect([...leaksOf(error, token), ...leaksOf(error, wrong)]).toEqual([]);
  });

  it('by the error for an id in use, which comes after the secret is made', async () => {
    const twice = openHost({ generateSessionId: () => id });
    const created = await twice.service.createSession(alice.id);

    expect(leaksOf(await errorOf(twice.service.createSession(alice.id)), created.token)).toEqual([]);
  });

  it('by the error for an end, nor by the ending that is remembered', async () => {
    const { service, store } = openHost();
    const created = await service.createSession(alice.id);
    const ending = await store.endSession(created.session.id, { reason: 'kicked', actorId: bob.id });

    const error = await errorOf(service.validateSession(created.token));

    expect(error).toMatchObject({ reason: 'kicked' });
    expect(leaksOf(error, created.token)).toEqual([]);
    expect(leaksOf(ending, created.token)).toEqual([]);
    expect(leaksOf(store, created.token)).toEqual([]);
  });

  it('by the error for an expired session', async () => {
    const { clock, service } = openHost();
    const created = await service.createSession(alice.id);
    clock.advance(480 * MINUTE);

    expect(leaksOf(await errorOf(service.validateSession(created.token)), created.token)).toEqual([]);
  });

  it('by the error of a store that cannot answer', async () => {
    const directory = peopledDirectory();
    const { service } = openHost({ directory });
    const created = await service.createSession(alice.id);
    directory.findUser = () => Promise.reject(new Error('the host database is down'));

    const error = await errorOf(service.validateSession(created.token));

    expect(error).toMatchObject({ status: 503 });
    expect(leaksOf(error, created.token)).toEqual([]);
  });

  it('by what is said of clients that are remembered, and of their copies', async () => {
    const heard: unknown[] = [];
    const events = new LocalSessionEvents();
    events.subscribe({ heard: (event) => heard.push(event), missed() {} });
    const { clock, families, service } = openHost({ events });
    const told: unknown[] = [];
    const key = 'a key of at least thirty-two bytes';
    const remember = new RememberService({
      sessions: service,
      store: families,
      key,
      onReuse: (family) => void told.push(family),
    });
    const { rememberToken, session } = await remember.signIn(alice.id, { remember: true });
    const redeemed = await remember.redeem(rememberToken);
    clock.advance(MINUTE);
    const error = await errorOf(remember.redeem(rememberToken));

    const all = [heard, told, session, redeemed.session, error, remember, service];
    expect([heard.length, told.length]).toEqual([2, 1]);
    for (const secret of [rememberToken ?? '', redeemed.rememberToken, redeemed.token])
      expect(leaksOf(all, secret)).toEqual([]);
    expect(written(all)).not.toContain(key.replaceAll(' ', ''));
  });

  it('by what connections, lists and other nodes are told', async () => {
    const heard: unknown[] = [];
    const events = new LocalSessionEvents();
    events.subscribe({ heard: (event) => heard.push(event), missed() {} });
    const { service, links } = openHost({ events });
    const [here, there] = [0, 1].map(() => new LiveSessions({ sessions: service, store: links }));
    const created = await service.createSession(alice.id);
    await service.selectCharacter(created.token, aria.id);
    const ends: unknown[] = [];
    const connection = { close: (end: unknown) => void ends.push(end) };

    const attachments = [
      await here?.attach(created.token, connection),
      await there?.attach(created.token, { ...connection }),
    ];
    const present = [await here?.who('mist'), await here?.countPresent()];
    const checked = await service.checkSession(created.session.id);
    await service.removeSession(created.session.id);
    await vi.waitFor(() => expect(ends).toHaveLength(2));

    expect(heard).toMatchObject([{ type: 'session_moved' }, { type: 'session_ended' }]);
    for (const shown of [heard, ends, attachments, present, checked, here, there])
      expect(leaksOf(shown, created.token)).toEqual([]);
    await Promise.all([here?.close(), there?.close()]);
  });

  it('by the endings that a replacement and a takeover make', async () => {
    const endings: unknown[] = [];
    const { clock, service } = openHost({
      policy: { maxSessionsPerUser: 2 },
      async around(_, call) {
        const answer = await call();
        if (typeof answer === 'object' && answer !== null && 'endings' in answer)
          endings.push(answer.endings);

        return answer;
      },
    });
    const created = [];
    for (let n = 0; n < 3; n += 1) {
      created.push(await service.createSession(alice.id));
      clock.advance(1);
    }
    for (const { token: playing } of created.slice(1)) await service.selectCharacter(playing, aria.id);

    expect(endings.flat()).toHaveLength(2);
    for (const { token: playing } of created) expect(leaksOf(endings, playing)).toEqual([]);
  });
});
