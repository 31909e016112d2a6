import {
  CharacterInUseError,
  CharacterNotAvailableError,
  CharacterNotSelectedError,
  InvalidSessionError,
  PermissionDeniedError,
  ReauthenticationRequiredError,
} from '../errors.ts';
import { LocalSessionEvents, type SessionEvents } from '../live/session-events.ts';
import { type MudPermission, mudRoles } from '../roles/mud-roles.ts';
import { hasPermission, type RoleTable } from '../roles/roles.ts';
import { isSessionId, looksLikeToken, mintToken, newUuid } from '../token.ts';
import { Announcer } from './announcer.ts';
import { requireCount, requireString } from './arguments.ts';
import { clientOf, type CreatedSession, type CreateSessionOptions, refusedSignIn } from './creation.ts';
import type { EndingCause } from './ending.ts';
import { type ActivityOptions, byCharacterName, windowOf } from './presence.ts';
import {
  type GamePrincipal,
  gamePrincipalOf,
  type Principal,
  principalOf,
  requirePrincipal,
} from './principal.ts';
import { causeOf, type CredentialsChangedOptions, type RemoveOptions } from './removal.ts';
import { type CheckedSession, checkedSessionOf } from './session-check.ts';
import { definePolicy, type SessionPolicy, termsFor } from './session-policy.ts';
import { type LiveRecord, SessionResolver, type TokenInput } from './session-resolver.ts';
import type { ActiveCharacter, SessionStore } from './session-store.ts';
import { checkOptions, type SessionServiceOptions } from './session-service-options.ts';
import { isAuthenticatedWithin } from './session.ts';

/** How to validate. */
export interface ValidateOptions {
  /** `false` for polls and keep-alives, which are not the player's doing. Default `true`. */
  readonly touch?: boolean;
}

/** Whose session it is. */
export interface UsernameAndRole {
  readonly username: string;
  readonly role: string;
}

/**
 * The life of sessions: created, checked at each use, bound to a character, ended. It holds no
 * state of its own; everything is in the store, and any number of services may share one.
 *
 * Functions that validate take the token, functions that manage take the public session id. Every
 * method may also reject with a `SessionStoreError`, which says nothing about the session.
 */
export class SessionService<Permission extends string = MudPermission> {
  /** Where it is told what becomes of them. */
  readonly events: SessionEvents;
  /** Lifetimes, limits and seats, checked and complete. */
  readonly policy: SessionPolicy;
  /** Who may do what. */
  readonly roles: RoleTable<string>;
  readonly #store: SessionStore;
  readonly #announcer: Announcer;
  readonly #resolver: SessionResolver;
  readonly #generateSessionId: () => string;

  /** @throws TypeError for settings that are unknown or impossible. */
  constructor(options: SessionServiceOptions<Permission>) {
    checkOptions(options);

    this.#store = options.store;
    this.roles = options.roles ?? mudRoles;
    this.policy = definePolicy(options.policy);
    this.events = options.events ?? new LocalSessionEvents();
    this.#announcer = new Announcer(this.events, options.onError);
    this.#resolver = new SessionResolver(this.#store, this.policy, this.#announcer);
    this.#generateSessionId = options.generateSessionId ?? newUuid;
  }

