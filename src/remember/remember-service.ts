import { InvalidSessionError, SessionStoreError, UserNotAvailableError } from '../errors.ts';
import { type OnError, quietly, safely } from '../safely.ts';
import { Announcer } from '../session/announcer.ts';
import { requireBoolean } from '../session/arguments.ts';
import { type EndingReason, FORGETTING_REASONS } from '../session/ending.ts';
import type { CreatedSession, CreateSessionOptions } from '../session/creation.ts';
import type { TokenInput } from '../session/session-resolver.ts';
import type { Session } from '../session/session.ts';
import { type MintedToken, mintToken, newUuid, type PresentedToken, readToken } from '../token.ts';
import { endingWith, isWithinGrace } from './remember-family.ts';
import {
  type RememberServiceOptions,
  type RememberSettings,
  rememberSettingsOf,
} from './remember-options.ts';
import type { RememberFamily, RememberRecord } from './remember-store.ts';
import { successorSecret } from './successor.ts';

/** What a host may say of somebody who signs in. */
export interface SignInOptions extends Omit<CreateSessionOptions, 'authenticated'> {
  /** Whether he wishes to be remembered on this client. Default `false`. */
  readonly remember?: boolean;
}

/** What a host may say of somebody who comes back. */
export type RedeemOptions = Omit<CreateSessionOptions, 'authenticated'>;

/** A new session of somebody who signed in. Both tokens are shown here and never again. */
export interface SignedIn extends CreatedSession {
  /** For the client to keep; `null` if it is not remembered. */
  readonly rememberToken: string | null;
}

/** A new session of somebody who came back. Both tokens are shown here and never again. */
export interface Remembered extends CreatedSession {
  /** In place of the one that was redeemed. */
  readonly rememberToken: string;
}

/**
 * Lets clients come back after their sessions have ended, without credentials. Each time a client
 * comes, it gets a new session and a new remember token. Those that followed each other on one client
 * are a *family*. A token that comes twice has been copied, and the whole family is ended.
 *
 * Every method may also reject with a `SessionStoreError`.
 */
export class RememberService {
  readonly #options: RememberServiceOptions;
  readonly #settings: RememberSettings;
  readonly #announcer: Announcer;
  readonly #onError: OnError;

  /** @throws TypeError for settings that are unknown or impossible. */
  constructor(options: RememberServiceOptions) {
    this.#settings = rememberSettingsOf(options);
    this.#options = options;
    this.#announcer = new Announcer(options.sessions.events, options.onError);
    this.#onError = quietly(options.onError);
  }

  /**
   * Starts a session for a user whom the host has authenticated, as `createSession` does, and remembers
   * the client if he wishes it and his role may be remembered.
   *
   * @throws UserNotAvailableError, SessionLimitError or MaintenanceError as `createSession` does.
   */
  async signIn(userId: string, { remember = false, ...options }: SignInOptions = {}): Promise<SignedIn> {
    requireBoolean('remember', remember);
    const created = await this.#options.sessions.createSession(userId, options);
    if (!remember) return { ...created, rememberToken: null };

    try {
      return { ...created, rememberToken: await this.#startFamily(created.session) };
    } catch (error) {
      await this.#takeBack(created.session);
      throw error;
    }
  }

  /**
   * Starts a session for whoever comes with a remember token, and gives him the token that follows it.
   * The session does not count as recently authenticated.
   *
   * @throws InvalidSessionError if the token is not the present one of a live family, or one that was
   *   used within the grace. For one that was used before, the family and its sessions have ended then.
   * @throws UserNotAvailableError if its user is unknown or disabled by now, which ends the family.
   * @throws SessionLimitError or MaintenanceError as `createSession` does. The token is good afterwards.
   */
  async redeem(token: TokenInput, options: RedeemOptions = {}): Promise<Remembered> {
    const presented = readToken('mar', token);
    if (presented === null || typeof token !== 'string') throw new InvalidSessionError();
    const record = await this.#options.store.findToken(presented.id, presented.secretHash);
    if (record === null) throw new InvalidSessionError();
    if (this.#isReuse(record)) throw await this.#refuseReuse(record.family);

    // The session first: where there can be none, because the game is closed say, the token stays good.
    const created = await this.#createFor(record.family, options);
    const successor = this.#successorOf(token, presented.id);
    let mayHang = false;
    try {
      await this.#checkRole(created.session, record.family);
      mayHang = true;
      await this.#rotate(presented, successor, created.session, record.family);
    } catch (error) {
      if (!(mayHang && isUnknown(error))) await this.#takeBack(created.session);
      throw error;
    }

    const session = endingWith(record.family, created.session);

    return { token: created.token, session, rememberToken: successor.token };
  }

  /** Forgets the client at its wish: ends the family of a token, and its sessions; `true` if it was live. */
  async revoke(token: TokenInput): Promise<boolean> {
    const presented = readToken('mar', token);
    if (presented === null) return false;
    const record = await this.#options.store.findToken(presented.id, presented.secretHash);

    return record !== null && this.#endFamily(record.family, 'logged_out');
  }

  async #startFamily(session: Session): Promise<string | null> {
    const { sessions, store } = this.#options;
    const { principal } = await sessions.checkSession(session.id);
    if (!this.#settings.mayRemember(principal.role)) return null;

    const id = newUuid();
    const { token, secretHash } = mintToken('mar', id);
    const { idleTimeoutMs, absoluteTimeoutMs } = this.#settings;
    const family = { id, sessionId: session.id, secretHash, idleTimeoutMs, absoluteTimeoutMs };
    if ((await store.startFamily(family)) === null) throw new InvalidSessionError();

    return token;
  }

  async #createFor(family: RememberFamily, options: RedeemOptions): Promise<CreatedSession> {
    try {
      return await this.#options.sessions.createSession(family.userId, { ...options, authenticated: false });
    } catch (error) {
      // As a session of a user who is disabled: lifting the ban is not to bring it back.
      if (error instanceof UserNotAvailableError) await this.#endFamily(family, 'banned');
      throw error;
    }
  }

  #successorOf(token: string, familyId: string): MintedToken {
    const { key } = this.#settings;

    return mintToken('mar', familyId, key === null ? undefined : successorSecret(key, token, familyId));
  }

