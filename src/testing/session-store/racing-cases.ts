import assert from 'node:assert/strict';
import { definePolicy } from '../../session/session-policy.ts';
import type { CreateSessionOutcome, SessionStore } from '../../session/session-store.ts';
import { newUuid } from '../../token.ts';
import { type DeclareCase, KICKED, someHash } from './fixture.ts';

const RACERS = 8;
const ROUNDS = 5;

export function racingCases(it: DeclareCase): void {
  for (const limit of [1, 3]) {
    it(`keeps a limit of ${limit} when ${RACERS} sign-ins race`, async ({ alice, store }) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const outcomes = await atOnce(RACERS, () => createUnder(store, alice.id, limit, 'replace_oldest'));

        assert.ok(outcomes.every(({ outcome }) => outcome === 'created'));
        assert.equal(await store.countActiveSessions(0), limit);
      }
    });

    it(`lets ${limit} of ${RACERS} racing sign-ins in under \`reject\``, async ({ alice, store }) => {
      const outcomes = await atOnce(RACERS, () => createUnder(store, alice.id, limit, 'reject'));

      assert.equal(outcomes.filter(({ outcome }) => outcome === 'created').length, limit);
      assert.equal(await store.countActiveSessions(0), limit);
    });
  }

  it('says of each session once that it was replaced', async ({ alice, store }) => {
    const outcomes = await atOnce(RACERS, () => createUnder(store, alice.id, 1, 'replace_oldest'));

    const replaced = outcomes.flatMap((created) => (created.outcome === 'created' ? created.endings : []));

    assert.equal(replaced.length, RACERS - 1);
    assert.equal(new Set(replaced.map(({ sessionId }) => sessionId)).size, RACERS - 1);
  });

  it('seats one of many sessions that take a character over at once', async ({
    alice,
    aria,
    create,
    store,
  }) => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const sessions = await atOnce(RACERS, () => create(alice));

      await Promise.all(
        sessions.map(({ id: sessionId, userId }) =>
          store.selectCharacter({ sessionId, userId, characterId: aria.id, seatPolicy: 'take_over' }),
        ),
      );

      assert.equal((await store.listActiveCharacters('mist', 0)).length, 1);
      assert.equal(await store.countActiveSessions(0), 1);
      await store.endSessionsForUser(alice.id, KICKED);
    }
  });

  it('seats one of many sessions that ask at once under `reject`', async ({ alice, aria, create, store }) => {
    const sessions = await atOnce(RACERS, () => create(alice));

    const outcomes = await Promise.all(
      sessions.map(({ id: sessionId, userId }) =>
        store.selectCharacter({ sessionId, userId, characterId: aria.id, seatPolicy: 'reject' }),
      ),
    );

    assert.equal(outcomes.filter(({ outcome }) => outcome === 'selected').length, 1);
    assert.equal(outcomes.filter(({ outcome }) => outcome === 'character_in_use').length, RACERS - 1);
    assert.equal(await store.countActiveSessions(0), RACERS);
  });

  it('lets two sessions of one user change characters at once, without a deadlock', async (fixture) => {
    const { alice, aria, borin, create, play, store } = fixture;
    for (let round = 0; round < ROUNDS; round += 1) {
      const first = await create(alice);
      const second = await create(alice);
      await play(first, aria);
      await play(second, borin);

      const seat = { userId: alice.id, seatPolicy: 'take_over' } as const;
      await Promise.all([
        store.selectCharacter({ ...seat, sessionId: first.id, characterId: borin.id }),
        store.selectCharacter({ ...seat, sessionId: second.id, characterId: aria.id }),
      ]);

      const seated = await Promise.all(
        ['mist', 'stone'].map((world) => store.listActiveCharacters(world, 0)),
      );
      const holders = seated.flat();
      assert.equal(new Set(holders.map(({ sessionId }) => sessionId)).size, holders.length);
      assert.ok(holders.length >= 1);
      await store.endSessionsForUser(alice.id, KICKED);
    }
  });

  it('gives one ending to many who end a session at once', async ({ alice, create, store }) => {
    const session = await create(alice);

    const endings = await atOnce(RACERS, () => store.endSession(session.id, KICKED));

    assert.equal(endings.filter((ending) => ending !== null).length, 1);
  });

  it('keeps a session ended whose touches raced with its end', async ({ alice, create, store }) => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const session = await create(alice);

      await Promise.all([
        ...Array.from({ length: RACERS }, () => store.touchSession(session.id)),
        store.endSession(session.id, KICKED),
      ]);

      assert.equal(await store.findSession(session.id), null);
      assert.equal((await store.touchSession(session.id)).outcome, 'ended');
    }
  });

  it('keeps a session ended whose selection raced with its end', async ({ alice, aria, create, store }) => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const session = await create(alice);
      const selection = {
        sessionId: session.id,
        userId: alice.id,
        characterId: aria.id,
        seatPolicy: 'take_over',
      } as const;

      await Promise.all([store.selectCharacter(selection), store.endSession(session.id, KICKED)]);

      assert.equal(await store.findSession(session.id), null);
      assert.deepEqual(await store.listActiveCharacters('mist', 0), []);
    }
  });

  it('says of a session at its deadline that it expired, or lets a touch slide it, never both', async (fixture) => {
    const { alice, clock, create, store } = fixture;
    const session = await create(alice, { idleTimeoutMs: 1_000 });
    clock.advance(1_000);

    const [touched, expired] = await Promise.all([
      store.touchSession(session.id),
      store.expireSession(session.id),
    ]);

    assert.notEqual(touched.outcome, 'touched');
    assert.equal((await store.findEnding(session.id))?.ending.reason, 'expired');
    assert.ok(expired === null || expired.reason === 'expired');
  });

  it('clears every session that was there, however many are being created meanwhile', async (fixture) => {
    const { alice, create, store } = fixture;
    const before = await atOnce(RACERS, () => create(alice));

    await Promise.all([
      ...Array.from({ length: RACERS }, () => create(alice)),
      store.endAllSessions({ reason: 'cleared', actorId: null }),
    ]);

    for (const { id } of before) assert.equal(await store.findSession(id), null);
  });
}

function atOnce<T>(times: number, act: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: times }, act));
}

function createUnder(
  store: SessionStore,
  userId: string,
  maxSessionsPerUser: number,
  sessionLimitPolicy: 'replace_oldest' | 'reject',
): Promise<CreateSessionOutcome> {
  return store.createSession({
    id: newUuid(),
    userId,
    secretHash: someHash(),
    clientType: 'race',
    isAuthenticated: true,
    policy: definePolicy({ maxSessionsPerUser, sessionLimitPolicy }),
  });
}
