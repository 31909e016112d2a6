import { describe, expect, it } from 'vitest';
import { SessionService } from '../src/index.ts';
import { MemoryDirectory, MemorySessionStore } from '../src/stores/memory/index.ts';
import { FakeClock } from '../src/testing/index.ts';

const MINUTE = 60_000;

describe('the life of a session', () => {
  it('goes from sign-in to logout', async () => {
    // The host owns users and characters. Alice plays Aria in the world of mist; Maud keeps order.
    const directory = new MemoryDirectory({
      users: [
        { id: '1', username: 'alice', role: 'player', disabled: false },
        { id: '2', username: 'maud', role: 'admin', disabled: false },
      ],
      characters: [{ id: '11', userId: '1', name: 'Aria', worldId: 'mist' }],
    });
    const clock = new FakeClock();
    const sessions = new SessionService({
      store: new MemorySessionStore({ directory, clock }),
      policy: { idleTimeoutMs: 60 * MINUTE },
    });

    // Alice signs in by telnet: the host has checked her password, and sends her client the token.
    const telnet = await sessions.createSession('1', { clientType: 'telnet' });
    expect(await sessions.validateSession(telnet.token)).toMatchObject({ username: 'alice', role: 'player' });

    // She is somebody now, but nobody in the game.
    await expect(sessions.validateSessionForGame(telnet.token)).rejects.toMatchObject({
      code: 'character_not_selected',
      status: 409,
    });

    // She selects a character, and each command that she types is checked like this.
    await sessions.selectCharacter(telnet.token, '11');
    expect(await sessions.validateSessionForGame(telnet.token)).toMatchObject({
      characterName: 'Aria',
      worldId: 'mist',
    });
    expect(await sessions.getActiveCharacters('mist')).toMatchObject([{ characterName: 'Aria' }]);

    // She may chat, as any player may. Kicking people takes an admin.
    await sessions.validateSessionWithPermission(telnet.token, 'chat');
    await expect(sessions.validateSessionWithPermission(telnet.token, 'kick_users')).rejects.toMatchObject({
      code: 'permission_denied',
      status: 403,
      permission: 'kick_users',
    });

    // While she plays, the hour of her session begins anew. She plays for three.
    for (let played = 0; played < 180; played += 45) {
      clock.advance(45 * MINUTE);
      await sessions.validateSessionForGame(telnet.token);
    }

    // She opens the web client and plays Aria there: a character has one player at a time.
    const web = await sessions.createSession('1', { clientType: 'web' });
    await sessions.selectCharacter(web.token, '11');
    await expect(sessions.validateSessionForGame(telnet.token)).rejects.toMatchObject({
      code: 'session_invalid',
      status: 401,
      reason: 'taken_over',
    });

    // Maud kicks her, by the public id of the session, and her next command is refused.
    const maud = await sessions.createSession('2');
    await sessions.validateSessionWithPermission(maud.token, 'kick_users');
    await sessions.removeSession(web.session.id, { reason: 'kicked', actorId: '2' });
    await expect(sessions.validateSessionForGame(web.token)).rejects.toMatchObject({
      status: 401,
      reason: 'kicked',
    });
    expect(await sessions.getActiveCharacters('mist')).toEqual([]);

    // She comes back, behaves, and logs out. The token is worth nothing from then on.
    const last = await sessions.createSession('1', { clientType: 'telnet' });
    expect(await sessions.logout(last.token)).toBe(true);
    await expect(sessions.validateSession(last.token)).rejects.toMatchObject({
      status: 401,
      reason: 'logged_out',
    });

    // Maud leaves the keyboard. An hour later her session is over too, at that very instant.
    clock.advance(60 * MINUTE - 1);
    await sessions.validateSession(maud.token, { touch: false });
    clock.advance(1);
    await expect(sessions.validateSession(maud.token)).rejects.toMatchObject({
      status: 401,
      reason: 'expired',
    });
    expect(await sessions.getActiveSessionCount()).toBe(0);
  });
});
