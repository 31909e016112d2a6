import { setImmediate } from 'node:timers/promises';
import { type Clock, systemClock } from '../../clock.ts';
import type { Directory } from '../../directory.ts';
import { SessionStoreError } from '../../errors.ts';
import { type Ending, type EndingCause, FORGETTING_REASONS } from '../../session/ending.ts';
import { termsFor } from '../../session/session-policy.ts';
import type {
  ActiveCharacter,
  CharacterSelection,
  CreateSessionOutcome,
  EndingRecord,
  NewSession,
  SelectCharacterOutcome,
  SessionRecord,
  SessionRenewal,
  SessionStore,
  TouchOutcome,
} from '../../session/session-store.ts';
import { isActiveWithin, isExpired, type Session } from '../../session/session.ts';
import { sameSecret } from '../../token.ts';
import { DirectoryReader } from '../directory-reader.ts';
import { MemoryDatabase, share } from './memory-database.ts';
import { newSession } from './new-session.ts';
import { copyOfLink, type Row, type SessionTable } from './session-table.ts';

/** What a memory store is built from. */
export interface MemorySessionStoreOptions {
  /** Who the users and characters are. */
  readonly directory: Directory;
  /** How many sessions it holds at most; past that, creating is a `SessionStoreError`. Default 100,000. */
  readonly maxSessions?: number;
  /** Where it reads the time. Default: the machine's clock. */
  readonly clock?: Clock;
}

/** How many rows each creation looks at for expired ones. */
const SWEEP_STEP = 8;

/** How many rows are looked at in one go where many must be. */
const CLEANUP_STEP = 250;

/**
 * Sessions in the memory of this process: the executable reading of the port. A restart loses
 * everything, and no other process sees it.
 *
 * What makes a method atomic is that nothing is awaited between its first look and its last write.
 */
export class MemorySessionStore implements SessionStore {
  readonly #directory: DirectoryReader;
  readonly #clock: Clock;
  readonly #maxSessions: number;
  readonly #table: SessionTable;
  readonly #database: MemoryDatabase;

