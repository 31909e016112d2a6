import type { User } from '../directory.ts';
import { InvalidSessionError, SessionStoreError } from '../errors.ts';
import { type PresentedToken, readToken, sameSecret } from '../token.ts';
import { isTouchDue, type SessionPolicy } from './session-policy.ts';
import type { SessionRecord, SessionStore } from './session-store.ts';
import { isExpired } from './session.ts';

/** A token as it comes from a client: perhaps there is none. */
export type TokenInput = string | null | undefined;

/** The record of a live session whose user may use it. */
export interface LiveRecord extends SessionRecord {
  readonly user: User;
}

/** A touch can slide a session between two looks of one call, but hardly three times. */
const MAX_LOOKS = 3;

/** From a token to the live session behind it: the one way in. */
export class SessionResolver {
  readonly #store: SessionStore;
  readonly #policy: SessionPolicy;

  constructor(store: SessionStore, policy: SessionPolicy) {
    this.#store = store;
    this.#policy = policy;
  }

  /**
   * The live record behind a token: shape, then row, then secret, then deadlines, then user.
   *
   * @throws InvalidSessionError, with the reason if the secret is that of an ended session.
   */
  async resolve(token: TokenInput): Promise<LiveRecord> {
    return this.#findUsable(presentedBy(token));
  }

  /** As `resolve`, or `null` instead of an `InvalidSessionError`. */
  async resolveOrNull(token: TokenInput): Promise<LiveRecord | null> {
    return orNull(() => this.resolve(token));
  }

  /** The live record behind a token, whatever became of its user; `null` if there is none. */
  async findLiveOrNull(token: TokenInput): Promise<SessionRecord | null> {
    return orNull(() => this.#findLive(presentedBy(token)));
  }

  /** As `resolve`, and records activity where that is due. */
  async use(token: TokenInput): Promise<LiveRecord> {
    const presented = presentedBy(token);
    const record = await this.#findUsable(presented);
    if (!isTouchDue(record.session, this.#policy, record.readAt)) return record;

    const touched = await this.#store.touchSession(record.session.id);

    switch (touched.outcome) {
      case 'touched':
        return { ...record, session: { ...record.session, lastActiveAt: touched.lastActiveAt } };
      case 'skipped':
        return record;
      case 'ended':
        return this.#findUsable(presented); // ended since the look: this throws, with the reason
    }
  }

  async #findUsable(presented: PresentedToken): Promise<LiveRecord> {
    const record = await this.#findLive(presented);
    if (hasEnabledUser(record)) return record;

    throw await this.#refuseUser(record, presented);
  }

  async #findLive(presented: PresentedToken): Promise<SessionRecord> {
    for (let look = 0; look < MAX_LOOKS; look += 1) {
      const record = await this.#store.findSession(presented.sessionId);
      if (record === null) throw await this.#refusalOf(presented);
      if (!sameSecret(record.secretHash, presented.secretHash)) throw new InvalidSessionError();
      if (!isExpired(record.session, record.readAt)) return record;

      // "Expired" may only be said of what is ended: a touch that was under way at the deadline
      // could commit after this look, and a later call would find the session alive.
      const ending = await this.#store.expireSession(presented.sessionId);
      if (ending !== null) throw new InvalidSessionError(ending.reason);
    }

    throw new SessionStoreError('The session changed at every look.', {
      retryable: true,
      outcome: 'not-applied',
    });
  }

  async #refuseUser({ session, user }: SessionRecord, presented: PresentedToken): Promise<Error> {
    if (user === null) return new InvalidSessionError();

    // Ended for good, so that lifting the ban does not bring the session back.
    await this.#store.endSession(session.id, { reason: 'banned', actorId: null });
    return this.#refusalOf(presented);
  }

  async #refusalOf(presented: PresentedToken): Promise<InvalidSessionError> {
    const ended = await this.#store.findEnding(presented.sessionId);
    const isHolder = ended !== null && sameSecret(ended.secretHash, presented.secretHash);

    return new InvalidSessionError(isHolder ? ended.ending.reason : null);
  }
}

function hasEnabledUser(record: SessionRecord): record is LiveRecord {
  return record.user !== null && !record.user.disabled;
}

function presentedBy(token: TokenInput): PresentedToken {
  const presented = readToken(token);
  if (presented === null) throw new InvalidSessionError();

  return presented;
}

async function orNull<T>(resolve: () => Promise<T>): Promise<T | null> {
  try {
    return await resolve();
  } catch (error) {
    if (error instanceof InvalidSessionError) return null;
    throw error;
  }
}
