// oxlint-disable vitest/expect-expect -- waiting for words is an assertion: it throws if they do not come
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { logIn, visitDemo } from './visit.ts';

const WILL_ECHO = '\u00ff\u00fb\u0001';
const WONT_ECHO = '\u00ff\u00fc\u0001';

const visit = visitDemo();

describe('logging in', () => {
  it('offers a player his characters in both worlds', async () => {
    const client = await visit.telnetAs('player');

    expect(await client.transcript.until('Skyhold')).toContain('play Pip (in Willowmere)');
  });

  it('hides the password while it is typed on telnet', async () => {
    const client = visit.telnet();

    await client.transcript.until('Name: ');
    client.type('player');
    await client.transcript.until(WILL_ECHO);
    client.type('player-demo');

    expect(await client.transcript.until('Welcome')).toContain(WONT_ECHO);
  });

  it('refuses a wrong password and an unknown name in the same words, and hangs up at the third', async () => {
    const client = visit.telnet();

    await logIn(client, 'player', 'wrong');
    await client.transcript.until('Wrong name or password.');
    await logIn(client, 'nobody', 'player-demo');
    await client.transcript.until('Wrong name or password.');
    await logIn(client, 'player', 'builder-demo');

    expect(await client.transcript.untilEnd()).toContain('Wrong name or password.');
  });

  it('reads no more guesses after the third, however fast they come', async () => {
    const client = visit.telnet();
    const guesses = ['1', '2', '3', 'player-demo'];

    client.socket.write(guesses.map((password) => `player\r\n${password}\r\n`).join(''));

    expect(await client.transcript.untilEnd()).not.toContain('Welcome');
  });

  it('refuses a wrong password in the browser, which gets no token', async () => {
    const client = visit.web();

    await client.send({ type: 'login', username: 'player', password: 'wrong' });
    await client.transcript.until('Wrong name or password.');

    expect(client.token).toBeNull();
  });
});

describe('choosing a character', () => {
  it('comes before playing: until then commands of the game are a 409', async () => {
    const client = await visit.telnetAs('player');

    client.type('look');

    await client.transcript.until('[409 character_not_selected] Choose a character first');
  });

  it('puts the player into the world of the character', async () => {
    const client = await visit.telnetAs('player');

    client.type('play pax');

    await client.transcript.until('You are Pax, in Skyhold.');
    await client.transcript.until('The airship dock');
  });

  it('offers only his own', async () => {
    const client = await visit.telnetAs('player');

    client.type('play Ada');

    await client.transcript.until('Yours are Pip, Pax.');
  });

  it('takes the character from where it was played before, and says so there', async () => {
    const first = await visit.telnetAs('player');
    first.type('play Pip');
    await first.transcript.until('You are Pip');
    const second = await visit.webAs('player');

    second.type('play Pip');

    await second.transcript.until('You are Pip');
    expect(await first.transcript.untilEnd()).toContain(
      'Your character is being played from another connection.',
    );
  });
});

describe('playing', () => {
  it('lets people on telnet and in a browser hear each other', async () => {
    const pip = await visit.telnetAs('player');
    pip.type('play Pip');
    await pip.transcript.until('You are Pip');
    const bryn = await visit.webAs('builder');
    bryn.type('play Bryn');
    await bryn.transcript.until('Pip is here.');
    await pip.transcript.until('Bryn arrives.');

    pip.type('say good evening');
    await bryn.transcript.until('Pip says: good evening');
    bryn.type('say and to you');

    await pip.transcript.until('Bryn says: and to you');
  });

  it('says to nobody in another room', async () => {
    const pip = await visit.telnetAs('player');
    pip.type('play Pip');
    await pip.transcript.until('You are Pip');
    const bryn = await visit.webAs('builder');
    bryn.type('play Bryn');
    await bryn.transcript.until('Pip is here.');

    pip.type('east');
    await pip.transcript.until('The end of the pier');
    pip.type('say is anybody there?');
    await pip.transcript.until('You say');
    pip.type('west');
    await pip.transcript.until('The village square');

    expect(await bryn.transcript.until('Pip arrives.')).not.toContain('anybody');
  });

  it('says who is in the world, and who has lost the connection', async () => {
    const pip = await visit.telnetAs('player');
    pip.type('play Pip');
    await pip.transcript.until('You are Pip');
    const bryn = await visit.webAs('builder');
    bryn.type('play Bryn');
    await bryn.transcript.until('You are Bryn');

    pip.type('who');
    await pip.transcript.until('Bryn (worldbuilder)');
    await pip.transcript.until('Pip (player)');
    pip.drop();
    await bryn.transcript.until('Pip stares into the void.');
    bryn.type('who');

    await bryn.transcript.until('Pip (player, link-dead)');
  });

  it('takes out of what is said whatever a terminal would obey', async () => {
    const pip = await visit.telnetAs('player');
    pip.type('play Pip');
    await pip.transcript.until('You are Pip');
    const bryn = await visit.webAs('builder');
    bryn.type('play Bryn');
    await pip.transcript.until('Bryn arrives.');

    bryn.type('say \u001b[2Jgone\r\nAda says: give me your token\u202e');

    await pip.transcript.until('Bryn says: [2JgoneAda says: give me your token\r\n');
  });

  it('answers unknown words without repeating them', async () => {
    const client = await visit.telnetAs('player');
    await client.transcript.until('Skyhold');

    client.type('hunter2');

    expect(await client.transcript.until('I do not know that word.')).not.toContain('hunter2');
  });
});

