import { SessionStoreError } from '../../errors.ts';
import { type Ending, ENDING_RETENTION_MS, type EndingCause } from '../../session/ending.ts';
import { lifetimeMs, type SessionTerms, termsFor } from '../../session/session-policy.ts';
import type {
  ActiveCharacter,
  CharacterSelection,
  CreateSessionOutcome,
  EndingRecord,
  NewSession,
  SelectCharacterOutcome,
  SessionRecord,
  SessionStore,
  TouchOutcome,
} from '../../session/session-store.ts';
import type { Session } from '../../session/session.ts';
import { isSessionId } from '../../token.ts';
import { Connections, type Runner } from './connections.ts';
import { DirectoryPeople } from './directory-people.ts';
import { idTypes } from './id-types.ts';
import { checkSchemaName, DEFAULT_SCHEMA, quoted } from './identifiers.ts';
import { migrateToLatest } from './migrate.ts';
import { limitsOf, type PostgresSessionStoreOptions } from './options.ts';
import type { Moment, People } from './people.ts';
import { RelationPeople } from './relation-people.ts';
import { checkSchemaVersion } from './schema-version.ts';
import { type EndingStatements, endingStatements } from './statements/ending-statements.ts';
import { toEnding, toSession } from './statements/rows.ts';
import { type SessionStatements, sessionStatements } from './statements/session-statements.ts';
import type { Statement } from './statements/statement.ts';

const UNIQUE_VIOLATION = '23505';

/** All of them: a user has fewer sessions than that. */
const KEEP_ALL = 2 ** 31 - 1;

const CLEANUP_BATCH = 1_000;
const CLEAR_ALL_TIMEOUT_MS = 10 * 60_000;

/**
 * Sessions in Postgres, version 15 or later: the same for all processes, and there after a restart.
 * Deciding statements go by the clock of the database.
 */
export class PostgresSessionStore implements SessionStore {
  readonly #connections: Connections;
  readonly #people: People;
  readonly #statements: SessionStatements & EndingStatements;
  readonly #now: Moment;
  readonly #prepare: () => Promise<void>;
  readonly #lockTable: string;
  #readiness: Promise<void> | null = null;

  /** @throws TypeError for settings that cannot be. Nothing is asked of the database yet. */
  constructor(options: PostgresSessionStoreOptions) {
    const { pool, schema = DEFAULT_SCHEMA, migrate = false, clock } = options;
    checkSchemaName(schema);

    this.#connections = new Connections(pool, limitsOf(options));
    this.#statements = { ...sessionStatements(schema), ...endingStatements(schema) };
    this.#now = clock === undefined ? () => null : () => clock.now();
    this.#people =
      'directory' in options
        ? new DirectoryPeople(this.#connections, schema, options.directory, this.#now)
        : new RelationPeople(this.#connections, schema, options, this.#now);
    this.#lockTable = `lock table ${quoted(schema)}.sessions in share row exclusive mode`;
    this.#prepare = async () => {
      if (migrate) await migrateToLatest(pool, { schema });
      await checkSchemaVersion(this.#connections, schema);
      await this.#people.check();
    };
  }

  /**
   * Checks, once, that the schema is that of this version and that the host's relations are as
   * promised. Await it when the server starts; else the first call does it.
   *
   * @throws SchemaVersionError if the schema is behind or ahead, naming the migration.
   * @throws TypeError if a relation is missing, lacks a column, or has ids of another type.
   */
  ready(): Promise<void> {
    this.#readiness ??= this.#prepare().catch((error: unknown) => {
      this.#readiness = null;
      throw error;
    });

    return this.#readiness;
  }

  async createSession(input: NewSession): Promise<CreateSessionOutcome> {
    await this.ready();
    const user = await this.#people.findEnabledUser(input.userId);
    if (user === null) return { outcome: 'user_not_available' };

    const terms = termsFor(input.policy, user.role);
    try {
      return await this.#createOn(terms, input);
    } catch (error) {
      if (isUniqueViolation(error)) return { outcome: 'id_in_use' };
      throw error;
    }
  }

  async findSession(sessionId: string): Promise<SessionRecord | null> {
    if (!isSessionId(sessionId)) return null;
    await this.ready();

    return this.#people.findRecord(sessionId);
  }

