import assert from 'node:assert/strict';
import { ENDING_RETENTION_MS } from '../../session/ending.ts';
import { definePolicy } from '../../session/session-policy.ts';
import { newUuid } from '../../token.ts';
import { type DeclareCase, KICKED, someHash } from './fixture.ts';

const IMPOSSIBLE_IDS = [
  '',
  'x',
  '__proto__',
  'constructor',
  '\0',
  '\uD800',
  "' OR 1=1 --",
  'f'.repeat(100_000),
];

export function readingCases(it: DeclareCase): void {
  it('finds a session with its user as he is now', async ({ alice, create, host, store }) => {
    const session = await create(alice);
    const promoted = { ...alice, username: 'alicia', role: 'admin' };
    await host.putUser(promoted);

    const record = await store.findSession(session.id);

    assert.deepEqual(record?.user, promoted);
    assert.equal(record?.character, null);
  });

  it('finds the hash of the secret, byte for byte', async ({ alice, store }) => {
    const id = newUuid();
    const secretHash = someHash();
    await store.createSession({
      id,
      userId: alice.id,
      secretHash,
      clientType: '',
      isAuthenticated: true,
      policy: definePolicy(),
    });

    const record = await store.findSession(id);

    assert.ok(record);
    assert.deepEqual([...record.secretHash], [...secretHash]);
  });

  it('says when it read, by its own clock', async ({ alice, clock, create, store }) => {
    const session = await create(alice);
    clock.advance(12_345);

    assert.deepEqual((await store.findSession(session.id))?.readAt, clock.now());
  });

  it('does not touch', async ({ alice, clock, create, store }) => {
    const session = await create(alice);
    clock.advance(60_000);
    await store.findSession(session.id);

    assert.deepEqual((await store.findSession(session.id))?.session.lastActiveAt, session.lastActiveAt);
  });

  it('sees at once that the user is disabled', async ({ alice, create, host, store }) => {
    const session = await create(alice);
    await host.putUser({ ...alice, disabled: true });

    assert.equal((await store.findSession(session.id))?.user?.disabled, true);
  });

  it('finds a session whose user the host no longer knows', async ({ alice, create, host, store }) => {
    const session = await create(alice);
    await host.deleteUser(alice.id);

    const record = await store.findSession(session.id);

    assert.ok(record);
    assert.equal(record.user, null);
  });

  it('finds the bound character as it is now', async ({ alice, aria, create, host, play, store }) => {
    const session = await create(alice);
    await play(session, aria);
    const moved = { ...aria, name: 'Aria the Grey', worldId: 'stone' };
    await host.putCharacter(moved);

    const record = await store.findSession(session.id);

    assert.equal(record?.session.characterId, aria.id);
    assert.deepEqual(record?.character, moved);
  });

  it('finds that the world of the character is gone', async ({ alice, aria, create, host, play, store }) => {
    const session = await create(alice);
    await play(session, aria);
    await host.putCharacter({ ...aria, worldId: null });

    assert.equal((await store.findSession(session.id))?.character?.worldId, null);
  });

  it('finds no character once it is deleted', async ({ alice, aria, create, host, play, store }) => {
    const session = await create(alice);
    await play(session, aria);
    await host.deleteCharacter(aria.id);

    const record = await store.findSession(session.id);

    assert.equal(record?.session.characterId, aria.id);
    assert.equal(record?.character, null);
  });

  it('finds no character once it belongs to another user', async ({
    alice,
    aria,
    bob,
    create,
    host,
    play,
    store,
  }) => {
    const session = await create(alice);
    await play(session, aria);
    await host.putCharacter({ ...aria, userId: bob.id });

    assert.equal((await store.findSession(session.id))?.character, null);
  });

  it('finds nothing under an unknown id, or one of impossible shape', async ({ store }) => {
    for (const id of [newUuid(), ...IMPOSSIBLE_IDS]) {
      assert.equal(await store.findSession(id), null);
      assert.equal(await store.findEnding(id), null);
    }
  });

  it('has no ending of a session that lives', async ({ alice, create, store }) => {
    const session = await create(alice);

    assert.equal(await store.findEnding(session.id), null);
  });

  it('remembers how a session ended, and its secret', async ({ alice, bob, clock, store }) => {
    const id = newUuid();
    const secretHash = someHash();
    await store.createSession({
      id,
      userId: alice.id,
      secretHash,
      clientType: '',
      isAuthenticated: true,
      policy: definePolicy(),
    });
    await store.endSession(id, { reason: 'kicked', actorId: bob.id });

    const record = await store.findEnding(id);

    assert.deepEqual(record?.ending, {
      sessionId: id,
      userId: alice.id,
      reason: 'kicked',
      actorId: bob.id,
      endedAt: clock.now(),
    });
    assert.deepEqual([...record.secretHash], [...secretHash]);
  });

  it('remembers an ending for its retention, and not a millisecond longer', async ({
    alice,
    clock,
    create,
    store,
  }) => {
    const session = await create(alice);
    await store.endSession(session.id, KICKED);

    clock.advance(ENDING_RETENTION_MS - 1);
    assert.notEqual(await store.findEnding(session.id), null);
    clock.advance(1);
    assert.equal(await store.findEnding(session.id), null);
  });
}
