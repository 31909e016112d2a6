import { describe, expect, it } from 'vitest';
import { alice, aria, MINUTE, openHost, REFUSED, withWrongSecret } from './fixture.ts';

describe('logout', () => {
  it('is true once, and false from then on', async () => {
    const { service } = openHost();
    const { token } = await service.createSession(alice.id);

    expect(await service.logout(token)).toBe(true);
    expect(await service.logout(token)).toBe(false);
  });

  it('ends the session of the token, and no other of the user', async () => {
    const { service } = openHost();
    const { token } = await service.createSession(alice.id);
    const other = await service.createSession(alice.id);

    await service.logout(token);

    await expect(service.validateSession(token)).rejects.toMatchObject({ ...REFUSED, reason: 'logged_out' });
    await expect(service.validateSession(other.token)).resolves.toBeDefined();
  });

  it('is remembered as nobody else’s doing', async () => {
    const { clock, service, store } = openHost();
    const { token, session } = await service.createSession(alice.id);

    await service.logout(token);

    expect((await store.findEnding(session.id))?.ending).toEqual({
      sessionId: session.id,
      userId: alice.id,
      reason: 'logged_out',
      actorId: null,
      endedAt: clock.now(),
    });
  });

  it('is false for a wrong secret, and ends nothing', async () => {
    const { service } = openHost();
    const { token } = await service.createSession(alice.id);

    expect(await service.logout(withWrongSecret(token))).toBe(false);
    await expect(service.validateSession(token)).resolves.toBeDefined();
  });

  it('is false for the session id: the id does not open a session', async () => {
    const { service } = openHost();
    const { token, session } = await service.createSession(alice.id);

    expect(await service.logout(session.id)).toBe(false);
    await expect(service.validateSession(token)).resolves.toBeDefined();
  });

  it('is false at the very instant of the deadline, and the session has expired', async () => {
    const { clock, service } = openHost();
    const { token } = await service.createSession(alice.id);
    clock.advance(480 * MINUTE);

    expect(await service.logout(token)).toBe(false);
    await expect(service.validateSession(token)).rejects.toMatchObject({ reason: 'expired' });
  });

  it('ends the session of a user whom the host does not know at the moment', async () => {
    const { directory, service } = openHost();
    const { token } = await service.createSession(alice.id);
    await directory.deleteUser(alice.id);

    expect(await service.logout(token)).toBe(true);

    await directory.putUser(alice);
    await expect(service.validateSession(token)).rejects.toMatchObject({ ...REFUSED, reason: 'logged_out' });
  });

  it('ends the session of a disabled user, which is not there when the ban is lifted', async () => {
    const { directory, service } = openHost();
    const { token } = await service.createSession(alice.id);
    await directory.putUser({ ...alice, disabled: true });

    expect(await service.logout(token)).toBe(true);

    await directory.putUser(alice);
    await expect(service.validateSession(token)).rejects.toMatchObject({ ...REFUSED, reason: 'logged_out' });
  });

  it('takes the character out of the world', async () => {
    const { service } = openHost();
    const { token } = await service.createSession(alice.id);
    await service.selectCharacter(token, aria.id);

    await service.logout(token);

    expect(await service.getActiveCharacters('mist')).toEqual([]);
  });
});
