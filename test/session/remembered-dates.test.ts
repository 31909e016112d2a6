import { describe, expect, it } from 'vitest';
import { alice, aria, MINUTE, openHost } from './fixture.ts';

describe('what a caller was given', () => {
  it('does not prolong a session when he moves a date of it', async () => {
    const { clock, service } = openHost();
    const { token } = await service.createSession(alice.id);
    await service.selectCharacter(token, aria.id);
    const [active] = await service.getActiveCharacters('mist');

    active?.lastActiveAt.setFullYear(3000);
    clock.advance(480 * MINUTE);

    await expect(service.validateSession(token)).rejects.toMatchObject({ status: 401, reason: 'expired' });
  });

  it('does not change what is remembered of an ending', async () => {
    const { service, store } = openHost();
    const { session, token } = await service.createSession(alice.id);
    const ending = await store.endSession(session.id, { reason: 'kicked', actorId: null });

    ending?.endedAt.setFullYear(1000);
    Object.assign(ending ?? {}, { reason: 'cleared' });

    await expect(service.validateSession(token)).rejects.toMatchObject({ status: 401, reason: 'kicked' });
  });

  it('does not change what is remembered when he looks it up', async () => {
    const { service, store } = openHost();
    const { session, token } = await service.createSession(alice.id);
    await service.removeSession(session.id);
    const found = await store.findEnding(session.id);

    found?.ending.endedAt.setFullYear(1000);

    await expect(service.validateSession(token)).rejects.toMatchObject({ status: 401, reason: 'kicked' });
  });
});
