import { describe, expect, it } from 'vitest';
import { defineRoles } from '../../src/roles/roles.ts';
import { SessionService } from '../../src/session/session-service.ts';
import { alice, aria, bob, MINUTE, openHost, REFUSED, withWrongSecret } from './fixture.ts';

describe('validateSession', () => {
  it('says who is behind the token', async () => {
    const { service } = openHost();
    const { token, session } = await service.createSession(alice.id, { clientType: 'telnet' });

    const principal = await service.validateSession(token);

    expect(principal).toEqual({ userId: alice.id, username: 'alice', role: 'player', session });
  });

  it('says so again and again, for every session of the user', async () => {
    const { service } = openHost();
    const first = await service.createSession(alice.id);
    const second = await service.createSession(alice.id);

    for (const { token, session } of [first, second, first, second]) {
      expect((await service.validateSession(token)).session.id).toBe(session.id);
    }
  });

  it('works for a session that plays a character, without naming it', async () => {
    const { service } = openHost();
    const { token } = await service.createSession(alice.id);
    await service.selectCharacter(token, aria.id);

    const principal = await service.validateSession(token);

    expect(principal.session.characterId).toBe(aria.id);
    expect(principal).not.toHaveProperty('characterName');
  });

  it('reads username and role at each call', async () => {
    const { directory, service } = openHost();
    const { token } = await service.createSession(alice.id);

    await directory.putUser({ ...alice, username: 'alicia', role: 'admin' });

    expect(await service.validateSession(token)).toMatchObject({
      userId: alice.id,
      username: 'alicia',
      role: 'admin',
    });
  });

  it('is not changed by who changes what he was given', async () => {
    const { clock, service } = openHost();
    const { token, session } = await service.createSession(alice.id);
    clock.advance(60 * MINUTE);
    const principal = await service.validateSession(token);
    const selected = await service.selectCharacter(token, aria.id);
    const again = await service.selectCharacter(token, aria.id);

    // A date can be moved, and types do not bind a host without them.
    for (const given of [session, principal.session, selected.session, again.session]) {
      given.createdAt.setFullYear(3000);
      given.lastActiveAt.setFullYear(3000);
      given.absoluteExpiresAt.setFullYear(3000);
      Object.assign(given, { userId: bob.id, idleTimeoutMs: Infinity });
    }

    expect(await service.validateSession(token)).toMatchObject({ userId: alice.id, username: 'alice' });
    clock.advance(480 * MINUTE);
    await expect(service.validateSession(token)).rejects.toMatchObject({ ...REFUSED, reason: 'expired' });
  });

  it('is one and the same to every service on the store', async () => {
    const { service, store } = openHost();
    const other = new SessionService({ store });
    const { token, session } = await service.createSession(alice.id);

    expect((await other.validateSession(token)).session).toEqual(session);
    await other.removeSession(session.id);
    await expect(service.validateSession(token)).rejects.toMatchObject({ status: 401, reason: 'kicked' });
  });
});

describe('validateSession of a disabled user', () => {
  it('refuses at once, and says that he is banned', async () => {
    const { directory, service } = openHost();
    const { token } = await service.createSession(alice.id);

    await directory.putUser({ ...alice, disabled: true });

    await expect(service.validateSession(token)).rejects.toMatchObject({ ...REFUSED, reason: 'banned' });
  });

  it('ends the session, so that lifting the ban does not bring it back', async () => {
    const { directory, service } = openHost();
    const { token } = await service.createSession(alice.id);
    await directory.putUser({ ...alice, disabled: true });
    await expect(service.validateSession(token)).rejects.toThrow();

    await directory.putUser({ ...alice, disabled: false });

    await expect(service.validateSession(token)).rejects.toMatchObject({ ...REFUSED, reason: 'banned' });
    expect(await service.getActiveSessionCount()).toBe(0);
  });

  it.each(['getUsernameFromSession', 'getUsernameAndRoleFromSession'] as const)(
    'is ended by %s just the same',
    async (method) => {
      const { directory, service } = openHost();
      const { token } = await service.createSession(alice.id);
      await directory.putUser({ ...alice, disabled: true });

      expect(await service[method](token)).toBeNull();

      await directory.putUser({ ...alice, disabled: false });
      await expect(service.validateSession(token)).rejects.toMatchObject({ reason: 'banned' });
    },
  );

  it('ends nothing for who does not hold the secret', async () => {
    const { directory, service } = openHost();
    const { token } = await service.createSession(alice.id);
    await directory.putUser({ ...alice, disabled: true });

    await expect(service.validateSession(withWrongSecret(token))).rejects.toMatchObject(REFUSED);

    await directory.putUser({ ...alice, disabled: false });
    await expect(service.validateSession(token)).resolves.toBeDefined();
  });

  it('leaves the sessions of others alone', async () => {
    const { directory, service } = openHost();
    const ofBob = await service.createSession(bob.id);
    await directory.putUser({ ...alice, disabled: true });

    await expect(service.validateSession(ofBob.token)).resolves.toBeDefined();
  });
});

describe('validateSession of a user whom the host no longer knows', () => {
  it('refuses without a reason', async () => {
    const { directory, service } = openHost();
    const { token } = await service.createSession(alice.id);

    await directory.deleteUser(alice.id);

    await expect(service.validateSession(token)).rejects.toMatchObject(REFUSED);
  });

  it('ends nothing: the session is valid again when he is back', async () => {
    const { directory, service } = openHost();
    const { token } = await service.createSession(alice.id);
    await directory.deleteUser(alice.id);
    await expect(service.validateSession(token)).rejects.toThrow();

    await directory.putUser(alice);

    expect((await service.validateSession(token)).username).toBe('alice');
  });
});

