import assert from 'node:assert/strict';
import { newUuid } from '../../token.ts';
import { type DeclareCase, type Fixture, KICKED, someHash } from './fixture.ts';

const SHORT = { idleTimeoutMs: 1_000, absoluteTimeoutMs: 2_500 };

export function renewingCases(it: DeclareCase): void {
  it('puts another secret in the place of the one that was presented', async (fixture) => {
    const { alice, create, store } = fixture;
    const { id } = await create(alice);
    const newSecretHash = someHash();

    const renewed = await store.renewSession({
      sessionId: id,
      secretHash: await hashOf(fixture, id),
      newSecretHash,
    });

    assert.equal(renewed?.id, id);
    assert.deepEqual([...(await hashOf(fixture, id))], [...newSecretHash]);
  });

  it('is activity, and makes the user authenticated as of now; all else stays', async (fixture) => {
    const { alice, aria, clock, create, play, store } = fixture;
    const session = await create(alice, SHORT);
    await play(session, aria);
    clock.advance(300);
    const secretHash = await hashOf(fixture, session.id);

    const renewed = await store.renewSession({
      sessionId: session.id,
      secretHash,
      newSecretHash: someHash(),
    });

    const now = clock.now();
    const expected = { ...session, characterId: aria.id, lastActiveAt: now, authenticatedAt: now };
    assert.deepEqual(renewed, expected);
    assert.deepEqual((await store.findSession(session.id))?.session, expected);
  });

  it('changes nothing for whoever has another secret', async (fixture) => {
    const { alice, clock, create, store } = fixture;
    const session = await create(alice);
    const before = await store.findSession(session.id);
    clock.advance(1);

    for (const secretHash of [someHash(), new Uint8Array(32), new Uint8Array()])
      assert.equal(
        await store.renewSession({ sessionId: session.id, secretHash, newSecretHash: someHash() }),
        null,
      );

    const after = await store.findSession(session.id);
    assert.deepEqual({ ...after, readAt: null }, { ...before, readAt: null });
  });

  it('renews no session that has ended, has expired, or never was', async (fixture) => {
    const { alice, clock, create, store } = fixture;
    const ended = await create(alice);
    const secretHash = await hashOf(fixture, ended.id);
    await store.endSession(ended.id, KICKED);
    const expired = await create(alice, SHORT);
    const hashOfExpired = await hashOf(fixture, expired.id);
    clock.advance(1_000);

    const attempts = [
      [ended.id, secretHash],
      [expired.id, hashOfExpired],
      [newUuid(), secretHash],
      ['no id', secretHash],
    ] as const;
    for (const [sessionId, hash] of attempts)
      assert.equal(
        await store.renewSession({ sessionId, secretHash: hash, newSecretHash: someHash() }),
        null,
      );
    assert.equal((await store.touchSession(expired.id)).outcome, 'ended');
  });

  it('gives the session to one of many at once', async (fixture) => {
    const { alice, create, store } = fixture;
    const { id } = await create(alice);
    const secretHash = await hashOf(fixture, id);
    const hashes = Array.from({ length: 8 }, someHash);

    const renewed = await Promise.all(
      hashes.map((newSecretHash) => store.renewSession({ sessionId: id, secretHash, newSecretHash })),
    );

    const winners = hashes.filter((_, n) => renewed[n] !== null);
    assert.equal(winners.length, 1);
    assert.deepEqual([...(await hashOf(fixture, id))], [...(winners[0] ?? [])]);
  });
}

async function hashOf({ store }: Fixture, sessionId: string): Promise<Uint8Array> {
  const found = await store.findSession(sessionId);
  assert.ok(found !== null, 'the session is there');

  return new Uint8Array(found.secretHash);
}
