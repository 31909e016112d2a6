import { SessionStoreError } from '../../errors.ts';
import { type Ending, type EndingCause, FORGETTING_REASONS } from '../../session/ending.ts';
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
import type { Session } from '../../session/session.ts';
import { isSessionId } from '../../token.ts';
import { asHalfDone } from '../half-done.ts';
import { Cleanup } from './cleanup.ts';
import type { Coalescer } from './coalescer.ts';
import { idTypes } from './id-types.ts';
import type { PostgresSessionStoreOptions } from './options.ts';
import type { People, TriedCreation } from './people.ts';
import { PostgresDatabase, share } from './postgres-database.ts';
import { paramsOf } from './statements/ending-statements.ts';
import { countOf, isEnding, toEnding, toHash, toSession, toTime } from './statements/rows.ts';
import type { FoundEndingRow, TouchRow } from './statements/session-statements.ts';

const UNIQUE_VIOLATION = '23505';

/** How often a character may change hands while it is being selected. */
const MAX_TRIES = 10;

/**
 * Sessions in Postgres, version 15 or later: the same for all processes, and there after a restart.
 * Deciding statements go by the clock of the database.
 */
export class PostgresSessionStore implements SessionStore {
  readonly #database: PostgresDatabase;
  readonly #people: People;
  readonly #statements: PostgresDatabase['statements'];
  readonly #touches: Coalescer<TouchRow>;
  readonly #endings: Coalescer<FoundEndingRow>;
  readonly #cleanup: Cleanup;

