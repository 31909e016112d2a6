// oxlint-disable vitest/expect-expect -- waiting for words is an assertion: it throws if they do not come
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { visitDemo } from './visit.ts';

const visit = visitDemo();

describe('the telnet door', () => {
  it('passes over commands of the protocol in the middle of a line', async () => {
    const client = await visit.telnetAs('player');
    client.type('play Pip');
    await client.transcript.until('You are Pip');

    client.socket.write(
      'sa\u00ff\u00fb\u0018y he\u00ff\u00fa\u0018\u0000xterm\n\u00ff\u00f0llo\u00ff\u00f1\r\n',
      'latin1',
    );

    await client.transcript.until('You say: hello\r\n');
  });

  it('drops a line of a megabyte, and goes on', async () => {
    const client = await visit.telnetAs('player');

    client.type(`say ${'x'.repeat(2 ** 20)}`);
    client.type('help');

    const read = await client.transcript.until('hanging up does not');
    expect(read).toContain('That line is too long.');
    expect(read).not.toContain('xxx');
  });

  it('survives clients that break off anywhere', async () => {
    for (const bytes of ['', 'player', 'player\r\n', 'player\r\nplayer-demo\r\n', '\u00ff\u00fa']) {
      const client = visit.telnet();
      await client.transcript.until('Name: ');
      client.socket.write(bytes, 'latin1');
      client.socket.resetAndDestroy();
    }

    await visit.telnetAs('player');
  });
});

describe('the web door', () => {
  it.each([
    'nonsense',
    'null',
    '[]',
    '{"type":"login"}',
    '{"type":"login","username":{},"password":1}',
    '"\\u0000"',
  ])('hangs up on who sends %s', async (text) => {
    const client = visit.web();
    await once(client.socket, 'open');

    client.socket.send(text);

    await client.transcript.untilEnd();
  });

  it('hangs up on who sends more than a line', async () => {
    const client = await visit.webAs('player');

    client.type('x'.repeat(2 ** 20));

    await client.transcript.untilEnd();
    await visit.webAs('player');
  });

  it.each(['\0', '\ud800', "' OR true --", '__proto__', 'x'.repeat(2000)])(
    'knows nobody named %j',
    async (username) => {
      const client = visit.web();

      await client.send({ type: 'login', username, password: '\0\ud800' });

      await client.transcript.until('Wrong name or password.');
    },
  );

  it('lets in no WebSocket from the page of somebody else', async () => {
    const client = visit.web({ origin: 'http://elsewhere.example' });

    await client.transcript.untilEnd();
    const ours = visit.web({ origin: `http://127.0.0.1:${visit.webPort}` });

    await once(ours.socket, 'open');
  });

  it('asks who is there before anything else', async () => {
    const client = visit.web();

    await client.send({ type: 'line', text: 'look' });

    await client.transcript.until('[401 session_invalid] You are not logged in.');
  });

  it('serves the page with a policy that allows no inline script', async () => {
    const response = await fetch(`http://127.0.0.1:${visit.webPort}/`);

    expect(response.headers.get('content-security-policy')).toContain(
      "default-src 'none'; script-src 'self'",
    );
    expect(await response.text()).not.toMatch(/<script(?![^>]*src=)|\son\w+=/);
  });

  it('serves nothing but the page', async () => {
    const response = await fetch(`http://127.0.0.1:${visit.webPort}/..%2fdata/demo.pid`);

    expect(response.status).toBe(404);
  });
});
