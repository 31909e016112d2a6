import assert from 'node:assert/strict';
import type { LinkStore } from '../../live/link-store.ts';
import type { SessionLink } from '../../session/session-store.ts';
import type { Session } from '../../session/session.ts';
import { newUuid } from '../../token.ts';
import type { Fixture } from './fixture.ts';

/** What the suite of the port is given beside a session store: a store of the same sessions' links. */
export interface WithLinks {
  readonly links: LinkStore;
}

/** A case about nodes and links. */
export type LinkFixture = Fixture & WithLinks;

/** How long a node of the suite is taken to live. */
export const LEASE_MS = 10_000;

/** Begins the lease of a node; its id. */
export async function startNode({ links }: LinkFixture, name: string): Promise<string> {
  const id = newUuid();
  await links.keepNode({ id, name, leaseMs: LEASE_MS });

  return id;
}

/** The link of a session as it is now. */
export async function linkOf({ store }: LinkFixture, session: Session): Promise<SessionLink | null> {
  const found = await store.findSession(session.id);
  assert.ok(found !== null, 'the session is there');

  return found.link;
}
