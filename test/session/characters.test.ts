import { describe, expect, it } from 'vitest';
import { alice, aria, bob, borin, cato, MINUTE, NOT_STRINGS, openHost, REFUSED } from './fixture.ts';

const NOT_SELECTED = { code: 'character_not_selected', status: 409 } as const;
const NOT_AVAILABLE = { code: 'character_not_available', status: 409 } as const;
const IN_USE = { code: 'character_in_use', status: 409 } as const;

describe('validateSessionForGame', () => {
  it('says who plays which character in which world', async () => {
    const { service } = openHost();
    const { token, session } = await service.createSession(alice.id);
    await service.selectCharacter(token, aria.id);

    const principal = await service.validateSessionForGame(token);

    expect(principal).toEqual({
      userId: alice.id,
      username: 'alice',
      role: 'player',
      characterId: aria.id,
      characterName: 'Aria',
      worldId: 'mist',
      session: { ...session, characterId: aria.id },
    });
  });

  it('refuses a session that has selected no character', async () => {
    const { service } = openHost();
    const { token } = await service.createSession(alice.id);

    await expect(service.validateSessionForGame(token)).rejects.toMatchObject(NOT_SELECTED);
  });

  it('reads name and world of the character at each call', async () => {
    const { directory, service } = openHost();
    const { token } = await service.createSession(alice.id);
    await service.selectCharacter(token, aria.id);

    await directory.putCharacter({ ...aria, name: 'Aria the Grey', worldId: 'stone' });

    expect(await service.validateSessionForGame(token)).toMatchObject({
      characterName: 'Aria the Grey',
      worldId: 'stone',
    });
  });

  it('refuses a character that is deleted since', async () => {
    const { directory, service } = openHost();
    const { token } = await service.createSession(alice.id);
    await service.selectCharacter(token, aria.id);

    await directory.deleteCharacter(aria.id);

    await expect(service.validateSessionForGame(token)).rejects.toMatchObject(NOT_AVAILABLE);
  });

  it('refuses a character that was sold to another user', async () => {
    const { directory, service } = openHost();
    const { token } = await service.createSession(alice.id);
    await service.selectCharacter(token, aria.id);

    await directory.putCharacter({ ...aria, userId: bob.id });

    await expect(service.validateSessionForGame(token)).rejects.toMatchObject(NOT_AVAILABLE);
  });

  it('refuses a character whose world is gone', async () => {
    const { directory, service } = openHost();
    const { token } = await service.createSession(alice.id);
    await service.selectCharacter(token, aria.id);

    await directory.putCharacter({ ...aria, worldId: null });

    await expect(service.validateSessionForGame(token)).rejects.toMatchObject(NOT_AVAILABLE);
  });

  it('takes a world without a name for a world', async () => {
    const { directory, service } = openHost();
    await directory.putCharacter({ ...aria, worldId: '' });
    const { token } = await service.createSession(alice.id);
    await service.selectCharacter(token, aria.id);

    expect((await service.validateSessionForGame(token)).worldId).toBe('');
  });

  it('refuses the character and not the session, which validates on', async () => {
    const { directory, service } = openHost();
    const { token } = await service.createSession(alice.id);
    await service.selectCharacter(token, aria.id);
    await directory.deleteCharacter(aria.id);
    await expect(service.validateSessionForGame(token)).rejects.toThrow();

    await expect(service.validateSession(token)).resolves.toMatchObject({ username: 'alice' });
  });

  it('takes the character back when it is there again', async () => {
    const { directory, service } = openHost();
    const { token } = await service.createSession(alice.id);
    await service.selectCharacter(token, aria.id);
    await directory.deleteCharacter(aria.id);
    await expect(service.validateSessionForGame(token)).rejects.toThrow();

    await directory.putCharacter(aria);

    expect((await service.validateSessionForGame(token)).characterId).toBe(aria.id);
  });
});

describe('selectCharacter', () => {
  it('says who plays which character in which world', async () => {
    const { service } = openHost();
    const { token, session } = await service.createSession(alice.id);

    const principal = await service.selectCharacter(token, aria.id);

    expect(principal).toEqual({
      userId: alice.id,
      username: 'alice',
      role: 'player',
      characterId: aria.id,
      characterName: 'Aria',
      worldId: 'mist',
      session: { ...session, characterId: aria.id },
    });
  });

  it('changes from one character to another', async () => {
    const { service } = openHost();
    const { token } = await service.createSession(alice.id);
    await service.selectCharacter(token, aria.id);

    await service.selectCharacter(token, borin.id);

    expect(await service.validateSessionForGame(token)).toMatchObject({
      characterId: borin.id,
      worldId: 'stone',
    });
    expect(await service.getActiveCharacters('mist')).toEqual([]);
  });

  it('may be asked again for the character in play', async () => {
    const { service } = openHost({ policy: { seatPolicy: 'reject' } });
    const { token } = await service.createSession(alice.id);
    await service.selectCharacter(token, aria.id);

    await expect(service.selectCharacter(token, aria.id)).resolves.toMatchObject({ characterId: aria.id });
  });

  it.each([
    ['unknown', 'character-99'],
    ['without an id', ''],
    ['called __proto__', '__proto__'],
    ['of another user', cato.id],
    ['with a NUL in the id', '\0'],
  ])('refuses a character %s, and keeps the one in play', async (_, characterId) => {
    const { service } = openHost();
    const { token } = await service.createSession(alice.id);
    await service.selectCharacter(token, aria.id);

    await expect(service.selectCharacter(token, characterId)).rejects.toMatchObject(NOT_AVAILABLE);
    expect((await service.validateSessionForGame(token)).characterId).toBe(aria.id);
  });

  it('refuses a character whose world is gone', async () => {
    const { directory, service } = openHost();
    await directory.putCharacter({ ...aria, worldId: null });
    const { token } = await service.createSession(alice.id);

    await expect(service.selectCharacter(token, aria.id)).rejects.toMatchObject(NOT_AVAILABLE);
  });

  it('refuses a session at the very instant of its deadline', async () => {
    const { clock, service } = openHost();
    const { token } = await service.createSession(alice.id);
    clock.advance(480 * MINUTE);

    await expect(service.selectCharacter(token, aria.id)).rejects.toMatchObject({
      ...REFUSED,
      reason: 'expired',
    });
  });

  it.each(NOT_STRINGS)('finds %s for a character id a mistake', async (_, characterId) => {
    const { service } = openHost();
    const { token } = await service.createSession(alice.id);

    await expect(service.selectCharacter(token, characterId)).rejects.toThrow(TypeError);
  });
});

