import { median } from './measure.ts';
import type { OpenPeer } from './peers/peer.ts';

const GIVE_UP_MS = 2_000;

/** How soon a change that another instance made is seen, in milliseconds; `null` for never. */
export interface Sighting {
  readonly name: string;
  readonly revokeMs: number | null;
  readonly roleMs: number | null;
}

/**
 * Ends sessions through a second instance on connections of its own, changes roles in the table, and asks the first one
 * over and over. What is seen by the first check that begins afterwards counts as 0.
 */
export async function sight(
  name: string,
  peer: OpenPeer,
  other: OpenPeer,
  numbers: readonly number[],
  setRole: (n: number, role: string) => Promise<void>,
): Promise<Sighting> {
  const revokes: (number | null)[] = [];
  const roles: (number | null)[] = [];
  for (const n of numbers) {
    await peer.check(n); // whatever it keeps, it keeps now
    if (peer.roleOf !== null && !roles.includes(null)) {
      await setRole(n, 'admin');
      roles.push(await since(async () => (await peer.roleOf?.(n)) === 'admin'));
      await setRole(n, 'player');
    }
    if (other.revoke !== null) {
      await other.revoke(n);
      revokes.push(await since(async () => (await peer.check(n)) === null));
    }
  }

  return { name, revokeMs: typical(revokes), roleMs: typical(roles) };
}

async function since(isSeen: () => Promise<boolean>): Promise<number | null> {
  if (await isSeen()) return 0;
  const start = performance.now();
  while (performance.now() - start < GIVE_UP_MS) {
    if (await isSeen()) return performance.now() - start;
  }

  return null;
}

function typical(times: readonly (number | null)[]): number | null {
  const seen = times.filter((time) => time !== null);

  return seen.length < times.length || seen.length === 0 ? null : median(seen);
}
