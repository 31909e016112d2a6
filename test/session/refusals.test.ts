import { describe, expect, it } from 'vitest';
import type { EndingReason } from '../../src/session/ending.ts';
import type { CreatedSession } from '../../src/session/creation.ts';
import { ENDING_RETENTION_MS } from '../../src/session/ending.ts';
import { newUuid } from '../../src/token.ts';
import {
  alice,
  aria,
  bob,
  type Host,
  MINUTE,
  openHost,
  REFUSED,
  refusalOf,
  withWrongSecret,
} from './fixture.ts';

type End = (host: Host, created: CreatedSession) => Promise<unknown>;

const ENDS: readonly (readonly [EndingReason, string, End])[] = [
  [
    'expired',
    'its deadline passed',
    async ({ clock }) => {
      clock.advance(480 * MINUTE);
    },
  ],
  [
    'expired',
    'its deadline passed and it was cleaned up',
    ({ clock, service }) => {
      clock.advance(480 * MINUTE);

      return service.cleanupExpiredSessions();
    },
  ],
  ['logged_out', 'its holder logged out', ({ service }, { token }) => service.logout(token)],
  [
    'logged_out',
    'the host logged it out',
    ({ service }, { session }) => service.removeSession(session.id, { reason: 'logged_out' }),
  ],
  [
    'replaced',
    'newer sessions took its place',
    async ({ service, clock }, { session }) => {
      for (let n = 0; n < 2; n += 1) {
        clock.advance(1);
        await service.createSession(session.userId);
      }
    },
  ],
  [
    'taken_over',
    'another session took its character',
    async ({ service }, created) => {
      await service.selectCharacter(created.token, aria.id);
      await service.selectCharacter((await service.createSession(alice.id)).token, aria.id);
    },
  ],
  ['kicked', 'it was removed', ({ service }, { session }) => service.removeSession(session.id)],
  ['kicked', 'all of the user were removed', ({ service }) => service.removeSessionsForUser(alice.id)],
  [
    'kicked',
    'the one that plays the character was removed',
    async ({ service }, { token }) => {
      await service.selectCharacter(token, aria.id);
      await service.removeSessionsForCharacter(aria.id);
    },
  ],
  ['banned', 'its user was disabled', ({ directory }) => directory.putUser({ ...alice, disabled: true })],
  [
    'banned',
    'it was removed with a ban',
    ({ service }, { session }) => service.removeSession(session.id, { reason: 'banned' }),
  ],
  [
    'credentials_changed',
    'the password was changed',
    ({ service }) => service.removeSessionsForUser(alice.id, { reason: 'credentials_changed' }),
  ],
  ['cleared', 'all sessions were cleared', ({ service }) => service.clearAllSessions()],
];

describe('validateSession of an ended session', () => {
  it.each(ENDS)('tells the holder of its secret %o when %s', async (reason, _, end) => {
    const host = openHost({ policy: { maxSessionsPerUser: 2 } });
    const created = await host.service.createSession(alice.id);
    await end(host, created);

    await expect(host.service.validateSession(created.token)).rejects.toMatchObject({ ...REFUSED, reason });
  });

  it.each(ENDS)('tells it again at the second time of asking: %o when %s', async (reason, _, end) => {
    const host = openHost({ policy: { maxSessionsPerUser: 2 } });
    const created = await host.service.createSession(alice.id);
    await end(host, created);
    await expect(host.service.validateSession(created.token)).rejects.toThrow();

    await expect(host.service.validateSession(created.token)).rejects.toMatchObject({ ...REFUSED, reason });
  });

  it.each(ENDS)('tells nobody else %o when %s', async (_, __, end) => {
    const host = openHost({ policy: { maxSessionsPerUser: 2 } });
    const created = await host.service.createSession(alice.id);
    await end(host, created);

    await expect(host.service.validateSession(withWrongSecret(created.token))).rejects.toMatchObject(REFUSED);
  });

  it('tells the same to every method that takes a token', async () => {
    const { service } = openHost();
    const { token, session } = await service.createSession(alice.id);
    await service.removeSession(session.id, { reason: 'banned' });
    const banned = { ...REFUSED, reason: 'banned' };

    await expect(service.validateSessionForGame(token)).rejects.toMatchObject(banned);
    await expect(service.validateSessionWithPermission(token, 'chat')).rejects.toMatchObject(banned);
    await expect(service.selectCharacter(token, aria.id)).rejects.toMatchObject(banned);
    await expect(service.releaseCharacter(token)).rejects.toMatchObject(banned);
  });

  it('keeps the first of two reasons', async () => {
    const { service } = openHost();
    const { token, session } = await service.createSession(alice.id);
    await service.logout(token);
    await service.removeSession(session.id);

    await expect(service.validateSession(token)).rejects.toMatchObject({ reason: 'logged_out' });
  });

  it('finds a session expired that was removed too late', async () => {
    const { clock, service } = openHost();
    const { token, session } = await service.createSession(alice.id);
    clock.advance(480 * MINUTE);
    await service.removeSession(session.id);

    await expect(service.validateSession(token)).rejects.toMatchObject({ reason: 'expired' });
  });

  it('knows the reason for seven days, and the refusal for ever', async () => {
    const { clock, service } = openHost();
    const { token } = await service.createSession(alice.id);
    await service.logout(token);

    clock.advance(ENDING_RETENTION_MS - 1);
    await expect(service.validateSession(token)).rejects.toMatchObject({ reason: 'logged_out' });
    clock.advance(1);
    await expect(service.validateSession(token)).rejects.toMatchObject(REFUSED);
  });
});

