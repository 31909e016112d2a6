import assert from 'node:assert/strict';
import { type EndingReason, FORGETTING_REASONS } from '../../session/ending.ts';
import { newUuid } from '../../token.ts';
import { type DeclareCase, KICKED, someHash } from './fixture.ts';
import {
  ABSOLUTE_MS,
  IDLE_MS,
  isKnown,
  redeem,
  remembered,
  REUSED,
  type WithRemember,
} from './remember-fixture.ts';

const KEEPING_REASONS: readonly EndingReason[] = ['replaced', 'taken_over', 'maintenance'];

export function forgettingCases(it: DeclareCase<WithRemember>): void {
  it('ends a family with all sessions that hang on it, and no other', async (fixture) => {
    const { alice, create, isLive, remember, store } = fixture;
    const { family, hash, session } = await remembered(fixture);
    const { sessionId: second, successorHash } = await redeem(fixture, family, hash);
    const { sessionId: third } = await redeem(fixture, family, hash, { successorHash });
    const stranger = await create(alice);
    const other = await remembered(fixture);

    const { wasLive, endings } = await remember.endFamily(family.id, REUSED);

    assert.equal(wasLive, true);
    assert.deepEqual(
      endings.map((ending) => ending.sessionId).toSorted(),
      [session.id, second, third].toSorted(),
    );
    assert.ok(endings.every(({ reason }) => reason === 'reuse_detected'));
    assert.equal((await store.findEnding(third))?.ending.reason, 'reuse_detected');
    assert.equal(await isKnown(fixture, family, successorHash), false);
    assert.equal(await isLive(stranger), true);
    assert.equal(await isLive(other.session), true);
    assert.equal(await isKnown(fixture, other.family, other.hash), true);
    assert.deepEqual(await remember.endFamily(family.id, REUSED), { wasLive: false, endings: [] });
  });

  it('ends a family none of whose sessions lives', async (fixture) => {
    const { clock, remember } = fixture;
    const { family, hash } = await remembered(fixture);
    const { sessionId } = await redeem(fixture, family, hash);
    await fixture.store.endSession(sessionId, { reason: 'replaced', actorId: null });
    await fixture.store.endSessionsForUser(family.userId, { reason: 'maintenance', actorId: null });
    clock.advance(1);

    assert.deepEqual(await remember.endFamily(family.id, REUSED), { wasLive: true, endings: [] });
  });

  it('ends no family of an impossible id', async ({ remember }) => {
    for (const id of ['', 'no id', newUuid()])
      assert.deepEqual(await remember.endFamily(id, REUSED), { wasLive: false, endings: [] });
  });

  for (const reason of FORGETTING_REASONS) {
    it(`forgets the client of a session that ends so: ${reason}`, async (fixture) => {
      const { family, hash } = await remembered(fixture);
      const { sessionId, successorHash } = await redeem(fixture, family, hash);
      const other = await remembered(fixture);

      await fixture.store.endSession(sessionId, { reason, actorId: null });

      assert.equal(await isKnown(fixture, family, successorHash), false);
      assert.equal(await isKnown(fixture, other.family, other.hash), true);
    });

    it(`forgets all clients of a user whose sessions end so: ${reason}`, async (fixture) => {
      const { alice, bob, store } = fixture;
      const [one, other] = [await remembered(fixture), await remembered(fixture)];
      await store.endSession(other.session.id, { reason: 'replaced', actorId: null });
      const ofBob = await remembered(fixture, bob);

      await store.endSessionsForUser(alice.id, { reason, actorId: null });

      assert.equal(await isKnown(fixture, one.family, one.hash), false);
      assert.equal(await isKnown(fixture, other.family, other.hash), false);
      assert.equal(await isKnown(fixture, ofBob.family, ofBob.hash), true);
    });
  }

  it('goes on knowing the client of the session that is kept, and no other of the user', async (fixture) => {
    const { alice, store } = fixture;
    const [kept, other] = [await remembered(fixture), await remembered(fixture)];
    const cause = { reason: 'credentials_changed', actorId: null } as const;

    await store.endSessionsForUser(alice.id, cause, kept.session.id);

    assert.equal(await isKnown(fixture, kept.family, kept.hash), true);
    assert.equal(await isKnown(fixture, other.family, other.hash), false);
  });

  for (const reason of KEEPING_REASONS) {
    it(`goes on knowing the client of a session that ends so: ${reason}`, async (fixture) => {
      const { alice, store } = fixture;
      const [one, other] = [await remembered(fixture), await remembered(fixture)];

      await store.endSession(one.session.id, { reason, actorId: null });
      await store.endSessionsForUser(alice.id, { reason, actorId: null });

      assert.equal(await isKnown(fixture, one.family, one.hash), true);
      assert.equal(await isKnown(fixture, other.family, other.hash), true);
    });
  }

  it('forgets the client of a session that ends by its character', async (fixture) => {
    const { aria, play, store } = fixture;
    const { family, hash, session } = await remembered(fixture);
    await play(session, aria);

    await store.endSessionForCharacter(aria.id, KICKED);

    assert.equal(await isKnown(fixture, family, hash), false);
  });

  it('goes on knowing the client of a session that has expired', async (fixture) => {
    const { alice, clock, create, remember, store } = fixture;
    const session = await create(alice, { idleTimeoutMs: 1_000 });
    const secretHash = someHash();
    const terms = { idleTimeoutMs: IDLE_MS, absoluteTimeoutMs: ABSOLUTE_MS };
    const family = await remember.startFamily({ id: newUuid(), sessionId: session.id, secretHash, ...terms });
    assert.ok(family);
    clock.advance(1_000);

    await store.endSession(session.id, KICKED);
    await store.expireSession(session.id);
    await store.cleanupExpiredSessions();

    assert.equal(await isKnown(fixture, family, secretHash), true);
  });

  it('forgets everybody when all sessions are cleared', async (fixture) => {
    const [one, other] = [await remembered(fixture), await remembered(fixture, fixture.bob)];
    await fixture.store.endSession(other.session.id, { reason: 'replaced', actorId: null });

    await fixture.store.endAllSessions({ reason: 'cleared', actorId: null });

    assert.equal(await isKnown(fixture, one.family, one.hash), false);
    assert.equal(await isKnown(fixture, other.family, other.hash), false);
  });

  it('keeps those who are remembered through a clean-up', async (fixture) => {
    const { clock, store } = fixture;
    const over = await remembered(fixture);
    clock.advance(IDLE_MS);
    const { family, hash } = await remembered(fixture);

    await store.cleanupExpiredSessions();

    assert.equal(await isKnown(fixture, over.family, over.hash), false);
    assert.equal(await isKnown(fixture, family, hash), true);
    assert.equal((await redeem(fixture, family, hash)).outcome, 'rotated');
  });

  it('never leaves a session on a family that has ended', async (fixture) => {
    const { alice, create, isLive, remember } = fixture;
    for (let round = 0; round < 10; round += 1) {
      const { family, hash } = await remembered(fixture);
      const session = await create(alice);

      const [{ outcome }] = await Promise.all([
        redeem(fixture, family, hash, { sessionId: session.id }),
        remember.endFamily(family.id, REUSED),
      ]);

      assert.equal(await isLive(session), outcome === 'unknown', outcome);
      assert.equal(await isKnown(fixture, family, hash), false);
    }
  });

  it('never leaves a client remembered whose session was ended meanwhile', async (fixture) => {
    const { alice, create, remember, store } = fixture;
    for (let round = 0; round < 10; round += 1) {
      const session = await create(alice);
      const secretHash = someHash();
      const terms = { idleTimeoutMs: IDLE_MS, absoluteTimeoutMs: ABSOLUTE_MS };
      const id = newUuid();

      await Promise.all([
        remember.startFamily({ id, sessionId: session.id, secretHash, ...terms }),
        store.endSession(session.id, KICKED),
      ]);

      assert.equal(await remember.findToken(id, secretHash), null);
    }
  });
}
