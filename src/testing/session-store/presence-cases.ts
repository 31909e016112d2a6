import assert from 'node:assert/strict';
import type { PresentCharacter } from '../../live/link-store.ts';
import { newUuid } from '../../token.ts';
import type { DeclareCase } from './fixture.ts';
import { LEASE_MS, type LinkFixture, startNode, type WithLinks } from './link-fixture.ts';

export function presenceCases(it: DeclareCase<WithLinks>): void {
  it('lists who is there, and for how long he has been idle', async (fixture) => {
    const { alice, aria, clock, links } = fixture;
    const { session } = await connected(fixture);
    clock.advance(1_234);

    assert.deepEqual(await links.listPresentCharacters('mist', 0), [
      {
        characterId: aria.id,
        characterName: 'Aria',
        worldId: 'mist',
        userId: alice.id,
        role: 'player',
        sessionId: session.id,
        lastActiveAt: session.lastActiveAt,
        idleMs: 1_234,
        isLinkDead: false,
        isHidden: false,
      },
    ]);
  });

  it('lists those with a link whatever their activity, the others within the window', async (fixture) => {
    const { bob, cato, clock, create, links, play } = fixture;
    const { linking } = await connected(fixture);
    await play(await create(bob), cato);
    assert.deepEqual(await namesIn(fixture, 'mist', 1_000), ['Aria', 'Cato']);

    clock.advance(1_000);
    await links.keepNode({ id: linking.nodeId, name: 'north', leaseMs: LEASE_MS });

    assert.deepEqual(await namesIn(fixture, 'mist', 1_000), ['Aria']);
    assert.deepEqual(await namesIn(fixture, 'mist', 0), ['Aria', 'Cato']);
    await links.unlinkSession(linking);
    assert.deepEqual(await namesIn(fixture, 'mist', 1_000), ['Aria']);
  });

  it('lists a world, or all of them', async (fixture) => {
    const { alice, borin, create, host, aria, play } = fixture;
    await connected(fixture);
    await play(await create(alice), borin);

    assert.deepEqual(await namesIn(fixture, 'mist'), ['Aria']);
    assert.deepEqual(await namesIn(fixture, 'stone'), ['Borin']);
    assert.deepEqual(await namesIn(fixture, null), ['Aria', 'Borin']);
    for (const world of ['', '\0', '\uD800']) assert.deepEqual(await namesIn(fixture, world), []);
    await host.putCharacter({ ...aria, worldId: null });
    assert.deepEqual(await namesIn(fixture, null), ['Borin']);
  });

  it('says who has lost his connection, and who has come back', async (fixture) => {
    const { links } = fixture;
    const { linking } = await connected(fixture);
    assert.equal(await isLinkDead(fixture), false);

    await links.unlinkSession(linking);
    assert.equal(await isLinkDead(fixture), true);
    await links.linkSession(linking);

    assert.equal(await isLinkDead(fixture), false);
  });

  it('takes those of a dead node for link-dead, from the end of its lease on', async (fixture) => {
    const { clock, links } = fixture;
    const { linking } = await connected(fixture);

    clock.advance(LEASE_MS - 1);
    assert.equal(await isLinkDead(fixture), false);
    clock.advance(1);
    assert.equal(await isLinkDead(fixture), true);
    await links.keepNode({ id: linking.nodeId, name: 'north', leaseMs: LEASE_MS });
    assert.equal(await isLinkDead(fixture), false);
    await links.endNode(linking.nodeId);

    assert.equal(await isLinkDead(fixture), true);
  });

  it('takes those of a node that nobody has heard of for link-dead', async (fixture) => {
    const { links } = fixture;
    const { session } = await connected(fixture);

    await links.linkSession({ sessionId: session.id, nodeId: newUuid() });

    assert.equal(await isLinkDead(fixture), true);
  });

  it('lists nobody whose character has left after the grace', async (fixture) => {
    const { links } = fixture;
    const { linking } = await connected(fixture);
    await links.unlinkSession(linking);

    await links.dropLinkDead(linking, 0);

    assert.deepEqual(await namesIn(fixture, 'mist'), []);
  });

  it('says who hides, until he shows himself', async (fixture) => {
    const { links } = fixture;
    const { session } = await connected(fixture);

    assert.equal(await links.hideSession(session.id, true), true);
    assert.equal((await oneIn(fixture)).isHidden, true);
    assert.equal(await links.hideSession(session.id, false), true);

    assert.equal((await oneIn(fixture)).isHidden, false);
  });

  it('hides no session that has expired, or never was', async ({ alice, clock, create, links }) => {
    const session = await create(alice, { idleTimeoutMs: 1_000 });
    clock.advance(1_000);

    for (const id of [session.id, newUuid(), 'no id']) assert.equal(await links.hideSession(id, true), false);
  });

  it('lists nobody whose session has expired, and nobody who is disabled', async (fixture) => {
    const { alice, bob, cato, clock, create, host, play } = fixture;
    await connected(fixture);
    await play(await create(bob, { idleTimeoutMs: 1_000 }), cato);
    assert.deepEqual(await namesIn(fixture, null), ['Aria', 'Cato']);

    clock.advance(1_000);
    assert.deepEqual(await namesIn(fixture, null), ['Aria']);
    await host.putUser({ ...alice, disabled: true });

    assert.deepEqual(await namesIn(fixture, null), []);
    assert.deepEqual(await namesIn(fixture, 'mist'), []);
  });
}

/** Alice, who plays Aria over a connection to a node. */
async function connected(fixture: LinkFixture) {
  const { alice, aria, create, links, play } = fixture;
  const session = await create(alice);
  await play(session, aria);
  const linking = { sessionId: session.id, nodeId: await startNode(fixture, 'north') };
  await links.linkSession(linking);

  return { session, linking };
}

async function namesIn(
  { links }: LinkFixture,
  worldId: string | null,
  activeWithinMs = 0,
): Promise<string[]> {
  const present = await links.listPresentCharacters(worldId, activeWithinMs);

  return present.map(({ characterName }) => characterName).toSorted();
}

async function oneIn({ links }: LinkFixture): Promise<PresentCharacter> {
  const [only, ...more] = await links.listPresentCharacters('mist', 0);
  assert.ok(only !== undefined && more.length === 0);

  return only;
}

async function isLinkDead(fixture: LinkFixture): Promise<boolean> {
  return (await oneIn(fixture)).isLinkDead;
}