  async #checkRole({ id }: Session, family: RememberFamily): Promise<void> {
    const { principal } = await this.#options.sessions.checkSession(id).catch(async (error: unknown) => {
      throw await this.#lossOf(error, family);
    });
    if (this.#settings.mayRemember(principal.role)) return;

    await this.#endFamily(family, 'logged_out');
    throw new InvalidSessionError();
  }

  /** The session has ended before its holder had it: what that is to him, who still has a good token perhaps. */
  async #lossOf(error: unknown, family: RememberFamily): Promise<unknown> {
    const reason = error instanceof InvalidSessionError ? error.reason : null;
    if (reason === null) return error;

    if (FORGETTING_REASONS.includes(reason)) {
      await this.#endFamily(family, reason);
      return new InvalidSessionError();
    }

    return new SessionStoreError('The session had to make room before it was begun.', {
      retryable: true,
      outcome: 'not-applied',
    });
  }

  async #rotate(
    { id: familyId, secretHash }: PresentedToken,
    { secretHash: successorHash }: MintedToken,
    session: Session,
    family: RememberFamily,
  ): Promise<void> {
    const { graceMs } = this.#settings;
    const redemption = { familyId, secretHash, successorHash, graceMs, sessionId: session.id };

    switch (await this.#options.store.redeemToken(redemption)) {
      case 'rotated':
      case 'repeated':
        return;
      case 'reused':
        throw await this.#refuseReuse(family);
      case 'unknown':
        await this.#checkRole(session, family);
        throw new InvalidSessionError();
    }
  }

  #isReuse({ usedAt, readAt }: RememberRecord): boolean {
    return usedAt !== null && !isWithinGrace(usedAt, this.#settings.graceMs, readAt);
  }

  /** Ended first, and refused after. */
  async #refuseReuse(family: RememberFamily): Promise<Error> {
    const { onReuse } = this.#options;
    const wasLive = await this.#endFamily(family, 'reuse_detected');
    if (wasLive && onReuse !== undefined) void safely(() => onReuse(family), this.#onError);

    return new InvalidSessionError();
  }

  async #endFamily(family: RememberFamily, reason: EndingReason): Promise<boolean> {
    const { wasLive, endings } = await this.#options.store.endFamily(family.id, { reason, actorId: null });
    this.#announcer.announceEach(endings);

    return wasLive;
  }

  /** Nobody has its token. Should it stay, it takes a place under a limit until it expires. */
  async #takeBack(session: Session): Promise<void> {
    const { sessions } = this.#options;
    await safely(
      async () => void (await sessions.removeSession(session.id, { reason: 'logged_out' })),
      this.#onError,
    );
  }
}

/** Whether it may have been applied: the session may hang on the family then, which must not end with it. */
function isUnknown(error: unknown): boolean {
  return error instanceof SessionStoreError && error.outcome === 'unknown';
}