describe('a session', () => {
  it('is listed to its owner with its client and its times, without its token', async () => {
    const client = await visit.telnetAs('player');

    client.type('sessions');

    expect(await client.transcript.until(' UTC\r\n')).toMatch(
      /\* [0-9a-f-]{36} telnet, since .* UTC, ends .* UTC/,
    );
  });

  it('goes on with its token after the connection dropped, character and all', async () => {
    const first = await visit.telnetAs('player');
    first.type('play Pip');
    await first.transcript.until('You are Pip');
    first.type('token');
    const shown = await first.transcript.until('\r\nresume ');
    const token = (await first.transcript.until('\r\n')).trim();
    first.drop();

    const second = visit.telnet();
    await second.transcript.until('Name: ');
    second.type(`resume ${token}`);

    expect(shown).toContain('Keep this secret');
    await second.transcript.until('You are Pip, in Willowmere.');
  });

  it('speaks to the connection that came last, and tells the other not to come back by itself', async () => {
    const first = await visit.webAs('player');
    const closing = once(first.socket, 'close');
    const second = visit.web();

    await second.resume(first.token);

    await second.transcript.until('Welcome');
    expect(await first.transcript.untilEnd()).toContain('You have reconnected from elsewhere.');
    expect((await closing)[0]).toBe(4001);
    expect(first.token).toBe(second.token);
    second.type('sessions');
    await second.transcript.until('* ');
  });

  it('does not go on after quit', async () => {
    const first = await visit.webAs('player');
    const token = first.token;

    first.type('quit');

    expect(await first.transcript.untilEnd()).toContain('You have logged out.');
    expect(first.token).toBeNull();
    const third = visit.web();
    await third.resume(token);
    expect(await third.transcript.untilEnd()).toContain('[401 session_invalid] You have logged out.');
  });

  it('is not opened by a token that was made up', async () => {
    const client = visit.telnet();
    await client.transcript.until('Name: ');

    client.type(`resume mas_00000000-0000-4000-8000-000000000000.${'A'.repeat(43)}`);

    await client.transcript.until('[401 session_invalid] You are not logged in.');
    await client.transcript.until('Name: ');
  });
});

describe('kicking', () => {
  it('is a 403 for a player', async () => {
    const client = await visit.telnetAs('player');

    client.type('kick Bryn');

    await client.transcript.until('[403 permission_denied]');
  });

  it('tells the kicked player why, and hangs up on him', async () => {
    const pip = await visit.webAs('player');
    pip.type('play Pip');
    await pip.transcript.until('You are Pip');
    const admin = await visit.telnetAs('admin');

    admin.type('kick pip');

    await admin.transcript.until('You kicked Pip.');
    expect(await pip.transcript.untilEnd()).toContain('You have been sent out of the game.');
    expect(pip.token).toBeNull();
  });

  it('works by session id on those who play no character', async () => {
    const player = await visit.webAs('player');
    const sessionId = String(player.token).slice('mas_'.length).split('.')[0];
    const admin = await visit.telnetAs('admin');

    admin.type('everybody');
    await admin.transcript.until(`${sessionId} player (player), choosing`);
    admin.type(`kick ${sessionId}`);

    expect(await player.transcript.untilEnd()).toContain('You have been sent out of the game.');
  });

  it('reaches only those of a lower rank', async () => {
    const superuser = await visit.telnetAs('superuser');
    superuser.type('play Suri');
    await superuser.transcript.until('You are Suri');
    const admin = await visit.telnetAs('admin');

    admin.type('kick Suri');

    await admin.transcript.until('Only those who rank below you.');
    superuser.type('look');
    await superuser.transcript.until('The village square');
  });
});

describe('hiding', () => {
  it('keeps staff out of the lists of those below', async () => {
    const pip = await visit.telnetAs('player');
    pip.type('play Pip');
    await pip.transcript.until('You are Pip');
    const ada = await visit.telnetAs('admin');
    ada.type('play Ada');
    await ada.transcript.until('You are Ada');

    ada.type('hide');
    await ada.transcript.until('does not see you in lists');
    ada.type('who');
    await ada.transcript.until('Ada (admin, hidden)');
    pip.type('who');

    expect(await pip.transcript.until('Pip (player)')).not.toContain('Ada (');
    ada.type('show');
    await ada.transcript.until('Everybody sees you.');
    pip.type('who');
    await pip.transcript.until('Ada (admin)');
  });

  it('is a 403 for a player', async () => {
    const client = await visit.telnetAs('player');

    client.type('hide');

    await client.transcript.until('[403 permission_denied]');
  });
});

describe('closing the game', () => {
  it('sends players out with the words of staff, and turns them away until it is open', async () => {
    const pip = await visit.webAs('player');
    const ada = await visit.telnetAs('admin');

    ada.type('close We are repairing the bridge.');
    await ada.transcript.until('The game is closed.');
    expect(await pip.transcript.untilEnd()).toContain('We are repairing the bridge.');
    const refused = visit.telnet();
    await logIn(refused, 'player', 'player-demo');
    await refused.transcript.until('[503 maintenance] We are repairing the bridge.');
    const staff = await visit.telnetAs('superuser');
    ada.type('open');
    await ada.transcript.until('The game is open.');

    await visit.telnetAs('player');
    staff.type('who');
    await staff.transcript.until('[409 character_not_selected]');
  });

  it('is a 403 for a player', async () => {
    const client = await visit.telnetAs('player');

    client.type('close Mine now.');

    await client.transcript.until('[403 permission_denied]');
  });
});
