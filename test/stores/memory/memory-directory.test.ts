import { describe, expect, it } from 'vitest';
import { MemoryDirectory } from '../../../src/stores/memory/memory-directory.ts';

const ALICE = { id: 'user-1', username: 'alice', role: 'player', disabled: false };
const ARIA = { id: 'character-1', userId: ALICE.id, name: 'Aria', worldId: 'mist' };

describe('MemoryDirectory', () => {
  it('knows those whom it is told of at the start', async () => {
    const directory = new MemoryDirectory({ users: [ALICE], characters: [ARIA] });

    expect(await directory.findUser(ALICE.id)).toEqual(ALICE);
    expect(await directory.findCharacter(ARIA.id)).toEqual(ARIA);
  });

  it('knows nobody else', async () => {
    const directory = new MemoryDirectory({ users: [ALICE], characters: [ARIA] });

    for (const id of ['', ARIA.id, 'USER-1', '__proto__']) expect(await directory.findUser(id)).toBeNull();
    for (const id of ['', ALICE.id, '__proto__']) expect(await directory.findCharacter(id)).toBeNull();
    expect(await new MemoryDirectory().findUser(ALICE.id)).toBeNull();
  });

  it('adds and replaces', async () => {
    const directory = new MemoryDirectory({ users: [ALICE] });

    await directory.putUser({ ...ALICE, role: 'admin' });
    await directory.putCharacter(ARIA);
    await directory.putCharacter({ ...ARIA, worldId: null });

    expect(await directory.findUser(ALICE.id)).toEqual({ ...ALICE, role: 'admin' });
    expect(await directory.findCharacter(ARIA.id)).toEqual({ ...ARIA, worldId: null });
  });

  it('forgets', async () => {
    const directory = new MemoryDirectory({ users: [ALICE], characters: [ARIA] });

    await directory.deleteUser(ALICE.id);
    await directory.deleteCharacter(ARIA.id);

    expect(await directory.findUser(ALICE.id)).toBeNull();
    expect(await directory.findCharacter(ARIA.id)).toBeNull();
  });
});
