import assert from 'node:assert/strict';
import type { User } from '../../directory.ts';
import type {
  RedeemOutcome,
  Redemption,
  RememberFamily,
  RememberStore,
} from '../../remember/remember-store.ts';
import type { EndingCause } from '../../session/ending.ts';
import type { Session } from '../../session/session.ts';
import { newUuid } from '../../token.ts';
import { type Fixture, someHash } from './fixture.ts';

/** What the suite of the port is given beside a session store: who remembers the clients of the same sessions. */
export interface WithRemember {
  readonly remember: RememberStore;
}

/** A case about remembered clients. */
export type RememberFixture = Fixture & WithRemember;

export const REUSED: EndingCause = { reason: 'reuse_detected', actorId: null };

export const IDLE_MS = 10_000;
export const ABSOLUTE_MS = 25_000;
export const GRACE_MS = 1_000;

/** A family that began with a session, and the hash of its first token. */
export interface Remembered {
  readonly session: Session;
  readonly family: RememberFamily;
  readonly hash: Uint8Array;
}

/** Signs Alice in on a client that is remembered. */
export async function remembered(fixture: RememberFixture, user: User = fixture.alice): Promise<Remembered> {
  const session = await fixture.create(user);
  const hash = someHash();
  const family = await fixture.remember.startFamily({
    id: newUuid(),
    sessionId: session.id,
    secretHash: hash,
    idleTimeoutMs: IDLE_MS,
    absoluteTimeoutMs: ABSOLUTE_MS,
  });
  assert.ok(family !== null, 'the family has begun');

  return { session, family, hash };
}

/** What became of it, and for which session and successor it was. */
export interface Redeemed extends Pick<Redemption, 'successorHash' | 'sessionId'> {
  readonly outcome: RedeemOutcome;
}

/** Redeems a token of a family for a session, by default a new one of its user. */
export async function redeem(
  { alice, create, remember }: RememberFixture,
  family: RememberFamily,
  secretHash: Uint8Array,
  given: Partial<Pick<Redemption, 'successorHash' | 'graceMs' | 'sessionId'>> = {},
): Promise<Redeemed> {
  const { successorHash = someHash(), graceMs = GRACE_MS, sessionId = '' } = given;
  const id = sessionId || (await create(alice)).id;
  const redemption = { familyId: family.id, secretHash, successorHash, graceMs, sessionId: id };

  return { outcome: await remember.redeemToken(redemption), sessionId: id, successorHash };
}

export async function isKnown(
  { remember }: RememberFixture,
  { id }: RememberFamily,
  hash: Uint8Array,
): Promise<boolean> {
  return (await remember.findToken(id, hash)) !== null;
}
