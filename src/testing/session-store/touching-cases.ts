import assert from 'node:assert/strict';
import { isExpired } from '../../session/session.ts';
import { newUuid } from '../../token.ts';
import { type DeclareCase, KICKED } from './fixture.ts';

const SHORT = { idleTimeoutMs: 1_000, absoluteTimeoutMs: 2_500 };

export function touchingCases(it: DeclareCase): void {
  it('records activity as of now', async ({ alice, clock, create, store }) => {
    const session = await create(alice, SHORT);
    clock.advance(300);

    assert.deepEqual(await store.touchSession(session.id), { outcome: 'touched', lastActiveAt: clock.now() });
    assert.deepEqual((await store.findSession(session.id))?.session.lastActiveAt, clock.now());
  });

  it('changes nothing else', async ({ alice, aria, clock, create, play, store }) => {
    const session = await create(alice, SHORT);
    await play(session, aria);
    clock.advance(300);
    await store.touchSession(session.id);

    assert.deepEqual((await store.findSession(session.id))?.session, {
      ...session,
      characterId: aria.id,
      lastActiveAt: clock.now(),
    });
  });

  it('touches until the last millisecond', async ({ alice, clock, create, store }) => {
    const session = await create(alice, SHORT);
    clock.advance(999);

    assert.equal((await store.touchSession(session.id)).outcome, 'touched');
  });

  it('finds a session ended at the very instant of its idle deadline', async ({
    alice,
    clock,
    create,
    store,
  }) => {
    const session = await create(alice, SHORT);
    clock.advance(1_000);

    const record = await store.findSession(session.id);

    assert.ok(record === null || isExpired(record.session, record.readAt));
    assert.equal((await store.touchSession(session.id)).outcome, 'ended');
    assert.equal(await store.countActiveSessions(0), 0);
  });

  it('finds a session ended at the very instant of its absolute deadline', async ({
    alice,
    clock,
    create,
    store,
  }) => {
    const session = await create(alice, SHORT);
    for (const step of [900, 900, 699]) {
      clock.advance(step);
      assert.equal((await store.touchSession(session.id)).outcome, 'touched');
    }
    clock.advance(1);

    const record = await store.findSession(session.id);

    assert.ok(record === null || isExpired(record.session, record.readAt));
    assert.equal((await store.touchSession(session.id)).outcome, 'ended');
  });

  it('slides the idle deadline', async ({ alice, clock, create, store }) => {
    const session = await create(alice, SHORT);
    clock.advance(900);
    await store.touchSession(session.id);
    clock.advance(900);

    const record = await store.findSession(session.id);

    assert.ok(record && !isExpired(record.session, record.readAt));
  });

  it('touches no session that was ended', async ({ alice, create, store }) => {
    const session = await create(alice);
    await store.endSession(session.id, KICKED);

    assert.equal((await store.touchSession(session.id)).outcome, 'ended');
    assert.equal(await store.findSession(session.id), null);
    assert.equal(await store.countActiveSessions(0), 0);
  });

  it('touches no unknown session, and creates none', async ({ store }) => {
    for (const id of [newUuid(), '', 'x', '\0']) {
      assert.equal((await store.touchSession(id)).outcome, 'ended');
    }
    assert.equal(await store.countActiveSessions(0), 0);
  });

  it('expires nothing before the deadline', async ({ alice, clock, create, isLive, store }) => {
    const session = await create(alice, SHORT);
    clock.advance(999);

    assert.equal(await store.expireSession(session.id), null);
    assert.equal(await isLive(session), true);
  });

  it('expires a session from the deadline on, and remembers it', async ({ alice, clock, create, store }) => {
    const session = await create(alice, SHORT);
    clock.advance(1_000);
    const expected = {
      sessionId: session.id,
      userId: alice.id,
      reason: 'expired',
      actorId: null,
      endedAt: clock.now(),
    };

    assert.deepEqual(await store.expireSession(session.id), expected);
    assert.equal(await store.findSession(session.id), null);
    assert.deepEqual((await store.findEnding(session.id))?.ending, expected);
  });

  it('expires a session once', async ({ alice, clock, create, store }) => {
    const session = await create(alice, SHORT);
    clock.advance(1_000);
    await store.expireSession(session.id);

    assert.equal(await store.expireSession(session.id), null);
  });

  it('keeps the expired dead though the clock be set back', async ({ alice, clock, create, store }) => {
    const session = await create(alice, SHORT);
    clock.advance(1_000);
    await store.expireSession(session.id);
    clock.advance(-500);

    assert.equal((await store.touchSession(session.id)).outcome, 'ended');
    assert.equal(await store.findSession(session.id), null);
  });

  it('expires no session that a touch has slid on', async ({ alice, clock, create, isLive, store }) => {
    const session = await create(alice, SHORT);
    clock.advance(999);
    await store.touchSession(session.id);
    clock.advance(1);

    assert.equal(await store.expireSession(session.id), null);
    assert.equal(await isLive(session), true);
  });
}
