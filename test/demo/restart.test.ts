import { expect, it } from 'vitest';
import { visitDemo } from './visit.ts';

const visit = visitDemo();

it('sends everybody home on a stop, and lets them resume where they stood after the next start', async () => {
  const pip = await visit.webAs('player');
  pip.type('play Pip');
  await pip.transcript.until('You are Pip');
  pip.type('north');
  await pip.transcript.until('The Patient Heron');
  const { token } = pip;

  await visit.restart();
  const again = visit.web();
  await again.resume(token);

  expect(await pip.transcript.untilEnd()).toContain('Your session stays');
  await again.transcript.until('You are Pip, in Willowmere.');
  await again.transcript.until('The Patient Heron');
});

it('remembers over a restart who was kicked', async () => {
  const pip = await visit.webAs('player');
  pip.type('play Pip');
  await pip.transcript.until('You are Pip');
  const { token } = pip;
  const admin = await visit.telnetAs('admin');
  admin.type('kick Pip');
  await admin.transcript.until('You kicked Pip.');

  await visit.restart();
  const again = visit.web();
  await again.resume(token);

  expect(await again.transcript.untilEnd()).toContain('You were kicked.');
});
