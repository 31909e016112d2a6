import type { OpenPeer, Peer, World } from './peers/peer.ts';

/** Fewer people than this, and the sessions that are ended would be among those that must live. */
const SMALLEST_WORLD = 10;

/**
 * Shows on a freshly seeded world that a peer does what is measured of it. For that it ends sessions,
 * so it seeds the peer again afterwards: every session is live when the next one looks.
 *
 * @throws Error saying what it does wrong.
 */
export async function verify(peer: Peer, world: World): Promise<void> {
  if (world.size < SMALLEST_WORLD) throw new Error(`A world needs ${SMALLEST_WORLD} users at least.`);

  const opened = await peer.open(world);
  try {
    await verifyOpen(opened, world.size);
  } catch (error) {
    throw new Error(`${peer.name} is not fit to be measured.`, { cause: error });
  } finally {
    await opened.close();
  }

  await peer.seed(world);
}

async function verifyOpen(peer: OpenPeer, size: number): Promise<void> {
  const live = [1, 2, Math.floor(size / 3), Math.floor(size / 2), size - 3, size];
  const expiring = size - 1;
  const revoking = size - 2;
  const unknown = await peer.checkUnknown();
  if (unknown !== null)
    throw new Error(`A credential that nobody was given is taken for that of ${unknown}.`);
  for (const n of [...live, expiring, revoking]) await mustBeLive(peer, n);
  if (peer.roleOf !== null) {
    const role = await peer.roleOf(1);
    if (role !== 'player') throw new Error(`The role of session 1 is "player", and it says ${role}.`);
  }

  await peer.expire(expiring);
  await mustBeRefused(peer, expiring, 'expired');
  if (peer.revoke !== null) {
    await peer.revoke(revoking);
    await mustBeRefused(peer, revoking, 'was revoked');
  }

  for (const n of live) await mustBeLive(peer, n);
}

async function mustBeLive(peer: OpenPeer, n: number): Promise<void> {
  const username = await peer.check(n);
  if (username !== `user${n}`) throw new Error(`Session ${n} is that of user${n}, and it says ${username}.`);
}

async function mustBeRefused(peer: OpenPeer, n: number, why: string): Promise<void> {
  const username = await peer.check(n);
  if (username !== null) throw new Error(`Session ${n} ${why}, and it still says ${username}.`);
}
