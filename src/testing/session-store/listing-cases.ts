import assert from 'node:assert/strict';
import type { DeclareCase } from './fixture.ts';

export function listingCases(it: DeclareCase): void {
  it('counts the sessions that were active within the window', async ({ alice, clock, create, store }) => {
    await create(alice);
    clock.advance(999);
    await create(alice);

    assert.equal(await store.countActiveSessions(1_000), 2);
    clock.advance(1);
    assert.equal(await store.countActiveSessions(1_000), 1);
  });

  it('counts every live session without a window', async ({ alice, bob, clock, create, store }) => {
    await create(alice);
    await create(bob);
    clock.advance(60 * 60_000);

    assert.equal(await store.countActiveSessions(0), 2);
  });

  it('counts no expired session', async ({ alice, clock, create, store }) => {
    await create(alice, { idleTimeoutMs: 1_000 });
    clock.advance(999);
    assert.equal(await store.countActiveSessions(0), 1);
    clock.advance(1);
    assert.equal(await store.countActiveSessions(0), 0);
  });

  it('lists who is in a world', async ({ alice, aria, bob, cato, clock, create, play, store }) => {
    const ofAlice = await create(alice);
    const ofBob = await create(bob);
    await play(ofAlice, aria);
    await play(ofBob, cato);

    const inMist = await store.listActiveCharacters('mist', 0);

    assert.deepEqual(
      inMist.toSorted((a, b) => (a.characterName < b.characterName ? -1 : 1)),
      [
        {
          characterId: aria.id,
          characterName: 'Aria',
          worldId: 'mist',
          userId: alice.id,
          role: 'player',
          sessionId: ofAlice.id,
          lastActiveAt: clock.now(),
        },
        {
          characterId: cato.id,
          characterName: 'Cato',
          worldId: 'mist',
          userId: bob.id,
          role: 'player',
          sessionId: ofBob.id,
          lastActiveAt: clock.now(),
        },
      ],
    );
  });

  it('lists nobody of another world', async ({ alice, borin, create, play, store }) => {
    await play(await create(alice), borin);

    assert.deepEqual(await store.listActiveCharacters('mist', 0), []);
    assert.equal((await store.listActiveCharacters('stone', 0)).length, 1);
    for (const world of ['', '\0', '\uD800'])
      assert.deepEqual(await store.listActiveCharacters(world, 0), []);
  });

  it('lists by the world where the character is now', async ({ alice, aria, create, host, play, store }) => {
    await play(await create(alice), aria);
    await host.putCharacter({ ...aria, worldId: 'stone' });

    assert.deepEqual(await store.listActiveCharacters('mist', 0), []);
    assert.equal((await store.listActiveCharacters('stone', 0)).length, 1);
  });

  it('lists nobody who has released the character, or whose session has expired', async (fixture) => {
    const { alice, aria, bob, cato, clock, create, play, store } = fixture;
    const released = await create(alice);
    await play(released, aria);
    await store.releaseCharacter(released.id);
    await play(await create(bob, { idleTimeoutMs: 1_000 }), cato);
    clock.advance(1_000);

    assert.deepEqual(await store.listActiveCharacters('mist', 0), []);
  });

  it('lists nobody without activity within the window', async ({
    alice,
    aria,
    clock,
    create,
    play,
    store,
  }) => {
    await play(await create(alice), aria);
    clock.advance(999);
    assert.equal((await store.listActiveCharacters('mist', 1_000)).length, 1);
    clock.advance(1);
    assert.deepEqual(await store.listActiveCharacters('mist', 1_000), []);
  });

  it('lists no deleted character, and none that changed hands', async (fixture) => {
    const { alice, aria, bob, cato, create, host, play, store } = fixture;
    await play(await create(alice), aria);
    await play(await create(bob), cato);
    await host.deleteCharacter(aria.id);
    await host.putCharacter({ ...cato, userId: alice.id });

    assert.deepEqual(await store.listActiveCharacters('mist', 0), []);
  });

  it('lists nobody who is disabled, or unknown by now', async ({
    alice,
    aria,
    bob,
    cato,
    create,
    host,
    play,
    store,
  }) => {
    await play(await create(alice), aria);
    await play(await create(bob), cato);
    await host.putUser({ ...alice, disabled: true });
    await host.deleteUser(bob.id);

    assert.deepEqual(await store.listActiveCharacters('mist', 0), []);
  });
}