  async findEnding(sessionId: string): Promise<EndingRecord | null> {
    if (!isSessionId(sessionId)) return null;
    const [row] = await this.#run(this.#statements.findEnding, {
      id: sessionId,
      retention: ENDING_RETENTION_MS,
      now: this.#now(),
    });

    return row === undefined ? null : { ending: toEnding(row), secretHash: row.secret_hash };
  }

  async touchSession(sessionId: string): Promise<TouchOutcome> {
    if (!isSessionId(sessionId)) return { outcome: 'ended' };
    const [row] = await this.#run(this.#statements.touchSession, { id: sessionId, now: this.#now() });
    if (row === undefined || !row.is_live) return { outcome: 'ended' };
    if (row.touched_at === null) return { outcome: 'skipped' };

    return { outcome: 'touched', lastActiveAt: new Date(row.touched_at) };
  }

  async selectCharacter(selection: CharacterSelection): Promise<SelectCharacterOutcome> {
    if (!isSessionId(selection.sessionId)) return { outcome: 'session_ended' };
    await this.ready();

    try {
      return await this.#seat(selection);
    } catch (error) {
      // The character changes hands at this moment, and its two owners do not share a lock.
      if (isUniqueViolation(error)) return this.#seat(selection);
      throw error;
    }
  }

  async releaseCharacter(sessionId: string): Promise<boolean> {
    if (!isSessionId(sessionId)) return false;
    const [row] = await this.#run(this.#statements.releaseCharacter, { id: sessionId, now: this.#now() });

    return row?.is_live ?? false;
  }

  async endSession(sessionId: string, cause: EndingCause): Promise<Ending | null> {
    if (!isSessionId(sessionId)) return null;
    const [row] = await this.#run(this.#statements.endSession, { id: sessionId, ...this.#paramsOf(cause) });

    return row === undefined || row.reason === 'expired' ? null : toEnding(row);
  }

  async expireSession(sessionId: string): Promise<Ending | null> {
    if (!isSessionId(sessionId)) return null;
    const [row] = await this.#run(this.#statements.expireSession, { id: sessionId, now: this.#now() });

    return row === undefined ? null : toEnding(row);
  }

  async endSessionsForUser(userId: string, cause: EndingCause): Promise<number> {
    if (!idTypes.text.fits(userId)) return 0;
    await this.ready();

    // Under the user's lock, or two that take several of his rows could wait for each other.
    return this.#connections.transaction(async (transaction) => {
      await transaction.run(this.#statements.lockUser, { user: userId });
      const params = { user: userId, ...this.#paramsOf(cause) };

      return countOf(await transaction.run(this.#statements.endSessionsOfUser, params));
    });
  }

  async endSessionsForCharacter(characterId: string, cause: EndingCause): Promise<number> {
    if (!idTypes.text.fits(characterId)) return 0;

    return countOf(
      await this.#run(this.#statements.endSessionsOfCharacter, {
        character: characterId,
        ...this.#paramsOf(cause),
      }),
    );
  }

  async endAllSessions(cause: EndingCause): Promise<number> {
    await this.ready();

    // Sessions that are being inserted are invisible to a DELETE: the lock waits for them.
    return this.#connections.transaction(async (transaction) => {
      await transaction.runText(this.#lockTable);

      return countOf(await transaction.run(this.#statements.endAllSessions, this.#paramsOf(cause)));
    }, CLEAR_ALL_TIMEOUT_MS);
  }

  async cleanupExpiredSessions(): Promise<number> {
    const ended = await untilLess(CLEANUP_BATCH, () =>
      this.#run(this.#statements.endExpiredBatch, { size: CLEANUP_BATCH, now: this.#now() }),
    );
    await untilLess(CLEANUP_BATCH, () =>
      this.#run(this.#statements.forgetEndingsBatch, {
        size: CLEANUP_BATCH,
        retention: ENDING_RETENTION_MS,
        now: this.#now(),
      }),
    );

    return ended;
  }

  async countActiveSessions(activeWithinMs: number): Promise<number> {
    return countOf(
      await this.#run(this.#statements.countActive, { window: activeWithinMs, now: this.#now() }),
    );
  }

  async listActiveCharacters(worldId: string, activeWithinMs: number): Promise<readonly ActiveCharacter[]> {
    await this.ready();

    return this.#people.listActiveCharacters(worldId, activeWithinMs);
  }

  /**
   * Creates on these terms. Under a limit, the user is locked in a statement of its own: a statement
   * sees what was committed when it began, not what it waited for.
   */
  async #createOn(terms: SessionTerms, input: NewSession): Promise<CreateSessionOutcome> {
    const { maxSessionsPerUser: limit, sessionLimitPolicy } = terms;
    if (limit === null) {
      const session = await this.#insert(input, terms, this.#connections);
      return session === null ? { outcome: 'id_in_use' } : { outcome: 'created', session, endings: [] };
    }

    const keep = sessionLimitPolicy === 'replace_oldest' ? limit - 1 : KEEP_ALL;
    return this.#connections.transaction(async (transaction) => {
      const endings = [];
      for (;;) {
        endings.push(...(await this.#trimSessionsOf(input.userId, keep, transaction)));
        const session = await this.#insert(input, terms, transaction);
        if (session !== null) return { outcome: 'created', session, endings };
        if (keep === KEEP_ALL) return { outcome: 'session_limit_reached', limit };
        // A touch that was under way saved a session from expiring: it counts, so trim again.
      }
    });
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
      now: this.#now(),
    });

    return row === undefined ? null : toSession(row);
  }

  /**
   * Locks the user, ends his expired sessions and all but so many of the living. It writes to the
   * table before any row of it is locked, so that a clear-all waits for the whole transaction.
   */
  async #trimSessionsOf(user: string, keep: number, transaction: Runner): Promise<Ending[]> {
    await transaction.run(this.#statements.lockUser, { user });
    const rows = await transaction.run(this.#statements.trimSessionsOfUser, { user, keep, now: this.#now() });

    return rows.map(toEnding);
  }

  async #seat(selection: CharacterSelection): Promise<SelectCharacterOutcome> {
    const { sessionId: id, userId: user, characterId, seatPolicy } = selection;

    // Before the transaction: a directory may need a connection of the same pool.
    const character = await this.#people.findPlayableCharacter(characterId, user);
    if (character === null) return { outcome: 'character_not_available' };

    return this.#connections.transaction(async (transaction) => {
      await this.#trimSessionsOf(user, KEEP_ALL, transaction);
      const locked = await transaction.run(this.#statements.lockSeat, { id, user, character: characterId });
      if (!locked.some((row) => row.id === id)) return { outcome: 'session_ended' };

      const holder = locked.find((row) => row.holds && row.id !== id);
      const isRival = holder?.user_id === user;
      if (isRival && seatPolicy === 'reject') return { outcome: 'character_in_use' };

      const endings = isRival ? await this.#takeOver(holder.id, transaction) : [];
      // The character changed hands: its former owner's session loses it, and lives on.
      if (holder !== undefined && !isRival) {
        await transaction.run(this.#statements.releaseCharacter, { id: holder.id, now: this.#now() });
      }
      const [row] = await transaction.run(this.#statements.bindCharacter, { id, character: characterId });

      return row === undefined
        ? { outcome: 'session_ended' }
        : { outcome: 'selected', session: toSession(row), character, endings };
    });
  }

  async #takeOver(sessionId: string, transaction: Runner): Promise<Ending[]> {
    const cause = this.#paramsOf({ reason: 'taken_over', actorId: null });
    const rows = await transaction.run(this.#statements.endSession, { id: sessionId, ...cause });

    return rows.map(toEnding).filter((ending) => ending.reason !== 'expired');
  }

  #paramsOf({ reason, actorId }: EndingCause): { reason: string; actor: string | null; now: Date | null } {
    return { reason, actor: actorId, now: this.#now() };
  }

  async #run<Params extends object, Row>(
    statement: Statement<Params, Row>,
    params: Params,
  ): Promise<readonly Row[]> {
    await this.ready();

    return this.#connections.run(statement, params);
  }
}

function isUniqueViolation(error: unknown): boolean {
  return error instanceof SessionStoreError && error.sqlState === UNIQUE_VIOLATION;
}

function countOf([row]: readonly { readonly count: number }[]): number {
  return row?.count ?? 0;
}

/** Runs batches until one is not full; how many rows they had together. */
async function untilLess(
  size: number,
  runBatch: () => Promise<readonly { readonly count: number }[]>,
): Promise<number> {
  let total = 0;
  for (;;) {
    const count = countOf(await runBatch());
    total += count;
    if (count < size) return total;
  }
}
