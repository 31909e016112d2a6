import type {
  LinkOutcome,
  LinkStore,
  NodeLease,
  PresentCharacter,
  SessionLinking,
  UnlinkOutcome,
} from '../../live/link-store.ts';
import type { SessionLink } from '../../session/session-store.ts';
import { isActiveWithin } from '../../session/session.ts';
import { databaseOf, type MemoryDatabase } from './memory-database.ts';
import type { MemorySessionStore } from './memory-session-store.ts';
import { copyOfLink, type Row } from './session-table.ts';

/** Nodes, and the links of the sessions in a `MemorySessionStore`, for `LiveSessions`. */
export class MemoryLinkStore implements LinkStore {
  readonly #database: MemoryDatabase;

  /** @throws TypeError if `store` is no `MemorySessionStore`. */
  constructor(store: MemorySessionStore) {
    this.#database = databaseOf(store);
  }

  async listPresentCharacters(
    worldId: string | null,
    activeWithinMs: number,
  ): Promise<readonly PresentCharacter[]> {
    const now = this.#database.clock.now();
    const there = this.#database.table
      .liveInPlay(now)
      .filter(({ session, link }) => link !== null || isActiveWithin(session, activeWithinMs, now));
    const presences = there.map(({ session, link, isHidden }) => {
      const idleMs = now.getTime() - session.lastActiveAt.getTime();
      return [session.id, { idleMs, isLinkDead: this.#isLinkDead(link, now), isHidden }] as const;
    });

    return this.#database.directory.presentCharactersIn(
      worldId,
      there.map(({ session }) => session),
      new Map(presences),
    );
  }

  async hideSession(sessionId: string, isHidden: boolean): Promise<boolean> {
    const row = this.#database.table.findLive(sessionId, this.#database.clock.now());
    if (row !== null) row.isHidden = isHidden;

    return row !== null;
  }

  async keepNode(node: NodeLease): Promise<void> {
    this.#database.nodes.keep(node, this.#database.clock.now());
  }

  async endNode(nodeId: string): Promise<void> {
    this.#database.nodes.end(nodeId);
  }

  async linkSession({ sessionId, nodeId }: SessionLinking): Promise<LinkOutcome> {
    const row = this.#database.table.findLive(sessionId, this.#database.clock.now());
    if (row === null) return { outcome: 'ended' };

    const former = row.link && copyOfLink(row.link);
    row.link = { nodeId, linkDeadSince: null };
    this.#database.linkedIds.add(sessionId);

    return { outcome: 'linked', former };
  }

  async unlinkSession({ sessionId, nodeId }: SessionLinking): Promise<UnlinkOutcome> {
    const now = this.#database.clock.now();
    const row = this.#database.table.findLive(sessionId, now);
    if (row === null || row.link?.nodeId !== nodeId) return 'not_linked';

    row.link = waiting(row, nodeId, row.link.linkDeadSince ?? now);

    return row.link === null ? 'unlinked' : 'link_dead';
  }

  async dropLinkDead({ sessionId, nodeId }: SessionLinking, graceMs: number): Promise<boolean> {
    const now = this.#database.clock.now();
    const row = this.#database.table.findLive(sessionId, now);
    const since = row?.link?.nodeId === nodeId ? row.link.linkDeadSince : null;
    if (row === null || since === null || now.getTime() - since.getTime() < graceMs) return false;

    this.#database.table.takeCharacter(row);

    return true;
  }

  async adoptSessions(nodeId: string): Promise<number> {
    const now = this.#database.clock.now();
    const lost = this.#database.nodes.takeLost(nodeId, now);
    if (lost.size === 0) return 0;

    const adopted = this.#linkedRows(now).filter(({ link }) => link !== null && lost.has(link.nodeId));
    for (const row of adopted) row.link = waiting(row, nodeId, now);

    return adopted.length;
  }

  async listLinkedSessions(nodeId: string): Promise<readonly string[]> {
    return this.#linkedRows(this.#database.clock.now())
      .filter(({ link }) => link?.nodeId === nodeId)
      .map(({ session }) => session.id);
  }

  #linkedRows(now: Date): Row[] {
    return Array.from(this.#database.linkedIds, (id) => {
      const row = this.#database.table.findLive(id, now);
      if (row !== null && row.link !== null) return row;

      this.#database.linkedIds.delete(id);
      return null;
    }).filter((row) => row !== null);
  }

  #isLinkDead(link: SessionLink | null, now: Date): boolean {
    return link !== null && (link.linkDeadSince !== null || !this.#database.nodes.isLive(link.nodeId, now));
  }
}

/** Without a character there is nothing to wait for. */
function waiting({ session }: Row, nodeId: string, linkDeadSince: Date): SessionLink | null {
  return session.characterId === null ? null : { nodeId, linkDeadSince };
}
