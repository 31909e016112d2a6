import type { Character } from '../../directory.ts';
import { type Ending, type EndingCause, FORGETTING_REASONS } from '../../session/ending.ts';
import { type SessionTerms, termsFor } from '../../session/session-policy.ts';
import type { CharacterSelection, NewSession, SelectCharacterOutcome } from '../../session/session-store.ts';
import { isSessionId } from '../../token.ts';
import type { Runner } from './connection.ts';
import type { Connections } from './connections.ts';
import type { TriedCreation } from './people.ts';
import {
  type CreatingStatements,
  paramsOfNew,
  paramsOfTerms,
  toNewSession,
} from './statements/creating-statements.ts';
import { type EndingStatements, paramsOf } from './statements/ending-statements.ts';
import { countOf, isEnding, toEnding, toSession } from './statements/rows.ts';
import type { LockedUserRow } from './statements/relation-statements.ts';
import type { LockParams, SessionStatements } from './statements/session-statements.ts';
import type { Statement } from './statements/statement.ts';

type UserStatements = SessionStatements & CreatingStatements & EndingStatements;

/** All of them: nobody has as many sessions. */
const KEEP_ALL = 2 ** 31 - 1;

/**
 * The writes that first look at all sessions of a user: they lock him, so that what they saw holds
 * until they commit. The lock is taken in a statement of its own, since a statement sees what was
 * committed when it began, and not what it waited for. The host's rows are never locked.
 */
export class UserTransactions {
  readonly #connections: Connections;
  readonly #statements: UserStatements;

  constructor(connections: Connections, statements: UserStatements) {
    this.#connections = connections;
    this.#statements = statements;
  }

  /** Creates a session for a user with this role, on these terms. */
  async createSessionOn(role: string, terms: SessionTerms, input: NewSession): Promise<TriedCreation> {
    return this.#connections.transaction(async (transaction) => {
      const had = await transaction.run(this.#statements.lockUserCounting, this.#locking(input.userId));

      return this.#insert(input, { role, terms }, countOf(had), transaction);
    });
  }

  /** Creates a session on the terms of the role that is read as the user is locked. */
  async createSession(
    input: NewSession,
    lockUserWithRole: Statement<LockParams, LockedUserRow>,
  ): Promise<TriedCreation> {
    return this.#connections.transaction(async (transaction) => {
      const [user] = await transaction.run(lockUserWithRole, this.#locking(input.userId));
      if (user === undefined || user.role === null) return { outcome: 'user_not_available' };

      const { role } = user;
      return this.#insert(input, { role, terms: termsFor(input.policy, role) }, countOf([user]), transaction);
    });
  }

  /** Binds a character that is the user's to his session. */
  async seat(selection: CharacterSelection, character: Character): Promise<SelectCharacterOutcome> {
    const { sessionId: id, userId: user, seatPolicy } = selection;

    return this.#whileLocked(user, async (transaction) => {
      // A write to the table before any row of it is locked, so that a clear-all waits for it all.
      await transaction.run(this.#statements.expireSessionsOfUser, { user });
      const locked = await transaction.run(this.#statements.lockSeat, { id, user, character: character.id });
      if (!locked.some((row) => row.id === id)) return { outcome: 'session_ended' };
      // The wait for the rows may have outlasted the session, and the dead take nobody over.
      const expired = await transaction.run(this.#statements.expireSession, { id });
      if (expired.length > 0) return { outcome: 'session_ended' };

      const holder = locked.find((row) => row.holds && row.id !== id);
      const isRival = holder?.user_id === user;
      if (isRival && seatPolicy === 'reject') return { outcome: 'character_in_use' };

      const endings = isRival ? await this.#takeOver(holder.id, transaction) : [];
      // The character changed hands: its former owner's session loses it, and lives on.
      if (holder !== undefined && !isRival) {
        await transaction.run(this.#statements.releaseCharacter, { id: holder.id });
      }
      const [row] = await transaction.run(this.#statements.bindCharacter, { id, character: character.id });

      return row === undefined
        ? { outcome: 'session_ended' }
        : { outcome: 'selected', session: toSession(row), character, endings };
    });
  }

  /**
   * Ends all sessions of a user, but for one that may be kept. Without the lock, two that take several of
   * his rows could deadlock.
   */
  async endSessions(user: string, cause: EndingCause, keptSessionId: string | null): Promise<number> {
    const kept = keptSessionId !== null && isSessionId(keptSessionId) ? keptSessionId : null;

    return this.#whileLocked(user, async (transaction) => {
      const forget = async (): Promise<void> => {
        if (FORGETTING_REASONS.includes(cause.reason))
          await transaction.run(this.#statements.forgetFamiliesOfUser, { user, kept });
      };

      // Before, for nobody must come back with a token while sessions are ended that he is not among yet;
      // and after, for who signed in meanwhile may have begun to be remembered.
      await forget();
      const ended = await transaction.run(this.#statements.endSessionsOfUser, {
        user,
        kept,
        ...paramsOf(cause),
      });
      await forget();

      return countOf(ended);
    });
  }

  /** `had` says only which statement to try first: it was counted before the user was locked. */
  async #insert(
    input: NewSession,
    { role, terms }: { readonly role: string; readonly terms: SessionTerms },
    had: number,
    transaction: Runner,
  ): Promise<TriedCreation> {
    const limit = terms.maxSessionsPerUser ?? KEEP_ALL;
    const keep = terms.sessionLimitPolicy === 'replace_oldest' ? limit - 1 : KEEP_ALL;
    const params = { ...paramsOfNew(input), ...paramsOfTerms(terms), role, limit, keep };

    // Mostly there is room, and the larger statement would have nothing to end.
    const [inserted] = had < limit ? await transaction.run(this.#statements.insertBelowLimit, params) : [];
    if (inserted !== undefined)
      return { outcome: 'created', session: toNewSession(input, inserted), endings: [] };

    const endings: Ending[] = [];
    for (;;) {
      const rows = await transaction.run(this.#statements.insertWithinLimit, params);
      endings.push(...rows.filter(isEnding).map(toEnding));
      const { times = null, living = '0', is_admitted: isAdmitted = true } = rows[0] ?? {};
      if (!isAdmitted) return { outcome: 'maintenance' };
      if (times !== null) return { outcome: 'created', session: toNewSession(input, { times }), endings };
      if (keep === KEEP_ALL && Number(living) >= limit) return { outcome: 'session_limit_reached', limit };
      // An expired session was in the way: a touch under way has saved it, so that it counts, or
      // somebody else has cleared it away. The next look will tell.
    }
  }

  #whileLocked<T>(user: string, work: (transaction: Runner) => Promise<T>): Promise<T> {
    return this.#connections.transaction(async (transaction) => {
      await transaction.run(this.#statements.lockUser, this.#locking(user));

      return work(transaction);
    });
  }

  #locking(user: string): LockParams {
    return { user, patienceMs: this.#connections.patienceMs };
  }

  async #takeOver(id: string, transaction: Runner): Promise<Ending[]> {
    const cause = paramsOf({ reason: 'taken_over', actorId: null });
    const rows = await transaction.run(this.#statements.endSession, { id, ...cause });

    return rows.map(toEnding).filter((ending) => ending.reason !== 'expired');
  }
}
