import { type Ending, type EndingCause, FORGETTING_REASONS } from '../../session/ending.ts';
import type { EndingRecord, SessionLink } from '../../session/session-store.ts';
import { isExpired, type Session } from '../../session/session.ts';
import { EndingLog } from './ending-log.ts';
import type { FamilyTable } from './family-table.ts';
import { ShardedMap } from './sharded-map.ts';

const EXPIRED: EndingCause = { reason: 'expired', actorId: null };

/** One session with what its token is recognised by. */
export interface Row {
  session: Session;
  secretHash: Uint8Array;
  link: SessionLink | null;
  isHidden: boolean;
  /** The family of remember tokens that it hangs on. */
  familyId: string | null;
}

/**
 * The rows of the living, with their indexes. All of it is synchronous. Whoever looks for live rows
 * ends the expired ones that he meets, so that what he is given is live and stays so this turn.
 */
export class SessionTable {
  readonly #rows = new ShardedMap<Row>();
  /** A set only where a user has several: for one id it would take as much room as the rest of the row. */
  readonly #idsByUser = new ShardedMap<string | Set<string>>();
  readonly #idsByCharacter = new ShardedMap<string>();
  readonly #endings: EndingLog;
  readonly #families: FamilyTable;
  #sweeper: Iterator<Row> = this.#rows.values();

  constructor(maxEndings: number, families: FamilyTable) {
    this.#families = families;
    this.#endings = new EndingLog(maxEndings);
  }

  get size(): number {
    return this.#rows.size;
  }

  /** The row with this id, expired or not. */
  find(sessionId: string): Row | null {
    return this.#rows.get(sessionId) ?? null;
  }

  findEnding(sessionId: string, now: Date): EndingRecord | null {
    return this.#endings.find(sessionId, now);
  }

  findLive(sessionId: string | undefined, now: Date): Row | null {
    const row = sessionId === undefined ? undefined : this.#rows.get(sessionId);
    if (row === undefined || this.expire(row, now) !== null) return null;

    return row;
  }

  liveOfUser(userId: string, now: Date): Row[] {
    const ids = this.#idsByUser.get(userId) ?? [];

    return this.#liveOf(typeof ids === 'string' ? [ids] : ids, now);
  }

  liveOfCharacter(characterId: string, now: Date): Row | null {
    return this.findLive(this.#idsByCharacter.get(characterId), now);
  }

  /** All rows, expired or not; rows may come and go while the caller walks. */
  all(): Iterable<Row> {
    return this.#rows.values();
  }

  /** The live rows that hold a character. */
  liveInPlay(now: Date): Row[] {
    return this.#liveOf(this.#idsByCharacter.values(), now);
  }

  insert(row: Row): void {
    const { id, userId } = row.session;
    const ids = this.#idsByUser.get(userId);

    this.#rows.set(id, row);
    if (ids === undefined) this.#idsByUser.set(userId, id);
    else if (typeof ids === 'string') this.#idsByUser.set(userId, new Set([ids, id]));
    else ids.add(id);
  }

  /** Binds a character, or none, in place of the one that the row had. */
  bind(row: Row, characterId: string | null): void {
    const { id, characterId: former } = row.session;

    if (former !== null) this.#idsByCharacter.delete(former);
    if (characterId !== null) this.#idsByCharacter.set(characterId, id);
    row.session = { ...row.session, characterId };
  }

  /** Takes the character from a row, and the link of one that waited for its player with it. */
  takeCharacter(row: Row): void {
    this.bind(row, null);
    if (row.link?.linkDeadSince) row.link = null;
  }

  end(row: Row, cause: EndingCause, now: Date): Ending {
    const { id, userId, characterId } = row.session;
    const { familyId } = row;
    const ids = this.#idsByUser.get(userId);

    this.#rows.delete(id);
    if (characterId !== null) this.#idsByCharacter.delete(characterId);
    if (typeof ids === 'object') ids.delete(id);
    if (ids === id || (typeof ids === 'object' && ids.size === 0)) this.#idsByUser.delete(userId);
    if (familyId !== null && FORGETTING_REASONS.includes(cause.reason)) this.#families.delete(familyId);
    this.#endings.add(row.session, row.secretHash, cause, now);

    return { sessionId: id, userId, reason: cause.reason, actorId: cause.actorId, endedAt: new Date(now) };
  }

  /** Ends the row if it has expired. */
  expire(row: Row, now: Date): Ending | null {
    return isExpired(row.session, now) ? this.end(row, EXPIRED, now) : null;
  }

  /** Looks at the next so many rows, round and round, and ends the expired ones. */
  sweep(steps: number, now: Date): void {
    // One step more than there are rows: one may fall to the turn.
    for (let left = Math.min(steps, this.#rows.size + 1); left > 0; left -= 1) {
      const next = this.#sweeper.next();
      if (next.done === true) this.#sweeper = this.#rows.values();
      else this.expire(next.value, now);
    }
  }

  /** Looks at so many of the oldest endings at most; whether no other is to be forgotten. */
  forgetOldEndings(now: Date, steps: number): boolean {
    return this.#endings.forgetOld(now, steps);
  }

  #liveOf(ids: Iterable<string>, now: Date): Row[] {
    return Array.from(ids, (id) => this.findLive(id, now)).filter((row) => row !== null);
  }
}

/** For a caller to keep, or to change. */
export function copyOfLink({ nodeId, linkDeadSince }: SessionLink): SessionLink {
  return { nodeId, linkDeadSince: linkDeadSince && new Date(linkDeadSince) };
}