  /**
   * Starts a session for a user whom the host has authenticated, and mints its token.
   *
   * @throws UserNotAvailableError for a user who is unknown or disabled.
   * @throws SessionLimitError at the limit, under the limit policy `reject`.
   * @throws MaintenanceError while the game is closed to the user's role.
   */
  async createSession(userId: string, options: CreateSessionOptions = {}): Promise<CreatedSession> {
    requireString('userId', userId);
    const { clientType, isAuthenticated } = clientOf(options);
    const id = this.#newSessionId();
    const { token, secretHash } = mintToken('mas', id);

    const created = await this.#store.createSession({
      id,
      userId,
      secretHash,
      clientType,
      isAuthenticated,
      policy: this.policy,
    });
    if (created.outcome !== 'created') throw refusedSignIn(created);

    this.#announcer.announceEach(created.endings);

    return { token, session: created.session };
  }

  /**
   * Who is behind this token. Enforces both deadlines and records activity.
   *
   * @throws InvalidSessionError if it is not the token of a live session of an enabled user.
   */
  async validateSession(token: TokenInput, options: ValidateOptions = {}): Promise<Principal> {
    const { session, user } = await this.#look(token, options);

    return principalOf(session, user);
  }

  /**
   * Who is behind this token, and which character he plays in which world.
   *
   * @throws InvalidSessionError as `validateSession` does.
   * @throws CharacterNotSelectedError if the session is account-only.
   * @throws CharacterNotAvailableError if the character or its world is gone since.
   */
  async validateSessionForGame(token: TokenInput, options: ValidateOptions = {}): Promise<GamePrincipal> {
    const { session, user, character } = await this.#look(token, options);
    if (session.characterId === null) throw new CharacterNotSelectedError();

    return gamePrincipalOf(session, user, character);
  }

  /**
   * Who is behind this token, if his role has the permission now.
   *
   * @throws InvalidSessionError as `validateSession` does.
   * @throws PermissionDeniedError naming the permission.
   */
  async validateSessionWithPermission(
    token: TokenInput,
    permission: Permission,
    options: ValidateOptions = {},
  ): Promise<Principal> {
    requireString('permission', permission);
    if (looksLikeToken(permission))
      throw new TypeError('permission comes second: the token was given twice.');

    const principal = await this.validateSession(token, options);
    if (!hasPermission(this.roles, principal.role, permission)) throw new PermissionDeniedError(permission);

    return principal;
  }

  /** The username behind a token, or `null` if it is not that of a live session. Never touches. */
  async getUsernameFromSession(token: TokenInput): Promise<string | null> {
    return (await this.getUsernameAndRoleFromSession(token))?.username ?? null;
  }

  /** Username and role behind a token, or `null` if it is not that of a live session. Never touches. */
  async getUsernameAndRoleFromSession(token: TokenInput): Promise<UsernameAndRole | null> {
    const record = await this.#resolver.resolveOrNull(token);

    return record && { username: record.user.username, role: record.user.role };
  }

  /**
   * Mints another token for the session of this one, when its user has shown his credentials again. From
   * then on only the new token opens it. The session stays as it is, with its character and its
   * connections. Counts as activity.
   *
   * @throws InvalidSessionError as `validateSession` does.
   */
  async reauthenticate(token: TokenInput): Promise<CreatedSession> {
    const { session, secretHash } = await this.#resolver.resolve(token);
    const minted = mintToken('mas', session.id);
    const newSecretHash = minted.secretHash;

    const renewed = await this.#store.renewSession({ sessionId: session.id, secretHash, newSecretHash });
    if (renewed !== null) return { token: minted.token, session: renewed };

    await this.#resolver.resolve(token); // throws, with the reason
    throw new InvalidSessionError();
  }

  /**
   * Makes sure that the user has shown his credentials in this session less than so many milliseconds
   * ago, as its store sees it now. A session that a remember token opened never counts, until
   * `reauthenticate`.
   *
   * @throws ReauthenticationRequiredError if he has not.
   * @throws InvalidSessionError if the session has ended since.
   * @throws TypeError for what is no principal of a validate, and for an age that is no whole number from 1.
   */
  async requireRecentAuthentication(principal: Principal, maxAgeMs: number): Promise<void> {
    requirePrincipal('principal', principal);
    requireCount('maxAgeMs', maxAgeMs);
    const { session, readAt } = await this.#resolver.resolveById(principal.session.id);

    if (!isAuthenticatedWithin(session, maxAgeMs, readAt)) throw new ReauthenticationRequiredError();
  }

  /**
   * Who is behind the session with this public id, and how long it still lives. On the host's own
   * authority, for connections whose token was validated before: no secret is asked for. Never
   * touches.
   *
   * @throws InvalidSessionError if it does not live, or its user may not use it, with the reason.
   * @throws TypeError if it is given a token.
   */
  async checkSession(sessionId: string): Promise<CheckedSession> {
    requireSessionId('checkSession', sessionId);
    if (!isSessionId(sessionId)) throw new InvalidSessionError();

    return checkedSessionOf(await this.#resolver.resolveById(sessionId));
  }

  /**
   * Lets a session play one of its user's characters, in place of the one that it played. Counts as
   * activity. A session of the same user that plays it already is ended (seat policy `take_over`),
   * or wins (`reject`).
   *
   * @throws InvalidSessionError as `validateSession` does.
   * @throws CharacterNotAvailableError if it is unknown, another user's, or its world is gone.
   * @throws CharacterInUseError under the seat policy `reject`.
   */
  async selectCharacter(token: TokenInput, characterId: string): Promise<GamePrincipal> {
    requireString('characterId', characterId);
    const { session, user } = await this.#resolver.use(token);

    const selected = await this.#store.selectCharacter({
      sessionId: session.id,
      userId: session.userId,
      characterId,
      seatPolicy: termsFor(this.policy, user.role).seatPolicy,
    });

    switch (selected.outcome) {
      case 'selected':
        this.#announcer.announceEach(selected.endings);
        return gamePrincipalOf(selected.session, user, selected.character);
      case 'character_not_available':
        throw new CharacterNotAvailableError();
      case 'character_in_use':
        throw new CharacterInUseError();
      case 'session_ended':
        await this.#resolver.resolve(token); // throws, with the reason
        throw new InvalidSessionError();
    }
  }

  /**
   * Makes a session account-only again; `true` if it had a character. Counts as activity.
   *
   * @throws InvalidSessionError as `validateSession` does.
   */
  async releaseCharacter(token: TokenInput): Promise<boolean> {
    const { session } = await this.#resolver.use(token);

    return this.#store.releaseCharacter(session.id);
  }

  /** Ends the session of a token at its holder's wish; `true` if it was live. */
  async logout(token: TokenInput): Promise<boolean> {
    const record = await this.#resolver.findLiveOrNull(token);
    if (record === null) return false;

    return this.#end(record.session.id, { reason: 'logged_out', actorId: null });
  }

  /**
   * Ends a session on the host's own authority; `true` if it was live. From its return on, no
   * validate on any node accepts the token.
   *
   * @throws TypeError if it is given a token: sessions are managed by their public id.
   */
  async removeSession(sessionId: string, options: RemoveOptions = {}): Promise<boolean> {
    requireSessionId('removeSession', sessionId, ' To end the session of a token, call logout.');
    const cause = causeOf(options);

    return isSessionId(sessionId) && this.#end(sessionId, cause);
  }

  /** Ends every session of a user on the host's own authority; how many were live. */
  async removeSessionsForUser(userId: string, options: RemoveOptions = {}): Promise<number> {
    requireString('userId', userId);

    return this.#endForUser(userId, causeOf(options), null);
  }

  /**
   * To be called when a user has a new password, or another way to sign in: ends all his other sessions, and
   * forgets his other clients; how many sessions were live. Without a session to keep it ends them all.
   */
  async credentialsChanged(userId: string, options: CredentialsChangedOptions = {}): Promise<number> {
    requireString('userId', userId);
    const { keepSessionId = null, ...rest } = options;
    if (keepSessionId !== null) requireSessionId('credentialsChanged', keepSessionId);

    return this.#endForUser(userId, causeOf({ ...rest, reason: 'credentials_changed' }), keepSessionId);
  }

  /** Ends the session that plays a character on the host's own authority; how many were live, 0 or 1. */
  async removeSessionsForCharacter(characterId: string, options: RemoveOptions = {}): Promise<number> {
    requireString('characterId', characterId);

    const ending = await this.#store.endSessionForCharacter(characterId, causeOf(options));
    if (ending === null) return 0;

    this.#announcer.announceEach([ending]);

    return 1;
  }

  /** Ends every session there is; how many were live. The host's users and characters stay. */
  async clearAllSessions(): Promise<number> {
    const cause = { reason: 'cleared', actorId: null } as const;

    const ended = await this.#store.endAllSessions(cause);
    if (ended > 0) this.#announcer.announce({ type: 'all_sessions_ended', ...cause });

    return ended;
  }

  /**
   * Clears away what has expired; how many sessions that were. Correctness does not depend on it,
   * disk space does: run it every few minutes, on any node or on all.
   */
  async cleanupExpiredSessions(): Promise<number> {
    return this.#store.cleanupExpiredSessions();
  }

  /** How many sessions are neither expired nor without activity for longer than the window. */
  async getActiveSessionCount(options: ActivityOptions = {}): Promise<number> {
    return this.#store.countActiveSessions(windowOf(options, this.policy));
  }

  /** Who is in a world now: the active sessions that play a character there, by character name. */
  async getActiveCharacters(
    worldId: string,
    options: ActivityOptions = {},
  ): Promise<readonly ActiveCharacter[]> {
    requireString('worldId', worldId);
    const characters = await this.#store.listActiveCharacters(worldId, windowOf(options, this.policy));

    return characters.toSorted(byCharacterName);
  }

  async #endForUser(userId: string, cause: EndingCause, keptSessionId: string | null): Promise<number> {
    const ended = await this.#store.endSessionsForUser(userId, cause, keptSessionId);
    if (ended > 0) this.#announcer.announce({ type: 'user_sessions_ended', userId, ...cause });

    return ended;
  }

  async #end(sessionId: string, cause: EndingCause): Promise<boolean> {
    const ending = await this.#store.endSession(sessionId, cause);
    if (ending !== null) this.#announcer.announceEach([ending]);

    return ending !== null;
  }

  #look(token: TokenInput, { touch = true }: ValidateOptions): Promise<LiveRecord> {
    return touch ? this.#resolver.use(token) : this.#resolver.resolve(token);
  }

  #newSessionId(): string {
    const id: unknown = this.#generateSessionId();
    if (typeof id === 'string' && isSessionId(id)) return id;

    Promise.resolve(id).catch(() => {}); // a promise is no id, and its failure nobody's but ours

    throw new TypeError('generateSessionId must return a UUID in lower-case canonical form.');
  }
}

/** @throws TypeError for a token: what is done on a host's own authority goes by the public id. */
function requireSessionId(method: string, sessionId: string, hint = ''): void {
  requireString('sessionId', sessionId);
  if (looksLikeToken(sessionId))
    throw new TypeError(`${method} takes the session id (principal.session.id), not the token.${hint}`);
}
