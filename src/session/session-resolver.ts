import type { User } from '../directory.ts';
import { InvalidSessionError, SessionStoreError } from '../errors.ts';
import { type PresentedToken, readToken, sameSecret } from '../token.ts';
import type { Announcer } from './announcer.ts';
import { isTouchDue, type SessionPolicy } from './session-policy.ts';
import type { SessionRecord, SessionStore } from './session-store.ts';
import { isExpired } from './session.ts';

/** A token as it comes from a client: perhaps there is none. */
export type TokenInput = string | null | undefined;

/** The record of a live session whose user may use it. */
export interface LiveRecord extends SessionRecord {
  readonly user: User;
}

/** What a token says; or what a host says, for whom nothing is secret. */
type Presented = PresentedToken | { readonly id: string; readonly secretHash: null };

/** A touch can slide a session between two looks of one call, but hardly three times. */
const MAX_LOOKS = 3;

/** From a token, or a host's word, to the live session behind it: the one way in. */
export class SessionResolver {
  readonly #store: SessionStore;
  readonly #policy: SessionPolicy;
  readonly #announcer: Announcer;

  constructor(store: SessionStore, policy: SessionPolicy, announcer: Announcer) {
    this.#store = store;
    this.#policy = policy;
    this.#announcer = announcer;
  }

  /**
   * The live record behind a token: shape, then row, then secret, then deadlines, then user.
   *
   * @throws InvalidSessionError, with the reason if the secret is that of an ended session.
   */
  async resolve(token: TokenInput): Promise<LiveRecord> {
    return this.#findUsable(presentedBy(token));
  }

  /**
   * The live record of a session by its public id, for a host who knows what he does.
   *
   * @throws InvalidSessionError, with the reason.
   */
  async resolveById(sessionId: string): Promise<LiveRecord> {
    return this.#findUsable({ id: sessionId, secretHash: null });
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

  async #findUsable(presented: Presented): Promise<LiveRecord> {
    const record = await this.#findLive(presented);
    if (hasEnabledUser(record)) return record;

    throw await this.#refuseUser(record, presented);
  }

  async #findLive(presented: Presented): Promise<SessionRecord> {
    for (let look = 0; look < MAX_LOOKS; look += 1) {
      const record = await this.#store.findSession(presented.id);
      if (record === null) throw await this.#refusalOf(presented);
      if (!opens(presented, record.secretHash)) throw new InvalidSessionError();
      if (!isExpired(record.session, record.readAt)) return record;

      // "Expired" may only be said of what is ended: a touch that was under way at the deadline
      // could commit after this look, and a later call would find the session alive.
      const ending = await this.#store.expireSession(presented.id);
      if (ending !== null) throw new InvalidSessionError(ending.reason);
    }

    throw new SessionStoreError('The session changed at every look.', {
      retryable: true,
      outcome: 'not-applied',
    });
  }

  async #refuseUser({ session, user }: SessionRecord, presented: Presented): Promise<Error> {
    if (user === null) return new InvalidSessionError();

    // Ended for good, so that lifting the ban does not bring the session back.
    const ending = await this.#store.endSession(session.id, { reason: 'banned', actorId: null });
    if (ending !== null) this.#announcer.announceEach([ending]);

    return this.#refusalOf(presented);
  }

  async #refusalOf(presented: Presented): Promise<InvalidSessionError> {
    const ended = await this.#store.findEnding(presented.id);
    const isHolder = ended !== null && opens(presented, ended.secretHash);

    return new InvalidSessionError(isHolder ? ended.ending.reason : null);
  }
}

function hasEnabledUser(record: SessionRecord): record is LiveRecord {
  return record.user !== null && !record.user.disabled;
}

/** Whether this opens a session with that hash. */
function opens({ secretHash }: Presented, hash: Uint8Array): boolean {
  return secretHash === null || sameSecret(hash, secretHash);
}

function presentedBy(token: TokenInput): Presented {
  const presented = readToken('mas', token);
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
