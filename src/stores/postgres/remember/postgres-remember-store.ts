import { SessionStoreError } from '../../../errors.ts';
import type {
  FamilyEnd,
  NewRememberFamily,
  RedeemOutcome,
  Redemption,
  RememberFamily,
  RememberRecord,
  RememberStore,
} from '../../../remember/remember-store.ts';
import type { EndingCause } from '../../../session/ending.ts';
import { isSessionId } from '../../../token.ts';
import { databaseOf, type PostgresDatabase } from '../postgres-database.ts';
import type { PostgresSessionStore } from '../postgres-session-store.ts';
import { paramsOf } from '../statements/ending-statements.ts';
import { toEnding, toTime } from '../statements/rows.ts';
import { type RememberStatements, rememberStatements, toFamily } from './remember-statements.ts';

/** How often others may be quicker: each time the token is nearer to having been used. */
const MAX_TRIES = 10;

/** Remembered clients, of the sessions in a `PostgresSessionStore`, for `RememberService`. */
export class PostgresRememberStore implements RememberStore {
  readonly #database: PostgresDatabase;
  readonly #statements: RememberStatements;

  /** @throws TypeError if `store` is no `PostgresSessionStore`. Nothing is asked of the database yet. */
  constructor(store: PostgresSessionStore) {
    this.#database = databaseOf(store);
    this.#statements = rememberStatements(this.#database.schema);
  }

  async startFamily(family: NewRememberFamily): Promise<RememberFamily | null> {
    if (!isSessionId(family.sessionId)) return null;
    const [row] = await this.#database.run(this.#statements.startFamily, {
      family: family.id,
      session: family.sessionId,
      hash: family.secretHash,
      idle: family.idleTimeoutMs,
      absolute: family.absoluteTimeoutMs,
    });

    return row === undefined ? null : toFamily(row);
  }

  async findToken(familyId: string, hash: Uint8Array): Promise<RememberRecord | null> {
    if (!isSessionId(familyId)) return null;
    const [row] = await this.#database.run(this.#statements.findToken, { family: familyId, hash });
    if (row === undefined) return null;

    return {
      family: toFamily(row),
      usedAt: row.used_at === null ? null : toTime(row.used_at),
      readAt: toTime(row.read_at),
    };
  }

  async redeemToken(redemption: Redemption): Promise<RedeemOutcome> {
    const { familyId, sessionId, secretHash, successorHash, graceMs } = redemption;
    if (!isSessionId(familyId) || !isSessionId(sessionId)) return 'unknown';
    const params = {
      family: familyId,
      session: sessionId,
      hash: secretHash,
      successor: successorHash,
      grace: graceMs,
    };

    for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
      const [row] = await this.#database.run(this.#statements.redeemToken, params);
      if (row === undefined || !row.known) return 'unknown';
      if (row.rotated) return 'rotated';
      if (row.repeated) return 'repeated';
      if (row.used) return row.in_grace ? 'unknown' : 'reused';
    }

    throw new SessionStoreError('The token changed at every look.', {
      retryable: true,
      outcome: 'not-applied',
    });
  }

  async endFamily(familyId: string, cause: EndingCause): Promise<FamilyEnd> {
    if (!isSessionId(familyId)) return { wasLive: false, endings: [] };
    await this.#database.ready();

    return this.#database.connections.transaction(async (transaction) => {
      const locked = await transaction.run(this.#statements.lockFamily, {
        family: familyId,
        patienceMs: this.#database.connections.patienceMs,
      });
      if (locked.length === 0) return { wasLive: false, endings: [] };
      const params = { family: familyId, ...paramsOf(cause) };
      const rows = await transaction.run(this.#statements.endFamily, params);

      return { wasLive: true, endings: rows.map(toEnding) };
    });
  }
}