  /** @throws TypeError for settings that cannot be. Nothing is asked of the database yet. */
  constructor(options: PostgresSessionStoreOptions) {
    this.#database = new PostgresDatabase(options);
    const { connections, people, statements } = this.#database;
    this.#people = people;
    this.#statements = statements;
    this.#touches = connections.sharingLooks(statements.touchSession);
    this.#endings = connections.sharingLooks(statements.findEnding);
    this.#cleanup = new Cleanup(connections, statements);
    share(this, this.#database);
  }

  /**
   * Checks, once, that the schema is that of this version and that the host's relations are as
   * promised. Await it when the server starts; else the first call does it.
   *
   * @throws SchemaVersionError if the schema is behind or ahead, naming the migration.
   * @throws TypeError if a relation is missing, lacks a column, or has ids of another type.
   */
  ready(): Promise<void> {
    return this.#database.ready();
  }

  async createSession(input: NewSession): Promise<CreateSessionOutcome> {
    await this.#database.ready();
    for (let tries = 1; ; tries += 1) {
      const created = await this.#create(input);
      if (created.outcome !== 'maintenance') return created;

      const closed = await this.#database.findMaintenance();
      if (closed !== null) return { outcome: 'maintenance', ...closed };
      if (tries === MAX_TRIES)
        throw new SessionStoreError('The game was closed and opened at every try.', {
          retryable: true,
          outcome: 'not-applied',
        });
    }
  }

  async findSession(sessionId: string): Promise<SessionRecord | null> {
    if (!isSessionId(sessionId)) return null;
    await this.#database.ready();

    return this.#people.findRecord(sessionId);
  }

  async findEnding(sessionId: string): Promise<EndingRecord | null> {
    if (!isSessionId(sessionId)) return null;
    await this.#database.ready();
    const row = await this.#endings.ask(sessionId);

    return row === null ? null : { ending: toEnding(row), secretHash: toHash(row) };
  }

  async touchSession(sessionId: string): Promise<TouchOutcome> {
    if (!isSessionId(sessionId)) return { outcome: 'ended' };
    await this.#database.ready();
    const row = await this.#touches.ask(sessionId);
    if (row === null || !row.is_live) return { outcome: 'ended' };
    if (row.touched_at === null) return { outcome: 'skipped' };

    return { outcome: 'touched', lastActiveAt: toTime(row.touched_at) };
  }

  async renewSession({
    sessionId: id,
    secretHash: hash,
    newSecretHash: newHash,
  }: SessionRenewal): Promise<Session | null> {
    if (!isSessionId(id)) return null;
    const [row] = await this.#database.run(this.#statements.renewSession, { id, hash, newHash });

    return row === undefined ? null : toSession(row);
  }

  async selectCharacter(selection: CharacterSelection): Promise<SelectCharacterOutcome> {
    if (!isSessionId(selection.sessionId)) return { outcome: 'session_ended' };
    await this.#database.ready();

    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#seat(selection);
      } catch (error) {
        // The character changes hands at this moment, and its two owners do not share a lock.
        if (!isUniqueViolation(error) || tries === MAX_TRIES) throw error;
      }
    }
  }

  async releaseCharacter(sessionId: string): Promise<boolean> {
    if (!isSessionId(sessionId)) return false;
    const [row] = await this.#database.run(this.#statements.releaseCharacter, { id: sessionId });

    return row?.is_live ?? false;
  }

  async endSession(sessionId: string, cause: EndingCause): Promise<Ending | null> {
    if (!isSessionId(sessionId)) return null;
    const params = { id: sessionId, ...paramsOf(cause) };
    const [row] = await this.#database.run(this.#statements.endSession, params);
    await this.#forget(row?.unforgotten);

    return row === undefined || row.reason === 'expired' ? null : toEnding(row);
  }

  async expireSession(sessionId: string): Promise<Ending | null> {
    if (!isSessionId(sessionId)) return null;
    const [row] = await this.#database.run(this.#statements.expireSession, { id: sessionId });

    return row === undefined ? null : toEnding(row);
  }

  async endSessionsForUser(
    userId: string,
    cause: EndingCause,
    keptSessionId: string | null = null,
  ): Promise<number> {
    if (!idTypes.text.fits(userId)) return 0;
    await this.#database.ready();

    return this.#database.byUser.endSessions(userId, cause, keptSessionId);
  }

  async endSessionForCharacter(characterId: string, cause: EndingCause): Promise<Ending | null> {
    if (!idTypes.text.fits(characterId)) return null;

    for (;;) {
      const [row] = await this.#database.run(this.#statements.endSessionOfCharacter, {
        character: characterId,
        ...paramsOf(cause),
      });
      await this.#forget(row?.unforgotten);
      if (row?.missed === true) continue;

      return row !== undefined && isEnding(row) && row.reason !== 'expired' ? toEnding(row) : null;
    }
  }

  async endAllSessions(cause: EndingCause): Promise<number> {
    return this.#database.whileNobodySignsIn(async (transaction) => {
      const ended = await transaction.run(this.#statements.endAllSessions, paramsOf(cause));
      if (FORGETTING_REASONS.includes(cause.reason))
        await transaction.run(this.#statements.forgetAllFamilies, {});

      return countOf(ended);
    });
  }

  async cleanupExpiredSessions(): Promise<number> {
    await this.#database.ready();

    return this.#cleanup.run();
  }

  async countActiveSessions(activeWithinMs: number): Promise<number> {
    return countOf(await this.#database.run(this.#statements.countActive, { window: activeWithinMs }));
  }

  async listActiveCharacters(worldId: string, activeWithinMs: number): Promise<readonly ActiveCharacter[]> {
    await this.#database.ready();

    return this.#people.listActiveCharacters(worldId, activeWithinMs);
  }

  async #forget(familyId: string | null | undefined): Promise<void> {
    if (!familyId) return;

    try {
      await this.#database.run(this.#statements.forgetFamily, { id: familyId });
    } catch (error) {
      throw asHalfDone(error); // the session has ended
    }
  }

  async #create(input: NewSession): Promise<TriedCreation> {
    try {
      return await this.#people.createSession(input);
    } catch (error) {
      if (isUniqueViolation(error)) return { outcome: 'id_in_use' };
      throw error;
    }
  }

  async #seat(selection: CharacterSelection): Promise<SelectCharacterOutcome> {
    // Before the transaction: a directory may need a connection of the same pool.
    const character = await this.#people.findPlayableCharacter(selection.characterId, selection.userId);
    if (character === null) return { outcome: 'character_not_available' };

    return this.#database.byUser.seat(selection, character);
  }
}

function isUniqueViolation(error: unknown): boolean {
  return error instanceof SessionStoreError && error.sqlState === UNIQUE_VIOLATION;
}
