import assert from 'node:assert/strict';
import { newUuid } from '../../token.ts';
import { type DeclareCase, KICKED } from './fixture.ts';
import { LEASE_MS, linkOf, startNode, type WithLinks } from './link-fixture.ts';

export function linkCases(it: DeclareCase<WithLinks>): void {
  it('links a session to the node that has its connections', async (fixture) => {
    const { alice, create, links } = fixture;
    const session = await create(alice);
    const nodeId = await startNode(fixture, 'north');
    assert.equal(await linkOf(fixture, session), null);

    assert.deepEqual(await links.linkSession({ sessionId: session.id, nodeId }), {
      outcome: 'linked',
      former: null,
    });

    assert.deepEqual(await linkOf(fixture, session), { nodeId, linkDeadSince: null });
  });

  it('gives the link to whoever asked last, and says whose it was', async (fixture) => {
    const { alice, create, links } = fixture;
    const { id: sessionId, ...session } = await create(alice);
    const [north, south] = [await startNode(fixture, 'north'), await startNode(fixture, 'south')];
    await links.linkSession({ sessionId, nodeId: north });

    assert.deepEqual(await links.linkSession({ sessionId, nodeId: south }), {
      outcome: 'linked',
      former: { nodeId: north, linkDeadSince: null },
    });

    assert.deepEqual(await linkOf(fixture, { ...session, id: sessionId }), {
      nodeId: south,
      linkDeadSince: null,
    });
    assert.equal(await links.unlinkSession({ sessionId, nodeId: north }), 'not_linked');
  });

  it('links no session that has ended, has expired, or never was', async (fixture) => {
    const { alice, clock, create, links, store } = fixture;
    const nodeId = await startNode(fixture, 'north');
    const ended = await create(alice);
    await store.endSession(ended.id, KICKED);
    const expired = await create(alice, { idleTimeoutMs: 1_000 });
    clock.advance(1_000);

    for (const sessionId of [ended.id, expired.id, newUuid(), 'no id']) {
      assert.deepEqual(await links.linkSession({ sessionId, nodeId }), { outcome: 'ended' });
      assert.equal(await links.unlinkSession({ sessionId, nodeId }), 'not_linked');
      assert.equal(await links.dropLinkDead({ sessionId, nodeId }, 0), false);
    }
    assert.equal(await store.findSession(ended.id), null);
  });

  it('keeps the character of one whose connection has dropped, from that moment on', async (fixture) => {
    const { alice, aria, clock, create, links, play, store } = fixture;
    const session = await create(alice);
    await play(session, aria);
    const nodeId = await startNode(fixture, 'north');
    await links.linkSession({ sessionId: session.id, nodeId });
    const linkDeadSince = clock.now();

    assert.equal(await links.unlinkSession({ sessionId: session.id, nodeId }), 'link_dead');
    clock.advance(1_000);
    assert.equal(await links.unlinkSession({ sessionId: session.id, nodeId }), 'link_dead');

    assert.deepEqual(await linkOf(fixture, session), { nodeId, linkDeadSince });
    assert.equal((await store.findSession(session.id))?.session.characterId, aria.id);
  });

  it('keeps nothing where there is no character', async (fixture) => {
    const { alice, create, links } = fixture;
    const session = await create(alice);
    const nodeId = await startNode(fixture, 'north');
    await links.linkSession({ sessionId: session.id, nodeId });

    assert.equal(await links.unlinkSession({ sessionId: session.id, nodeId }), 'unlinked');

    assert.equal(await linkOf(fixture, session), null);
    assert.equal(await links.unlinkSession({ sessionId: session.id, nodeId }), 'not_linked');
  });

  it('takes the character when the grace is over, not earlier, and leaves the session', async (fixture) => {
    const { alice, aria, clock, create, isLive, links, play, store } = fixture;
    const session = await create(alice);
    await play(session, aria);
    const linking = { sessionId: session.id, nodeId: await startNode(fixture, 'north') };
    await links.linkSession(linking);
    assert.equal(await links.dropLinkDead(linking, 0), false);
    await links.unlinkSession(linking);

    clock.advance(89_999);
    assert.equal(await links.dropLinkDead(linking, 90_000), false);
    clock.advance(1);
    assert.equal(await links.dropLinkDead({ ...linking, nodeId: newUuid() }, 90_000), false);
    assert.equal(await links.dropLinkDead(linking, 90_000), true);

    assert.equal(await links.dropLinkDead(linking, 90_000), false);
    assert.equal((await store.findSession(session.id))?.session.characterId, null);
    assert.equal(await linkOf(fixture, session), null);
    assert.ok(await isLive(session));
  });

  it('takes nothing from who has come back', async (fixture) => {
    const { alice, aria, clock, create, links, play, store } = fixture;
    const session = await create(alice);
    await play(session, aria);
    const linking = { sessionId: session.id, nodeId: await startNode(fixture, 'north') };
    await links.linkSession(linking);
    await links.unlinkSession(linking);
    clock.advance(100_000);
    await links.linkSession(linking);

    assert.equal(await links.dropLinkDead(linking, 90_000), false);

    assert.equal((await store.findSession(session.id))?.session.characterId, aria.id);
  });

  it('waits for nobody whose character was released', async (fixture) => {
    const { alice, aria, create, links, play, store } = fixture;
    const session = await create(alice);
    await play(session, aria);
    const linking = { sessionId: session.id, nodeId: await startNode(fixture, 'north') };
    await links.linkSession(linking);
    await links.unlinkSession(linking);

    await store.releaseCharacter(session.id);

    assert.equal(await linkOf(fixture, session), null);
  });

  it('keeps the link of a connected session whose character is released', async (fixture) => {
    const { alice, aria, create, links, play, store } = fixture;
    const session = await create(alice);
    await play(session, aria);
    const nodeId = await startNode(fixture, 'north');
    await links.linkSession({ sessionId: session.id, nodeId });

    await store.releaseCharacter(session.id);

    assert.deepEqual(await linkOf(fixture, session), { nodeId, linkDeadSince: null });
  });

  it('keeps the link through touches and selections', async (fixture) => {
    const { alice, aria, borin, clock, create, links, play, store } = fixture;
    const session = await create(alice);
    const nodeId = await startNode(fixture, 'north');
    await links.linkSession({ sessionId: session.id, nodeId });

    await play(session, aria);
    clock.advance(1_000);
    await store.touchSession(session.id);
    await play(session, borin);

    assert.deepEqual(await linkOf(fixture, session), { nodeId, linkDeadSince: null });
  });

  it('gives the sessions of a dead node to the one that asks, link-dead as of then', async (fixture) => {
    const { alice, aria, bob, clock, create, links, play } = fixture;
    const playing = await create(alice);
    await play(playing, aria);
    const accountOnly = await create(bob);
    const [north, south] = [await startNode(fixture, 'north'), await startNode(fixture, 'south')];
    await links.linkSession({ sessionId: playing.id, nodeId: north });
    await links.linkSession({ sessionId: accountOnly.id, nodeId: north });
    clock.advance(LEASE_MS - 1);
    await links.keepNode({ id: south, name: 'south', leaseMs: LEASE_MS });
    assert.equal(await links.adoptSessions(south), 0);
    clock.advance(1);

    assert.equal(await links.adoptSessions(south), 2);

    assert.deepEqual(await links.listLinkedSessions(south), [playing.id]);

    assert.deepEqual(await linkOf(fixture, playing), { nodeId: south, linkDeadSince: clock.now() });
    assert.equal(await linkOf(fixture, accountOnly), null);
    assert.equal(await links.adoptSessions(south), 0);
  });

  it('begins the grace anew for those whom a dead node waited for', async (fixture) => {
    const { alice, aria, clock, create, links, play } = fixture;
    const session = await create(alice);
    await play(session, aria);
    const north = await startNode(fixture, 'north');
    await links.linkSession({ sessionId: session.id, nodeId: north });
    await links.unlinkSession({ sessionId: session.id, nodeId: north });
    clock.advance(60_000);
    const south = await startNode(fixture, 'south');

    assert.equal(await links.adoptSessions(south), 1);

    assert.deepEqual(await links.listLinkedSessions(south), [session.id]);

    assert.deepEqual(await linkOf(fixture, session), { nodeId: south, linkDeadSince: clock.now() });
  });

  it('takes nothing from a node that lives, nor from the one that asks', async (fixture) => {
    const { alice, aria, bob, cato, clock, create, links, play } = fixture;
    const [ofAlice, ofBob] = [await create(alice), await create(bob)];
    await play(ofAlice, aria);
    await play(ofBob, cato);
    const north = await startNode(fixture, 'north');
    await links.linkSession({ sessionId: ofAlice.id, nodeId: north });
    clock.advance(2 * LEASE_MS);
    const south = await startNode(fixture, 'south');
    await links.linkSession({ sessionId: ofBob.id, nodeId: south });

    assert.equal(await links.adoptSessions(north), 0);
    await links.keepNode({ id: north, name: 'north', leaseMs: LEASE_MS });
    assert.equal(await links.adoptSessions(south), 0);
  });

  it('gives the sessions of a node that has ended its lease away at once', async (fixture) => {
    const { alice, aria, create, links, play } = fixture;
    const session = await create(alice);
    await play(session, aria);
    const [north, south] = [await startNode(fixture, 'north'), await startNode(fixture, 'south')];
    await links.linkSession({ sessionId: session.id, nodeId: north });

    await links.endNode(north);

    assert.equal(await links.adoptSessions(south), 1);

    assert.deepEqual(await links.listLinkedSessions(south), [session.id]);
  });

  it('gives each session to one of two nodes that ask at once', async (fixture) => {
    const { alice, aria, bob, cato, create, links, play } = fixture;
    const [ofAlice, ofBob] = [await create(alice), await create(bob)];
    await play(ofAlice, aria);
    await play(ofBob, cato);
    const [lost, ...others] = [
      await startNode(fixture, 'lost'),
      await startNode(fixture, 'south'),
      await startNode(fixture, 'west'),
    ];
    for (const { id: sessionId } of [ofAlice, ofBob]) await links.linkSession({ sessionId, nodeId: lost });
    await links.endNode(lost);

    const adopted = await Promise.all(others.map((nodeId) => links.adoptSessions(nodeId)));

    const linked = await Promise.all(others.map((nodeId) => links.listLinkedSessions(nodeId)));
    assert.equal(
      adopted.reduce((sum, count) => sum + count, 0),
      2,
    );
    assert.deepEqual(linked.flat().toSorted(), [ofAlice.id, ofBob.id].toSorted());
  });

  it('lists the live sessions whose link is a node’s, link-dead or not', async (fixture) => {
    const { alice, aria, bob, cato, clock, create, links, play, store } = fixture;
    const [north, south] = [await startNode(fixture, 'north'), await startNode(fixture, 'south')];
    const [connected, linkDead] = [await create(alice), await create(bob)];
    const [expired, ended] = [await create(bob, { idleTimeoutMs: 1_000 }), await create(bob)];
    const elsewhere = await create(alice);
    await play(connected, aria);
    await play(linkDead, cato);
    for (const { id: sessionId } of [connected, linkDead, expired, ended])
      await links.linkSession({ sessionId, nodeId: north });
    await links.linkSession({ sessionId: elsewhere.id, nodeId: south });
    await links.unlinkSession({ sessionId: linkDead.id, nodeId: north });
    await store.endSession(ended.id, KICKED);
    clock.advance(1_000);

    const linked = await links.listLinkedSessions(north);

    assert.deepEqual(linked.toSorted(), [connected.id, linkDead.id].toSorted());
    assert.deepEqual(await links.listLinkedSessions(newUuid()), []);
  });
}
