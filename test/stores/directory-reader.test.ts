import { describe, expect, it } from 'vitest';
import { SessionService } from '../../src/index.ts';
import { MemorySessionStore } from '../../src/stores/memory/index.ts';

const ALICE = { id: '1', username: 'alice', role: 'player', disabled: false };
const ARIA = { id: '11', userId: '1', name: 'Aria', worldId: 'mist' };

describe('a directory', () => {
  it.each([
    ['false', false],
    ['a number', 0],
    ['an empty text', ''],
    ['a list', []],
    ['rows', { rows: [] }],
    ['another user', { ...ALICE, id: '2', role: 'superuser' }],
    ['a numeric id', { ...ALICE, id: 1 }],
    ['no role', { ...ALICE, role: undefined }],
    ['nothing about a ban', { ...ALICE, disabled: undefined }],
    ['a ban that is null', { ...ALICE, disabled: null }],
  ])('that answers %s for a user lets nobody in', async (_, answer) => {
    const service = serviceOver(answer, ARIA);

    await expect(service.createSession('1')).rejects.toMatchObject({
      code: 'store_unavailable',
      retryable: false,
    });
  });

  it.each([
    ['another character', { ...ARIA, id: '12' }],
    ['no name', { ...ARIA, name: undefined }],
    ['a numeric world', { ...ARIA, worldId: 7 }],
  ])('that answers %s for a character seats nobody', async (_, answer) => {
    const service = serviceOver(ALICE, answer);
    const { token } = await service.createSession('1');

    await expect(service.selectCharacter(token, '11')).rejects.toMatchObject({ code: 'store_unavailable' });
  });

  it('that answers undefined has found nobody', async () => {
    await expect(serviceOver(undefined, ARIA).createSession('1')).rejects.toMatchObject({
      code: 'user_not_available',
    });
  });
});

/** A host without types, whose directory always gives the same answers. */
function serviceOver(user: unknown, character: unknown): SessionService {
  const directory = {
    findUser: async () => user as never,
    findCharacter: async () => character as never,
  };

  return new SessionService({ store: new MemorySessionStore({ directory }) });
}