describe('validateSession of a token that opens nothing', () => {
  it.each<[string, (token: string, other: string) => string]>([
    ['a wrong secret', (token) => withWrongSecret(token)],
    ['an unknown id', (token) => token.replace(/_[^.]+/, `_${newUuid()}`)],
    ['the secret of another session', (token, other) => `${token.split('.')[0]}.${other.split('.')[1]}`],
    ['the id alone', (token) => token.slice(4, 40)],
    ['the id and no secret', (token) => token.slice(0, 41)],
    ['the secret alone', (token) => token.slice(41)],
    ['no kind', (token) => token.slice(4)],
    ['the kind of a remember token', (token) => token.replace('mas_', 'mar_')],
    ['the kind of a ticket', (token) => token.replace('mas_', 'mat_')],
    ['the kind in upper case', (token) => token.replace('mas_', 'MAS_')],
    ['the id in upper case', (token) => token.replace(/_[^.]+/, (id) => id.toUpperCase())],
    ['a secret whose bytes are the same, but not its text', otherTextOfTheSameBytes],
    ['a secret in the other alphabet of base64', (token) => `${token.slice(0, 83)}+`],
    ['a padded secret', (token) => `${token}=`],
    ['another separator', (token) => token.replace('.', ':')],
    ['a space before it', (token) => ` ${token}`],
    ['a line break behind it', (token) => `${token}\n`],
    ['a line break in place of its end', (token) => `${token.slice(0, -1)}\n`],
    ['a scheme before it', (token) => `Bearer ${token}`],
  ])('is the same refusal for %s', async (_, change) => {
    const { service } = openHost();
    const { token } = await service.createSession(alice.id);
    const { token: other } = await service.createSession(bob.id);
    const unknown = `mas_${newUuid()}.${'A'.repeat(43)}`;

    const refusal = await refusalOf(service.validateSession(change(token, other)));

    expect(refusal).toBe(await refusalOf(service.validateSession(unknown)));
    expect(JSON.parse(refusal)).toMatchObject(REFUSED);
  });

  it('is the same refusal for a wrong secret of a session that has expired, and ends nothing', async () => {
    const { clock, service, store } = openHost();
    const { token, session } = await service.createSession(alice.id);
    clock.advance(480 * MINUTE);

    await expect(service.validateSession(withWrongSecret(token))).rejects.toMatchObject(REFUSED);

    expect(await store.findEnding(session.id)).toBeNull();
  });

  it('leaves the session to whose token it is', async () => {
    const { service } = openHost();
    const { token } = await service.createSession(alice.id);

    await expect(service.validateSession(withWrongSecret(token))).rejects.toMatchObject(REFUSED);

    await expect(service.validateSession(token)).resolves.toBeDefined();
  });

  it('tells nothing of a seat, a permission or a character to a wrong secret', async () => {
    const { service } = openHost();
    const { token } = await service.createSession(alice.id);
    const wrong = withWrongSecret(token);

    await expect(service.validateSessionForGame(wrong)).rejects.toMatchObject(REFUSED);
    await expect(service.validateSessionWithPermission(wrong, 'ban_users')).rejects.toMatchObject(REFUSED);
    await expect(service.selectCharacter(wrong, 'character-99')).rejects.toMatchObject(REFUSED);
    await expect(service.releaseCharacter(wrong)).rejects.toMatchObject(REFUSED);
  });
});

// The last of 43 characters stands for four bits and two spare ones, which a decoder ignores.
function otherTextOfTheSameBytes(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet.indexOf(token.at(-1) ?? '');
  const other = token.slice(0, -1) + alphabet.charAt(last ^ 1);
  expect(bytesOfSecret(other)).toBe(bytesOfSecret(token));

  return other;
}

function bytesOfSecret(token: string): string {
  return Buffer.from(token.slice(41), 'base64url').toString('hex');
}