describe('selectCharacter of a character that is played already', () => {
  it('takes it over by default, and ends the session that played it', async () => {
    const { service } = openHost();
    const first = await service.createSession(alice.id);
    const second = await service.createSession(alice.id);
    await service.selectCharacter(first.token, aria.id);

    await service.selectCharacter(second.token, aria.id);

    expect((await service.validateSessionForGame(second.token)).characterId).toBe(aria.id);
    await expect(service.validateSession(first.token)).rejects.toMatchObject({
      ...REFUSED,
      reason: 'taken_over',
    });
  });

  it('is refused under `reject`, and both sessions go on as they were', async () => {
    const { service } = openHost({ policy: { seatPolicy: 'reject' } });
    const first = await service.createSession(alice.id);
    const second = await service.createSession(alice.id);
    await service.selectCharacter(first.token, aria.id);

    await expect(service.selectCharacter(second.token, aria.id)).rejects.toMatchObject(IN_USE);

    expect((await service.validateSessionForGame(first.token)).characterId).toBe(aria.id);
    await expect(service.validateSessionForGame(second.token)).rejects.toMatchObject(NOT_SELECTED);
  });

  it('keeps the character that one has when it is refused another', async () => {
    const { service } = openHost({ policy: { seatPolicy: 'reject' } });
    const first = await service.createSession(alice.id);
    const second = await service.createSession(alice.id);
    await service.selectCharacter(first.token, aria.id);
    await service.selectCharacter(second.token, borin.id);

    await expect(service.selectCharacter(second.token, aria.id)).rejects.toMatchObject(IN_USE);

    expect((await service.validateSessionForGame(second.token)).characterId).toBe(borin.id);
  });

  it('goes by the role that the user has now', async () => {
    const { directory, service } = openHost({
      policy: { seatPolicy: 'reject', byRole: { admin: { seatPolicy: 'take_over' } } },
    });
    const first = await service.createSession(alice.id);
    const second = await service.createSession(alice.id);
    await service.selectCharacter(first.token, aria.id);
    await expect(service.selectCharacter(second.token, aria.id)).rejects.toMatchObject(IN_USE);

    await directory.putUser({ ...alice, role: 'admin' });

    await expect(service.selectCharacter(second.token, aria.id)).resolves.toMatchObject({ role: 'admin' });
  });

  it('succeeds under `reject` once the other has released it, ended or expired', async () => {
    const { clock, service } = openHost({ policy: { seatPolicy: 'reject', idleTimeoutMs: 10 * MINUTE } });
    const play = async (): Promise<string> => {
      const { token } = await service.createSession(alice.id);
      await service.selectCharacter(token, aria.id);

      return token;
    };

    await service.releaseCharacter(await play());
    await service.logout(await play());
    await play();
    clock.advance(10 * MINUTE);

    await expect(play()).resolves.toBeDefined();
  });

  it('takes a character that was sold from its former owner, whose session lives on', async () => {
    const { directory, service } = openHost({ policy: { seatPolicy: 'reject' } });
    const former = await service.createSession(alice.id);
    const owner = await service.createSession(bob.id);
    await service.selectCharacter(former.token, aria.id);
    await directory.putCharacter({ ...aria, userId: bob.id });

    await service.selectCharacter(owner.token, aria.id);

    expect((await service.validateSessionForGame(owner.token)).characterId).toBe(aria.id);
    await expect(service.validateSessionForGame(former.token)).rejects.toMatchObject(NOT_SELECTED);
  });
});

describe('releaseCharacter', () => {
  it('is true once, and false when there is no character to release', async () => {
    const { service } = openHost();
    const { token } = await service.createSession(alice.id);
    expect(await service.releaseCharacter(token)).toBe(false);
    await service.selectCharacter(token, aria.id);

    expect(await service.releaseCharacter(token)).toBe(true);
    expect(await service.releaseCharacter(token)).toBe(false);
  });

  it('makes the session account-only again', async () => {
    const { service } = openHost();
    const { token } = await service.createSession(alice.id);
    await service.selectCharacter(token, aria.id);

    await service.releaseCharacter(token);

    await expect(service.validateSessionForGame(token)).rejects.toMatchObject(NOT_SELECTED);
    expect((await service.validateSession(token)).session.characterId).toBeNull();
  });

  it('releases a character that is deleted by now', async () => {
    const { directory, service } = openHost();
    const { token } = await service.createSession(alice.id);
    await service.selectCharacter(token, aria.id);
    await directory.deleteCharacter(aria.id);

    expect(await service.releaseCharacter(token)).toBe(true);
    await expect(service.validateSessionForGame(token)).rejects.toMatchObject(NOT_SELECTED);
  });
});
