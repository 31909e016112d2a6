import { isFamilyOver } from '../../remember/remember-family.ts';
import type { NewRememberFamily, RememberFamily } from '../../remember/remember-store.ts';
import type { Session } from '../../session/session.ts';

/** One family: its tokens by the hash of their secrets, and when each was used. */
export interface FamilyRow {
  family: RememberFamily;
  readonly usedAtByHash: Map<string, Date | null>;
}

/** The families of remember tokens that are live, and some that are not any more. All of it is synchronous. */
export class FamilyTable {
  readonly #rows = new Map<string, FamilyRow>();
  readonly #idsByUser = new Map<string, Set<string>>();

  get size(): number {
    return this.#rows.size;
  }

  findLive(familyId: string, now: Date): FamilyRow | null {
    const row = this.#rows.get(familyId);
    if (row === undefined) return null;
    if (!isFamilyOver(row.family, now)) return row;

    this.delete(familyId);
    return null;
  }

  insert(
    { id, secretHash, idleTimeoutMs, absoluteTimeoutMs }: NewRememberFamily,
    session: Session,
    now: Date,
  ): FamilyRow {
    const { userId, clientType } = session;
    const absoluteExpiresAt = new Date(now.getTime() + absoluteTimeoutMs);
    const family = {
      id,
      userId,
      clientType,
      createdAt: now,
      lastUsedAt: now,
      idleTimeoutMs,
      absoluteExpiresAt,
    };
    const row = { family, usedAtByHash: new Map([[keyOf(secretHash), null]]) };
    const ids = this.#idsByUser.get(userId) ?? new Set();

    this.#rows.set(id, row);
    this.#idsByUser.set(userId, ids.add(id));

    return row;
  }

  delete(familyId: string): void {
    const userId = this.#rows.get(familyId)?.family.userId;
    if (userId === undefined) return;

    const ids = this.#idsByUser.get(userId);
    ids?.delete(familyId);
    if (ids?.size === 0) this.#idsByUser.delete(userId);
    this.#rows.delete(familyId);
  }

  /** Deletes all families of a user, but for one that may be kept. */
  deleteOfUser(userId: string, keptId: string | null): void {
    for (const id of this.#idsByUser.get(userId) ?? []) if (id !== keptId) this.delete(id);
  }

  deleteAll(): void {
    this.#rows.clear();
    this.#idsByUser.clear();
  }

  /** The ids of all families; they may come and go while the caller walks. */
  ids(): Iterable<string> {
    return this.#rows.keys();
  }
}

/** A hash as a key. */
export function keyOf(secretHash: Uint8Array): string {
  return Buffer.from(secretHash).toString('latin1');
}

/** For a caller to keep, or to change. */
export function copyOfFamily(family: RememberFamily): RememberFamily {
  return {
    ...family,
    createdAt: new Date(family.createdAt),
    lastUsedAt: new Date(family.lastUsedAt),
    absoluteExpiresAt: new Date(family.absoluteExpiresAt),
  };
}
