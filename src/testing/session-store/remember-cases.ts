import assert from 'node:assert/strict';
import { newUuid } from '../../token.ts';
import { type DeclareCase, KICKED, someHash } from './fixture.ts';
import {
  ABSOLUTE_MS,
  GRACE_MS,
  IDLE_MS,
  isKnown,
  redeem,
  remembered,
  REUSED,
  type WithRemember,
} from './remember-fixture.ts';

export function rememberCases(it: DeclareCase<WithRemember>): void {
  it('remembers the client of a session, and knows its token', async (fixture) => {
    const { alice, clock, remember } = fixture;
    const { family, hash } = await remembered(fixture);

    assert.deepEqual(family, {
      id: family.id,
      userId: alice.id,
      clientType: 'suite',
      createdAt: clock.now(),
      lastUsedAt: clock.now(),
      idleTimeoutMs: IDLE_MS,
      absoluteExpiresAt: new Date(clock.now().getTime() + ABSOLUTE_MS),
    });
    assert.deepEqual(await remember.findToken(family.id, hash), {
      family,
      usedAt: null,
      readAt: clock.now(),
    });
  });

  it('remembers no client whose session has ended, has expired, or never was', async (fixture) => {
    const { alice, clock, create, remember, store } = fixture;
    const ended = await create(alice);
    await store.endSession(ended.id, KICKED);
    const expired = await create(alice, { idleTimeoutMs: 1_000 });
    clock.advance(1_000);

    for (const sessionId of [ended.id, expired.id, newUuid(), 'no id']) {
      const family = { id: newUuid(), sessionId, secretHash: someHash() };
      const terms = { idleTimeoutMs: IDLE_MS, absoluteTimeoutMs: ABSOLUTE_MS };

      assert.equal(await remember.startFamily({ ...family, ...terms }), null);
      assert.equal(await remember.findToken(family.id, family.secretHash), null);
    }
  });

  it('knows no token of another family, and none that never was', async (fixture) => {
    const { remember } = fixture;
    const one = await remembered(fixture);
    const other = await remembered(fixture);

    assert.equal(await remember.findToken(one.family.id, other.hash), null);
    assert.equal(await remember.findToken(one.family.id, someHash()), null);
    for (const id of [newUuid(), 'no id', '']) assert.equal(await remember.findToken(id, one.hash), null);
    assert.equal((await redeem(fixture, one.family, other.hash)).outcome, 'unknown');
    assert.equal((await redeem(fixture, { ...one.family, id: 'no id' }, one.hash)).outcome, 'unknown');
    assert.equal(await isKnown(fixture, one.family, one.hash), true);
  });

  it('puts the successor in the place of the token, and remembers when that was', async (fixture) => {
    const { clock, remember } = fixture;
    const { family, hash } = await remembered(fixture);
    clock.advance(5_000);

    const { outcome, successorHash } = await redeem(fixture, family, hash);

    assert.equal(outcome, 'rotated');
    const now = clock.now();
    const after = { ...family, lastUsedAt: now };
    assert.deepEqual(await remember.findToken(family.id, hash), { family: after, usedAt: now, readAt: now });
    assert.deepEqual(await remember.findToken(family.id, successorHash), {
      family: after,
      usedAt: null,
      readAt: now,
    });
  });

  it('uses no token for a session that does not live', async (fixture) => {
    const { alice, clock, create, store } = fixture;
    const { family, hash } = await remembered(fixture);
    const ended = await create(alice);
    await store.endSession(ended.id, KICKED);
    const expired = await create(alice, { idleTimeoutMs: 1_000 });
    clock.advance(1_000);

    for (const sessionId of [ended.id, expired.id, newUuid(), 'no id'])
      assert.equal((await redeem(fixture, family, hash, { sessionId })).outcome, 'unknown');
    assert.equal((await redeem(fixture, family, hash)).outcome, 'rotated');
  });

  it('lets no session outlive the family, and none live longer for it', async (fixture) => {
    const { alice, create, store } = fixture;
    const { family, hash } = await remembered(fixture);
    const { sessionId: long, successorHash } = await redeem(fixture, family, hash);
    const { id: short, absoluteExpiresAt } = await create(alice, {
      idleTimeoutMs: 1_000,
      absoluteTimeoutMs: 2_000,
    });
    await redeem(fixture, family, hash, { successorHash, sessionId: short });

    assert.deepEqual((await store.findSession(long))?.session.absoluteExpiresAt, family.absoluteExpiresAt);
    assert.deepEqual((await store.findSession(short))?.session.absoluteExpiresAt, absoluteExpiresAt);
  });

  it('repeats within the grace with the same successor, and moves no end by it', async (fixture) => {
    const { clock, remember } = fixture;
    const { family, hash } = await remembered(fixture);
    const { successorHash } = await redeem(fixture, family, hash);
    const before = await remember.findToken(family.id, successorHash);
    clock.advance(GRACE_MS - 1);

    assert.equal((await redeem(fixture, family, hash, { successorHash })).outcome, 'repeated');

    const after = await remember.findToken(family.id, successorHash);
    assert.deepEqual(after, before && { ...before, readAt: clock.now() });
  });

  it('goes on repeating when the successor has been used as well', async (fixture) => {
    const { family, hash } = await remembered(fixture);
    const { successorHash } = await redeem(fixture, family, hash);
    await redeem(fixture, family, successorHash);

    assert.equal((await redeem(fixture, family, hash, { successorHash })).outcome, 'repeated');
  });

  it('gives no other successor within the grace', async (fixture) => {
    const { family, hash } = await remembered(fixture);
    await redeem(fixture, family, hash);

    const { outcome, successorHash } = await redeem(fixture, family, hash);

    assert.equal(outcome, 'unknown');
    assert.equal(await isKnown(fixture, family, successorHash), false);
  });

  it('calls it reuse from the very instant on at which the grace is over', async (fixture) => {
    const { clock, store } = fixture;
    const { family, hash } = await remembered(fixture);
    const { successorHash } = await redeem(fixture, family, hash);
    clock.advance(GRACE_MS);

    const { outcome, sessionId } = await redeem(fixture, family, hash, { successorHash });

    assert.equal(outcome, 'reused');
    assert.equal((await store.findSession(sessionId))?.session.id, sessionId, 'nothing has ended yet');
    assert.equal(await isKnown(fixture, family, successorHash), true);
  });

  it('calls it reuse at once without a grace', async (fixture) => {
    const { family, hash } = await remembered(fixture);
    const { successorHash } = await redeem(fixture, family, hash, { graceMs: 0 });

    assert.equal((await redeem(fixture, family, hash, { successorHash, graceMs: 0 })).outcome, 'reused');
  });

  it('recognises every token that there was', async (fixture) => {
    const { clock } = fixture;
    const { family, hash } = await remembered(fixture);
    let present = hash;
    for (let n = 0; n < 3; n += 1) present = (await redeem(fixture, family, present)).successorHash;
    clock.advance(GRACE_MS);

    assert.equal((await redeem(fixture, family, hash)).outcome, 'reused');
  });

  it('forgets a client whose token has lain unused for its idle time', async (fixture) => {
    const { clock, remember } = fixture;
    const { family, hash } = await remembered(fixture);

    clock.advance(IDLE_MS - 1);
    assert.equal(await isKnown(fixture, family, hash), true);
    clock.advance(1);

    assert.equal(await isKnown(fixture, family, hash), false);
    assert.equal((await redeem(fixture, family, hash)).outcome, 'unknown');
    assert.deepEqual(await remember.endFamily(family.id, REUSED), { wasLive: false, endings: [] });
  });

  it('forgets a client at its absolute end, however often it comes', async (fixture) => {
    const { clock } = fixture;
    const { family, hash } = await remembered(fixture);
    clock.advance(IDLE_MS - 1);
    const second = await redeem(fixture, family, hash);
    clock.advance(IDLE_MS - 1);
    const third = await redeem(fixture, family, second.successorHash);
    assert.equal(third.outcome, 'rotated');

    clock.advance(ABSOLUTE_MS - 2 * (IDLE_MS - 1) - 1);
    assert.equal(await isKnown(fixture, family, third.successorHash), true);
    clock.advance(1);

    assert.equal(await isKnown(fixture, family, third.successorHash), false);
  });

  it('lets one of many calls at once rotate, and the others repeat', async (fixture) => {
    const { alice, create, remember } = fixture;
    const { family, hash } = await remembered(fixture);
    const successorHash = someHash();
    const sessions = await Promise.all(Array.from({ length: 20 }, () => create(alice)));

    const outcomes = await Promise.all(
      sessions.map(({ id: sessionId }) => redeem(fixture, family, hash, { successorHash, sessionId })),
    );

    const counted = outcomes.map(({ outcome }) => outcome).toSorted();
    assert.deepEqual(counted, [...Array<string>(19).fill('repeated'), 'rotated']);
    const { endings } = await remember.endFamily(family.id, REUSED);
    assert.equal(endings.length, 21);
  });

  it('lets one of many calls at once rotate without a grace, and calls the others reuse', async (fixture) => {
    const { alice, create } = fixture;
    const { family, hash } = await remembered(fixture);
    const sessions = await Promise.all(Array.from({ length: 8 }, () => create(alice)));

    const outcomes = await Promise.all(
      sessions.map(({ id: sessionId }) => redeem(fixture, family, hash, { graceMs: 0, sessionId })),
    );

    const counted = outcomes.map(({ outcome }) => outcome).toSorted();
    assert.deepEqual(counted, [...Array<string>(7).fill('reused'), 'rotated']);
  });
}
