// oxlint-disable vitest/expect-expect -- waiting for words is an assertion: it throws if they do not come
import { describe, expect, it } from 'vitest';
import type { WebClient } from './clients.ts';
import { logIn, visitDemo } from './visit.ts';

const visit = visitDemo();

describe('a browser that is remembered', () => {
  it('comes back without a password when its session is over, with both of its tokens new', async () => {
    const first = await remembered();
    const { rememberToken, token } = first;
    first.drop();

    const second = visit.web();
    await second.send({ type: 'remember', token: rememberToken });

    await second.transcript.until('Welcome, player (player).');
    expect(second.token).not.toBe(token);
    expect(second.rememberToken).not.toBe(rememberToken);
  });

  it('may come twice at once, as two of its windows do', async () => {
    const { rememberToken } = await remembered();
    const [one, other] = [visit.web(), visit.web()];

    await Promise.all([one, other].map((client) => client.send({ type: 'remember', token: rememberToken })));

    await one.transcript.until('Welcome');
    await other.transcript.until('Welcome');
    expect(one.rememberToken).toBe(other.rememberToken);
  });

  it('comes back after a restart', async () => {
    const { rememberToken } = await remembered();

    await visit.restart();
    const client = visit.web();
    await client.send({ type: 'remember', token: rememberToken });

    await client.transcript.until('Welcome');
  });

  it('is forgotten when its player quits, and told so', async () => {
    const client = await remembered();
    const { rememberToken } = client;

    client.type('quit');
    await client.transcript.untilEnd();

    expect([client.token, client.rememberToken]).toEqual([null, null]);
    const again = visit.web();
    await again.send({ type: 'remember', token: rememberToken });
    expect(await again.transcript.untilEnd()).toContain('[401 session_invalid]');
  });

  it('is not, without the wish', async () => {
    const client = await visit.webAs('player');

    expect(client.token).not.toBeNull();
    expect(client.rememberToken).toBeNull();
  });

  it('is never one of staff', async () => {
    const client = visit.web();
    await client.send({ type: 'login', username: 'admin', password: 'admin-demo', remember: true });

    await client.transcript.until('Staff are not remembered.');
    expect(client.rememberToken).toBeNull();
  });
});

describe('a telnet client that is remembered', () => {
  it('is given the line to come back with', async () => {
    const client = visit.telnet();
    await client.transcript.until('Name: ');
    client.type('remember');
    await logIn(client, 'player', 'player-demo');
    const shown = await client.transcript.until('Welcome');
    const [line = ''] = /remember mar_\S+/.exec(shown) ?? [];
    client.drop();

    const again = visit.telnet();
    await again.transcript.until('Name: ');
    again.type(line);

    await again.transcript.until('Welcome, player (player).');
  });

  it('is asked again after a token that was made up', async () => {
    const client = visit.telnet();
    await client.transcript.until('Name: ');

    client.type(`remember mar_00000000-0000-4000-8000-000000000000.${'A'.repeat(43)}`);

    await client.transcript.until('[401 session_invalid] You are not logged in.');
    await client.transcript.until('Name: ');
  });
});

async function remembered(): Promise<WebClient> {
  const client = visit.web();
  await client.send({ type: 'login', username: 'player', password: 'player-demo', remember: true });
  await client.transcript.until('Welcome');
  expect(client.rememberToken).toMatch(/^mar_/);

  return client;
}
