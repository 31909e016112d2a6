import assert from 'node:assert/strict';
import { ENDING_RETENTION_MS } from '../../session/ending.ts';
import { newUuid } from '../../token.ts';
import { type DeclareCase, KICKED } from './fixture.ts';

const SHORT = { idleTimeoutMs: 1_000 };

export function endingCases(it: DeclareCase): void {
  it('ends a session, and says how', async ({ alice, bob, clock, create, store }) => {
    const session = await create(alice);
    clock.advance(5);

    const ending = await store.endSession(session.id, { reason: 'banned', actorId: bob.id });

    assert.deepEqual(ending, {
      sessionId: session.id,
      userId: alice.id,
      reason: 'banned',
      actorId: bob.id,
      endedAt: clock.now(),
    });
    assert.equal(await store.findSession(session.id), null);
    assert.deepEqual((await store.findEnding(session.id))?.ending, ending);
  });

  it('ends a session once, and keeps the first reason', async ({ alice, create, store }) => {
    const session = await create(alice);
    await store.endSession(session.id, { reason: 'logged_out', actorId: null });

    assert.equal(await store.endSession(session.id, KICKED), null);
    assert.equal((await store.findEnding(session.id))?.ending.reason, 'logged_out');
  });

  it('leaves the other sessions of the user alone', async ({ alice, create, isLive, store }) => {
    const session = await create(alice);
    const other = await create(alice);
    await store.endSession(session.id, KICKED);

    assert.equal(await isLive(other), true);
  });

  it('ends nothing under an unknown id, or one of impossible shape', async ({ store }) => {
    for (const id of [newUuid(), '', 'x', '\0', '\uD800', '__proto__']) {
      assert.equal(await store.endSession(id, KICKED), null);
      assert.equal(await store.expireSession(id), null);
    }
  });

  it('finds a session past its deadline expired, whatever reason is given', async ({
    alice,
    clock,
    create,
    store,
  }) => {
    const session = await create(alice, SHORT);
    clock.advance(1_000);

    assert.equal(await store.endSession(session.id, KICKED), null);
    await store.expireSession(session.id);
    assert.equal((await store.findEnding(session.id))?.ending.reason, 'expired');
  });

  it('ends every session of a user, and of nobody else', async ({ alice, bob, create, isLive, store }) => {
    const sessions = [await create(alice), await create(alice)];
    const ofBob = await create(bob);

    assert.equal(await store.endSessionsForUser(alice.id, KICKED), 2);
    for (const session of sessions) assert.equal(await store.findSession(session.id), null);
    assert.equal(await isLive(ofBob), true);
  });

  it('keeps one session of a user, and only if it is his', async ({ alice, bob, create, isLive, store }) => {
    const [kept, other] = [await create(alice), await create(alice)];
    const ofBob = await create(bob);

    assert.equal(await store.endSessionsForUser(alice.id, KICKED, kept.id), 1);
    assert.equal(await isLive(kept), true);
    assert.equal(await isLive(other), false);
    assert.equal(await store.endSessionsForUser(alice.id, KICKED, ofBob.id), 1);
    for (const id of [newUuid(), 'no id', '']) {
      await create(alice);
      assert.equal(await store.endSessionsForUser(alice.id, KICKED, id), 1);
    }
    assert.equal(await isLive(ofBob), true);
  });

  it('counts only the living of a user, and remembers the others as expired', async ({
    alice,
    clock,
    create,
    store,
  }) => {
    const expired = await create(alice, SHORT);
    const live = await create(alice);
    clock.advance(1_000);

    assert.equal(await store.endSessionsForUser(alice.id, KICKED), 1);
    assert.equal((await store.findEnding(live.id))?.ending.reason, 'kicked');
    assert.equal((await store.findEnding(expired.id))?.ending.reason ?? 'expired', 'expired');
  });

  it('ends no session of a user who has none', async ({ bob, store, unknownId }) => {
    for (const id of [bob.id, unknownId, '', '\0', '\uD800']) {
      assert.equal(await store.endSessionsForUser(id, KICKED), 0);
    }
  });

  it('ends the sessions of a user whom the host no longer knows', async ({ alice, create, host, store }) => {
    await create(alice);
    await host.deleteUser(alice.id);

    assert.equal(await store.endSessionsForUser(alice.id, KICKED), 1);
  });

  it('ends the session that plays a character', async ({
    alice,
    aria,
    clock,
    create,
    isLive,
    play,
    store,
  }) => {
    const playing = await create(alice);
    await play(playing, aria);
    const other = await create(alice);

    const ending = await store.endSessionForCharacter(aria.id, KICKED);

    assert.deepEqual(ending, { ...KICKED, sessionId: playing.id, userId: alice.id, endedAt: clock.now() });
    assert.equal(await store.findSession(playing.id), null);
    assert.equal(await isLive(other), true);
  });

  it('ends nothing for a character that nobody plays', async ({
    alice,
    aria,
    clock,
    create,
    play,
    store,
    unknownId,
  }) => {
    const session = await create(alice, SHORT);
    await play(session, aria);
    clock.advance(1_000);

    for (const id of [aria.id, unknownId, '', '\0']) {
      assert.equal(await store.endSessionForCharacter(id, KICKED), null);
    }
  });

  it('clears all sessions, counts the living, and tells their holders', async ({
    alice,
    bob,
    clock,
    create,
    store,
  }) => {
    await create(alice, SHORT);
    const live = [await create(alice), await create(bob)];
    clock.advance(1_000);

    assert.equal(await store.endAllSessions({ reason: 'cleared', actorId: null }), 2);
    assert.equal(await store.countActiveSessions(0), 0);
    for (const { id } of live) {
      assert.equal(await store.findSession(id), null);
      assert.equal((await store.findEnding(id))?.ending.reason, 'cleared');
    }
  });

  it('leaves users and characters alone when it clears', async ({ alice, aria, create, play, store }) => {
    await create(alice);
    await store.endAllSessions({ reason: 'cleared', actorId: null });
    const session = await create(alice);

    await play(session, aria);

    assert.equal((await store.findSession(session.id))?.character?.name, aria.name);
  });

  it('cleans up what has expired, and only that', async ({ alice, bob, clock, create, isLive, store }) => {
    const expired = await create(alice, SHORT);
    clock.advance(1);
    const live = await create(bob, SHORT);
    clock.advance(999);

    assert.equal(await store.cleanupExpiredSessions(), 1);
    assert.equal(await store.findSession(expired.id), null);
    assert.equal((await store.findEnding(expired.id))?.ending.reason, 'expired');
    assert.equal(await isLive(live), true);
    assert.equal(await store.cleanupExpiredSessions(), 0);
  });

  it('keeps recent endings when it cleans up', async ({ alice, clock, create, store }) => {
    const session = await create(alice);
    await store.endSession(session.id, KICKED);
    clock.advance(ENDING_RETENTION_MS - 1);
    await store.cleanupExpiredSessions();

    assert.notEqual(await store.findEnding(session.id), null);
  });
}
