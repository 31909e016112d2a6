// Every peer, on a small world, without a clock: whether the benchmark would run.
import { startPostgres } from '../test/support/start-postgres.ts';
import { peers, yardstick } from './peers/peers.ts';
import { verify } from './verify.ts';
import { createWorld } from './world.ts';

const SIZE = 200;

const server = await startPostgres();
try {
  const world = await createWorld(server.url, 'smoke', SIZE);
  try {
    for (const peer of [yardstick, ...peers]) {
      await peer.seed(world);
      await verify(peer, world);
      console.log(`${peer.name}: as it should be`);
    }
  } finally {
    await world.pool.end();
  }
} finally {
  await server.stop();
}
