import type { Character } from '../../directory.ts';
import type { Ending, EndingCause } from '../../session/ending.ts';
import { lifetimeMs, type SessionTerms } from '../../session/session-policy.ts';
import type {
  CharacterSelection,
  CreateSessionOutcome,
  NewSession,
  SelectCharacterOutcome,
} from '../../session/session-store.ts';
import type { Session } from '../../session/session.ts';
import type { Connections, Runner } from './connections.ts';
import { type EndingStatements, paramsOf } from './statements/ending-statements.ts';
import { countOf, toEnding, toSession } from './statements/rows.ts';
import type { SessionStatements } from './statements/session-statements.ts';

/** All of them: nobody has as many sessions. */
const KEEP_ALL = 2 ** 31 - 1;

/**
 * The writes that first look at all sessions of a user: they lock him, so that what they saw holds
 * until they commit. The lock is taken in a statement of its own, since a statement sees what was
 * committed when it began, and not what it waited for. The host's rows are never locked.
 */
export class UserTransactions {
  readonly #connections: Connections;
  readonly #statements: SessionStatements & EndingStatements;

  constructor(connections: Connections, statements: SessionStatements & EndingStatements) {
    this.#connections = connections;
    this.#statements = statements;
  }

  /** Creates a session on these terms. Only a limit needs the lock. */
  async create(input: NewSession, terms: SessionTerms): Promise<CreateSessionOutcome> {
    const { maxSessionsPerUser: limit, sessionLimitPolicy } = terms;
    if (limit === null) {
      const session = await this.#insert(input, terms, this.#connections);
      return session === null ? { outcome: 'id_in_use' } : { outcome: 'created', session, endings: [] };
    }

    const keep = sessionLimitPolicy === 'replace_oldest' ? limit - 1 : KEEP_ALL;
    return this.#connections.transaction(async (transaction) => {
      const endings = [];
      for (;;) {
        endings.push(...(await this.#trim(input.userId, keep, transaction)));
        const session = await this.#insert(input, terms, transaction);
        if (session !== null) return { outcome: 'created', session, endings };
        if (keep === KEEP_ALL) return { outcome: 'session_limit_reached', limit };
        // A touch that was under way saved a session from expiring: it counts, so trim again.
      }
    });
  }

  /** Binds a character that is the user's to his session. */
  async seat(selection: CharacterSelection, character: Character): Promise<SelectCharacterOutcome> {
    const { sessionId: id, userId: user, seatPolicy } = selection;

    return this.#connections.transaction(async (transaction) => {
      await this.#trim(user, KEEP_ALL, transaction);
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

  /** Ends all sessions of a user. Without the lock, two that take several of his rows could deadlock. */
  async endSessions(user: string, cause: EndingCause): Promise<number> {
    return this.#connections.transaction(async (transaction) => {
      await transaction.run(this.#statements.lockUser, { user });

      return countOf(await transaction.run(this.#statements.endSessionsOfUser, { user, ...paramsOf(cause) }));
    });
  }

  /**
   * Locks the user, ends his expired sessions, and all but so many of the living. It writes to the
   * table before any row of it is locked, so that a clear-all waits for the whole transaction.
   */
  async #trim(user: string, keep: number, transaction: Runner): Promise<Ending[]> {
    await transaction.run(this.#statements.lockUser, { user });
    const rows = await transaction.run(this.#statements.trimSessionsOfUser, { user, keep });

    return rows.map(toEnding);
  }

  async #insert(
    input: NewSession,
    terms: SessionTerms,
    runner: Pick<Runner, 'run'>,
  ): Promise<Session | null> {
    const [row] = await runner.run(this.#statements.insertSession, {
      id: input.id,
      user: input.userId,
      secretHash: input.secretHash,
      clientType: input.clientType,
      idleTimeoutMs: terms.idleTimeoutMs,
      lifetimeMs: lifetimeMs(terms),
      limit: terms.maxSessionsPerUser,
    });

    return row === undefined ? null : toSession(row);
  }

  async #takeOver(id: string, transaction: Runner): Promise<Ending[]> {
    const cause = paramsOf({ reason: 'taken_over', actorId: null });
    const rows = await transaction.run(this.#statements.endSession, { id, ...cause });

    return rows.map(toEnding).filter((ending) => ending.reason !== 'expired');
  }
}