describe('validateSessionWithPermission', () => {
  it('says who is behind the token, if his role has the permission', async () => {
    const { service } = openHost();
    const { token, session } = await service.createSession(alice.id);

    const principal = await service.validateSessionWithPermission(token, 'chat');

    expect(principal).toEqual({ userId: alice.id, username: 'alice', role: 'player', session });
  });

  it('names the permission that the role lacks', async () => {
    const { service } = openHost();
    const { token } = await service.createSession(alice.id);

    await expect(service.validateSessionWithPermission(token, 'kick_users')).rejects.toMatchObject({
      code: 'permission_denied',
      status: 403,
      permission: 'kick_users',
    });
  });

  it('goes by the role of this moment', async () => {
    const { directory, service } = openHost();
    await directory.putUser({ ...alice, role: 'admin' });
    const { token } = await service.createSession(alice.id);
    await expect(service.validateSessionWithPermission(token, 'kick_users')).resolves.toBeDefined();

    await directory.putUser(alice);

    await expect(service.validateSessionWithPermission(token, 'kick_users')).rejects.toMatchObject({
      status: 403,
    });
  });

  it('grants a superuser everything', async () => {
    const { directory, service } = openHost();
    await directory.putUser({ ...alice, role: 'superuser' });
    const { token } = await service.createSession(alice.id);

    await expect(service.validateSessionWithPermission(token, 'stop_server')).resolves.toBeDefined();
  });

  it.each(['', 'Player', 'emperor', '__proto__', 'constructor'])(
    'grants an unknown role (%o) nothing',
    async (role) => {
      const { directory, service } = openHost();
      await directory.putUser({ ...alice, role });
      const { token } = await service.createSession(alice.id);

      await expect(service.validateSessionWithPermission(token, 'play_game')).rejects.toMatchObject({
        status: 403,
      });
    },
  );

  it.each(['fly', '', 'has', '__proto__'])('grants nobody an unknown permission (%o)', async (permission) => {
    const { directory, service } = openHost();
    await directory.putUser({ ...alice, role: 'superuser' });
    const { token } = await service.createSession(alice.id);

    // What a host without types might ask.
    await expect(service.validateSessionWithPermission(token, permission as 'chat')).rejects.toMatchObject({
      code: 'permission_denied',
      permission,
    });
  });

  it('refuses the token before it looks at the permission', async () => {
    const { service } = openHost();
    const { token } = await service.createSession(alice.id);
    await service.logout(token);

    await expect(service.validateSessionWithPermission(token, 'kick_users')).rejects.toMatchObject({
      status: 401,
      reason: 'logged_out',
    });
  });

  it('knows the roles of the host in place of its own', async () => {
    const { directory, store } = openHost();
    const roles = defineRoles({
      permissions: ['sail', 'steer'],
      roles: { sailor: { rank: 1, permissions: ['sail'] }, player: { rank: 0, permissions: [] } },
    });
    const service = new SessionService({ store, roles });
    await directory.putUser({ ...alice, role: 'sailor' });
    const { token } = await service.createSession(alice.id);
    const { token: ofBob } = await service.createSession(bob.id);

    await expect(service.validateSessionWithPermission(token, 'sail')).resolves.toBeDefined();
    await expect(service.validateSessionWithPermission(token, 'steer')).rejects.toMatchObject({
      status: 403,
    });
    await expect(service.validateSessionWithPermission(ofBob, 'sail')).rejects.toMatchObject({ status: 403 });
  });
});

describe('getUsernameFromSession', () => {
  it('gives the username as it is now', async () => {
    const { directory, service } = openHost();
    const { token } = await service.createSession(alice.id);
    await directory.putUser({ ...alice, username: 'alicia' });

    expect(await service.getUsernameFromSession(token)).toBe('alicia');
  });

  it('gives the empty username too', async () => {
    const { directory, service } = openHost();
    const { token } = await service.createSession(alice.id);
    await directory.putUser({ ...alice, username: '' });

    expect(await service.getUsernameFromSession(token)).toBe('');
  });

  it('gives null at the deadline, after an end, without the user, and for a wrong secret', async () => {
    const { clock, directory, service } = openHost();
    const tokens = [];
    for (let n = 0; n < 3; n += 1) tokens.push((await service.createSession(alice.id)).token);
    const [expired = '', ended = '', wrong = ''] = tokens;
    const { token: orphaned } = await service.createSession(bob.id);
    await service.logout(ended);
    await directory.deleteUser(bob.id);

    expect(await service.getUsernameFromSession(ended)).toBeNull();
    expect(await service.getUsernameFromSession(withWrongSecret(wrong))).toBeNull();
    expect(await service.getUsernameFromSession(orphaned)).toBeNull();
    clock.advance(480 * MINUTE);
    expect(await service.getUsernameFromSession(expired)).toBeNull();
  });
});

describe('getUsernameAndRoleFromSession', () => {
  it('gives username and role as they are now, and nothing else', async () => {
    const { directory, service } = openHost();
    const { token } = await service.createSession(alice.id);
    await directory.putUser({ ...alice, role: 'admin' });

    expect(await service.getUsernameAndRoleFromSession(token)).toEqual({ username: 'alice', role: 'admin' });
  });

  it('gives null after an end', async () => {
    const { service } = openHost();
    const { token } = await service.createSession(alice.id);
    await service.logout(token);

    expect(await service.getUsernameAndRoleFromSession(token)).toBeNull();
  });
});