  /** @throws TypeError for a cap that is not a whole number from 1. */
  constructor(options: MemorySessionStoreOptions) {
    const { directory, maxSessions = 100_000, clock = systemClock } = options;
    if (!Number.isSafeInteger(maxSessions) || maxSessions < 1) {
      throw new TypeError('maxSessions must be a whole number from 1.');
    }

    this.#directory = new DirectoryReader(directory);
    this.#clock = clock;
    this.#maxSessions = maxSessions;
    this.#database = new MemoryDatabase(maxSessions, clock, this.#directory);
    this.#table = this.#database.table;
    share(this, this.#database);
  }

  async createSession(input: NewSession): Promise<CreateSessionOutcome> {
    const user = await this.#directory.findEnabledUser(input.userId);
    if (user === null) return { outcome: 'user_not_available' };

    const closed = this.#database.findMaintenance();
    if (closed !== null && !closed.maintenance.admittedRoles.includes(user.role))
      return { outcome: 'maintenance', ...closed };

    const now = this.#clock.now();
    const terms = termsFor(input.policy, user.role);
    const limit = terms.maxSessionsPerUser;
    this.#table.sweep(SWEEP_STEP, now);
    if (this.#table.find(input.id) !== null) return { outcome: 'id_in_use' };

    const rows = limit === null ? [] : this.#table.liveOfUser(input.userId, now);
    const excess = limit === null ? 0 : Math.max(0, rows.length - limit + 1);
    if (limit !== null && excess > 0 && terms.sessionLimitPolicy === 'reject')
      return { outcome: 'session_limit_reached', limit };

    this.#makeRoom(excess, now);
    const endings = rows
      .toSorted(byAge)
      .slice(0, excess)
      .map((row) => this.#table.end(row, { reason: 'replaced', actorId: null }, now));
    const session = newSession(input, terms, now);
    this.#table.insert({
      session,
      secretHash: new Uint8Array(input.secretHash),
      link: null,
      isHidden: false,
      familyId: null,
    });

    return { outcome: 'created', session: copyOf(session), endings };
  }

  async findSession(sessionId: string): Promise<SessionRecord | null> {
    const row = this.#table.find(sessionId);
    if (row === null) return null;

    const { session, secretHash, link } = row;
    const readAt = this.#clock.now();
    const { user, character } = await this.#directory.peopleOf(session);

    return {
      session: copyOf(session),
      secretHash: Buffer.from(secretHash),
      user,
      character,
      link: link && copyOfLink(link),
      readAt,
    };
  }

  async findEnding(sessionId: string): Promise<EndingRecord | null> {
    return this.#table.findEnding(sessionId, this.#clock.now());
  }

  async touchSession(sessionId: string): Promise<TouchOutcome> {
    const now = this.#clock.now();
    const row = this.#table.findLive(sessionId, now);
    if (row === null) return { outcome: 'ended' };

    row.session = { ...row.session, lastActiveAt: now };

    return { outcome: 'touched', lastActiveAt: new Date(now) };
  }

  async renewSession({ sessionId, secretHash, newSecretHash }: SessionRenewal): Promise<Session | null> {
    const now = this.#clock.now();
    const row = this.#table.findLive(sessionId, now);
    if (row === null || !sameSecret(row.secretHash, secretHash)) return null;

    row.secretHash = new Uint8Array(newSecretHash);
    row.session = { ...row.session, lastActiveAt: now, authenticatedAt: now };

    return copyOf(row.session);
  }

  async selectCharacter(selection: CharacterSelection): Promise<SelectCharacterOutcome> {
    const { sessionId, userId, characterId, seatPolicy } = selection;
    const character = await this.#directory.findPlayableCharacter(characterId, userId);
    if (character === null) return { outcome: 'character_not_available' };

    const now = this.#clock.now();
    const row = this.#table.findLive(sessionId, now);
    if (row === null || row.session.userId !== userId) return { outcome: 'session_ended' };

    const holder = this.#table.liveOfCharacter(characterId, now);
    if (holder === row) return { outcome: 'selected', session: copyOf(row.session), character, endings: [] };
    const rival = holder?.session.userId === userId ? holder : null;
    if (rival !== null && seatPolicy === 'reject') return { outcome: 'character_in_use' };

    if (holder !== null && rival === null) this.#table.takeCharacter(holder);
    const endings =
      rival === null ? [] : [this.#table.end(rival, { reason: 'taken_over', actorId: null }, now)];
    this.#table.bind(row, characterId);

    return { outcome: 'selected', session: copyOf(row.session), character, endings };
  }

  async releaseCharacter(sessionId: string): Promise<boolean> {
    const row = this.#table.findLive(sessionId, this.#clock.now());
    if (row === null || row.session.characterId === null) return false;

    this.#table.takeCharacter(row);

    return true;
  }

  async endSession(sessionId: string, cause: EndingCause): Promise<Ending | null> {
    const now = this.#clock.now();
    const row = this.#table.findLive(sessionId, now);

    return row === null ? null : this.#table.end(row, cause, now);
  }

  async expireSession(sessionId: string): Promise<Ending | null> {
    const row = this.#table.find(sessionId);

    return row === null ? null : this.#table.expire(row, this.#clock.now());
  }

  async endSessionsForUser(
    userId: string,
    cause: EndingCause,
    keptSessionId: string | null = null,
  ): Promise<number> {
    const now = this.#clock.now();
    const live = this.#table.liveOfUser(userId, now);
    const kept = live.find(({ session }) => session.id === keptSessionId) ?? null;
    const rows = live.filter((row) => row !== kept);
    for (const row of rows) this.#table.end(row, cause, now);
    if (FORGETTING_REASONS.includes(cause.reason))
      this.#database.families.deleteOfUser(userId, kept?.familyId ?? null);

    return rows.length;
  }

  async endSessionForCharacter(characterId: string, cause: EndingCause): Promise<Ending | null> {
    const now = this.#clock.now();
    const holder = this.#table.liveOfCharacter(characterId, now);

    return holder === null ? null : this.#table.end(holder, cause, now);
  }

  async endAllSessions(cause: EndingCause): Promise<number> {
    const now = this.#clock.now();
    let ended = 0;
    for (const row of this.#table.all()) {
      if (this.#table.expire(row, now) !== null) continue;
      this.#table.end(row, cause, now);
      ended += 1;
    }
    if (FORGETTING_REASONS.includes(cause.reason)) this.#database.families.deleteAll();

    return ended;
  }

  async cleanupExpiredSessions(): Promise<number> {
    let looked = 0;
    let ended = 0;
    let now = this.#clock.now();
    for (const row of this.#table.all()) {
      looked += 1;
      if (looked % CLEANUP_STEP === 0) {
        await setImmediate();
        now = this.#clock.now();
      }
      // The pause may have been the end of this row.
      if (this.#table.find(row.session.id) !== row) continue;
      if (this.#table.expire(row, now) !== null) ended += 1;
    }
    for (const familyId of this.#database.families.ids()) {
      looked += 1;
      if (looked % CLEANUP_STEP === 0) await setImmediate();
      this.#database.families.findLive(familyId, this.#clock.now()); // deletes it if it is not
    }
    while (!this.#table.forgetOldEndings(this.#clock.now(), CLEANUP_STEP)) await setImmediate();

    return ended;
  }

  async countActiveSessions(activeWithinMs: number): Promise<number> {
    const now = this.#clock.now();
    let count = 0;
    for (const { session } of this.#table.all()) {
      if (!isExpired(session, now) && isActiveWithin(session, activeWithinMs, now)) count += 1;
    }

    return count;
  }

  async listActiveCharacters(worldId: string, activeWithinMs: number): Promise<readonly ActiveCharacter[]> {
    const now = this.#clock.now();
    const active = this.#table
      .liveInPlay(now)
      .filter(({ session }) => isActiveWithin(session, activeWithinMs, now));
    return this.#directory.activeCharactersIn(
      worldId,
      active.map((row) => row.session),
    );
  }

  #makeRoom(leaving: number, now: Date): void {
    const isFull = (): boolean => this.#table.size - leaving >= this.#maxSessions;
    if (isFull()) this.#table.sweep(CLEANUP_STEP, now);
    if (!isFull()) return;

    throw new SessionStoreError(`The memory store is full: it holds ${this.#maxSessions} sessions.`, {
      retryable: true,
      outcome: 'not-applied',
    });
  }
}

/** For a caller to keep, or to change: a `Date` can be, and must not change the session. */
function copyOf(session: Session): Session {
  return {
    ...session,
    createdAt: new Date(session.createdAt),
    lastActiveAt: new Date(session.lastActiveAt),
    absoluteExpiresAt: new Date(session.absoluteExpiresAt),
    authenticatedAt: session.authenticatedAt && new Date(session.authenticatedAt),
  };
}

function byAge({ session: a }: Row, { session: b }: Row): number {
  return a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1);
}
