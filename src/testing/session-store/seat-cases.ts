import assert from 'node:assert/strict';
import type { Character } from '../../directory.ts';
import type { SeatPolicy } from '../../session/session-policy.ts';
import type { SelectCharacterOutcome, SessionStore } from '../../session/session-store.ts';
import type { Session } from '../../session/session.ts';
import { newUuid } from '../../token.ts';
import { type DeclareCase, KICKED } from './fixture.ts';

export function seatCases(it: DeclareCase): void {
  it('binds a character of the user', async ({ alice, aria, create, store }) => {
    const session = await create(alice);

    const selected = await select(store, session, aria);

    assert.deepEqual(selected, {
      outcome: 'selected',
      session: { ...session, characterId: aria.id },
      character: aria,
      endings: [],
    });
    assert.equal((await store.findSession(session.id))?.session.characterId, aria.id);
  });

  it('refuses a character of another user', async ({ alice, cato, create, store }) => {
    const session = await create(alice);

    assert.equal((await select(store, session, cato)).outcome, 'character_not_available');
    assert.equal((await store.findSession(session.id))?.session.characterId, null);
  });

  it('refuses a character that is unknown, or of impossible shape', async ({
    alice,
    aria,
    create,
    store,
    unknownId,
  }) => {
    const session = await create(alice);

    for (const id of [unknownId, '', ' ', '\0', '01', '9'.repeat(400)]) {
      const selected = await select(store, session, { ...aria, id });
      assert.equal(selected.outcome, 'character_not_available');
    }
  });

  it('refuses a character whose world is gone', async ({ alice, create, lost, store }) => {
    const session = await create(alice);

    assert.equal((await select(store, session, lost)).outcome, 'character_not_available');
  });

  it('changes from one character to another, and frees the first', async ({
    alice,
    aria,
    borin,
    create,
    play,
    store,
  }) => {
    const first = await create(alice);
    const second = await create(alice);
    await play(first, aria);
    await play(first, borin);

    const selected = await select(store, second, aria, 'reject');

    assert.equal(selected.outcome, 'selected');
    assert.equal((await store.findSession(first.id))?.session.characterId, borin.id);
  });

  it('lets a session select again what it plays, under either policy', async ({
    alice,
    aria,
    create,
    play,
    store,
  }) => {
    const session = await create(alice);
    await play(session, aria);

    for (const policy of ['take_over', 'reject'] as const) {
      const selected = await select(store, session, aria, policy);
      assert.ok(selected.outcome === 'selected');
      assert.deepEqual(selected.endings, []);
    }
  });

  it('takes a character over, and ends the session that played it', async ({
    alice,
    aria,
    clock,
    create,
    play,
    store,
  }) => {
    const first = await create(alice);
    const second = await create(alice);
    await play(first, aria);

    const selected = await select(store, second, aria);

    assert.ok(selected.outcome === 'selected');
    assert.deepEqual(selected.endings, [
      { sessionId: first.id, userId: alice.id, reason: 'taken_over', actorId: null, endedAt: clock.now() },
    ]);
    assert.equal(await store.findSession(first.id), null);
  });

  it('leaves a character to who plays it under `reject`', async ({
    alice,
    aria,
    create,
    isLive,
    play,
    store,
  }) => {
    const first = await create(alice);
    const second = await create(alice);
    await play(first, aria);

    const selected = await select(store, second, aria, 'reject');

    assert.equal(selected.outcome, 'character_in_use');
    assert.equal(await isLive(first), true);
    assert.equal((await store.findSession(second.id))?.session.characterId, null);
  });

  it('does not let an expired session hold a character', async ({
    alice,
    aria,
    clock,
    create,
    play,
    store,
  }) => {
    const first = await create(alice, { idleTimeoutMs: 1_000 });
    await play(first, aria);
    const second = await create(alice);
    clock.advance(1_000);

    const selected = await select(store, second, aria, 'reject');

    assert.ok(selected.outcome === 'selected');
    assert.deepEqual(selected.endings, []);
    assert.equal((await store.findEnding(first.id))?.ending.reason, 'expired');
  });

  it('frees the character of a session that ends', async ({ alice, aria, create, play, store }) => {
    const first = await create(alice);
    const second = await create(alice);
    await play(first, aria);
    await store.endSession(first.id, KICKED);

    assert.equal((await select(store, second, aria, 'reject')).outcome, 'selected');
  });

  it('takes a character that changed hands from its former owner, whose session lives on', async (fixture) => {
    const { alice, aria, bob, create, host, isLive, play, store } = fixture;
    const former = await create(alice);
    await play(former, aria);
    const owned = { ...aria, userId: bob.id };
    await host.putCharacter(owned);

    const selected = await select(store, await create(bob), owned, 'reject');

    assert.equal(selected.outcome, 'selected');
    assert.equal(await isLive(former), true);
    assert.equal((await store.findSession(former.id))?.session.characterId, null);
  });

  it('frees a deleted character at the next selection', async ({
    alice,
    aria,
    borin,
    create,
    host,
    play,
    store,
  }) => {
    const session = await create(alice);
    await play(session, aria);
    await host.deleteCharacter(aria.id);

    assert.equal((await select(store, session, borin)).outcome, 'selected');
  });

  it('binds nothing to a session that has ended, and takes nobody over for it', async (fixture) => {
    const { alice, aria, create, isLive, play, store } = fixture;
    const holder = await create(alice);
    await play(holder, aria);
    const ended = await create(alice);
    await store.endSession(ended.id, KICKED);

    assert.equal((await select(store, ended, aria)).outcome, 'session_ended');
    assert.equal((await select(store, { ...ended, id: newUuid() }, aria)).outcome, 'session_ended');
    assert.equal(await isLive(holder), true);
    assert.equal(await store.findSession(ended.id), null);
  });

  it('binds nothing to a session of another user', async ({ alice, aria, bob, create, store }) => {
    const session = await create(bob);

    const selected = await select(store, { ...session, userId: alice.id }, aria);

    assert.equal(selected.outcome, 'session_ended');
    assert.equal((await store.findSession(session.id))?.session.characterId, null);
  });

  it('binds nothing to a session at the instant of its deadline', async ({
    alice,
    aria,
    clock,
    create,
    store,
  }) => {
    const session = await create(alice, { idleTimeoutMs: 1_000 });
    clock.advance(1_000);

    assert.equal((await select(store, session, aria)).outcome, 'session_ended');
  });

  it('does not touch', async ({ alice, aria, clock, create, play, store }) => {
    const session = await create(alice);
    clock.advance(60_000);
    await play(session, aria);

    assert.deepEqual((await store.findSession(session.id))?.session.lastActiveAt, session.lastActiveAt);
  });

  it('releases a character once', async ({ alice, aria, create, isLive, play, store }) => {
    const session = await create(alice);
    await play(session, aria);

    assert.equal(await store.releaseCharacter(session.id), true);
    assert.equal(await store.releaseCharacter(session.id), false);
    assert.equal((await store.findSession(session.id))?.session.characterId, null);
    assert.equal(await isLive(session), true);
  });

  it('lets another session have what was released', async ({ alice, aria, create, play, store }) => {
    const first = await create(alice);
    await play(first, aria);
    await store.releaseCharacter(first.id);

    assert.equal((await select(store, await create(alice), aria, 'reject')).outcome, 'selected');
  });

  it('releases nothing of a session that has ended or expired', async ({
    alice,
    aria,
    borin,
    clock,
    create,
    play,
    store,
  }) => {
    const ended = await create(alice);
    await play(ended, aria);
    await store.endSession(ended.id, KICKED);
    const expired = await create(alice, { idleTimeoutMs: 1_000 });
    await play(expired, borin);
    clock.advance(1_000);

    assert.equal(await store.releaseCharacter(ended.id), false);
    assert.equal(await store.releaseCharacter(expired.id), false);
    assert.equal(await store.releaseCharacter('x'), false);
  });
}

function select(
  store: SessionStore,
  session: Session,
  character: Character,
  seatPolicy: SeatPolicy = 'take_over',
): Promise<SelectCharacterOutcome> {
  return store.selectCharacter({
    sessionId: session.id,
    userId: session.userId,
    characterId: character.id,
    seatPolicy,
  });
}
