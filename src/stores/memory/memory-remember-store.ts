import { SessionStoreError } from '../../errors.ts';
import { endingWith, isWithinGrace } from '../../remember/remember-family.ts';
import type {
  FamilyEnd,
  NewRememberFamily,
  RedeemOutcome,
  Redemption,
  RememberFamily,
  RememberRecord,
  RememberStore,
} from '../../remember/remember-store.ts';
import type { EndingCause } from '../../session/ending.ts';
import { copyOfFamily, keyOf } from './family-table.ts';
import { databaseOf, type MemoryDatabase } from './memory-database.ts';
import type { MemorySessionStore } from './memory-session-store.ts';

/** Remembered clients, of the sessions in a `MemorySessionStore`, for `RememberService`. */
export class MemoryRememberStore implements RememberStore {
  readonly #database: MemoryDatabase;

  /** @throws TypeError if `store` is no `MemorySessionStore`. */
  constructor(store: MemorySessionStore) {
    this.#database = databaseOf(store);
  }

  async startFamily(family: NewRememberFamily): Promise<RememberFamily | null> {
    const { clock, families, maxFamilies, table } = this.#database;
    const now = clock.now();
    const row = table.findLive(family.sessionId, now);
    if (row === null) return null;
    if (families.size >= maxFamilies) {
      throw new SessionStoreError(`The memory store is full: it remembers ${maxFamilies} clients.`, {
        retryable: true,
        outcome: 'not-applied',
      });
    }

    row.familyId = family.id;

    return copyOfFamily(families.insert(family, row.session, now).family);
  }

  async findToken(familyId: string, secretHash: Uint8Array): Promise<RememberRecord | null> {
    const readAt = this.#database.clock.now();
    const row = this.#database.families.findLive(familyId, readAt);
    const usedAt = row?.usedAtByHash.get(keyOf(secretHash));
    if (row === null || usedAt === undefined) return null;

    return { family: copyOfFamily(row.family), usedAt: usedAt && new Date(usedAt), readAt };
  }

  async redeemToken(redemption: Redemption): Promise<RedeemOutcome> {
    const now = this.#database.clock.now();
    const row = this.#database.families.findLive(redemption.familyId, now);
    const [hash, successor] = [keyOf(redemption.secretHash), keyOf(redemption.successorHash)];
    const usedAt = row?.usedAtByHash.get(hash);
    const session = this.#database.table.findLive(redemption.sessionId, now);
    if (row === null || usedAt === undefined || session === null) return 'unknown';
    if (usedAt !== null && !isWithinGrace(usedAt, redemption.graceMs, now)) return 'reused';
    if (usedAt !== null && !row.usedAtByHash.has(successor)) return 'unknown';

    session.familyId = row.family.id;
    session.session = endingWith(row.family, session.session);
    if (usedAt !== null) return 'repeated';

    row.usedAtByHash.set(hash, now).set(successor, null);
    row.family = { ...row.family, lastUsedAt: now };

    return 'rotated';
  }

  async endFamily(familyId: string, cause: EndingCause): Promise<FamilyEnd> {
    const { clock, families, table } = this.#database;
    const now = clock.now();
    const row = families.findLive(familyId, now);
    if (row === null) return { wasLive: false, endings: [] };

    families.delete(familyId);
    const sessions = table.liveOfUser(row.family.userId, now).filter((each) => each.familyId === familyId);

    return { wasLive: true, endings: sessions.map((session) => table.end(session, cause, now)) };
  }
}
