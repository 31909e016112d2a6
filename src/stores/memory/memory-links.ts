import type { Clock } from '../../clock.ts';
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
import type { DirectoryReader } from '../directory-reader.ts';
import { NodeTable } from './node-table.ts';
import type { Row, SessionTable } from './session-table.ts';

/** The links of the sessions in a table. */
export class MemoryLinks implements LinkStore {
  readonly #table: SessionTable;
  readonly #clock: Clock;
  readonly #directory: DirectoryReader;
  readonly #nodes = new NodeTable();
  /** The ids of sessions that have a link, and of some that had one. */
  readonly #linkedIds = new Set<string>();

  constructor(table: SessionTable, clock: Clock, directory: DirectoryReader) {
    this.#table = table;
    this.#clock = clock;
    this.#directory = directory;
  }

  async listPresentCharacters(
    worldId: string | null,
    activeWithinMs: number,
  ): Promise<readonly PresentCharacter[]> {
    const now = this.#clock.now();
    const there = this.#table
      .liveInPlay(now)
      .filter(({ session, link }) => link !== null || isActiveWithin(session, activeWithinMs, now));
    const presences = there.map(({ session, link, isHidden }) => {
      const idleMs = now.getTime() - session.lastActiveAt.getTime();
      return [session.id, { idleMs, isLinkDead: this.#isLinkDead(link, now), isHidden }] as const;
    });

    return this.#directory.presentCharactersIn(
      worldId,
      there.map(({ session }) => session),
      new Map(presences),
    );
  }

  async hideSession(sessionId: string, isHidden: boolean): Promise<boolean> {
    const row = this.#table.findLive(sessionId, this.#clock.now());
    if (row !== null) row.isHidden = isHidden;

    return row !== null;
  }

  async keepNode(node: NodeLease): Promise<void> {
    this.#nodes.keep(node, this.#clock.now());
  }

  async endNode(nodeId: string): Promise<void> {
    this.#nodes.end(nodeId);
  }

  async linkSession({ sessionId, nodeId }: SessionLinking): Promise<LinkOutcome> {
    const row = this.#table.findLive(sessionId, this.#clock.now());
    if (row === null) return { outcome: 'ended' };

    const former = row.link && copyOfLink(row.link);
    row.link = { nodeId, linkDeadSince: null };
    this.#linkedIds.add(sessionId);

    return { outcome: 'linked', former };
  }

  async unlinkSession({ sessionId, nodeId }: SessionLinking): Promise<UnlinkOutcome> {
    const now = this.#clock.now();
    const row = this.#table.findLive(sessionId, now);
    if (row === null || row.link?.nodeId !== nodeId) return 'not_linked';

    row.link = waiting(row, nodeId, row.link.linkDeadSince ?? now);

    return row.link === null ? 'unlinked' : 'link_dead';
  }

  async dropLinkDead({ sessionId, nodeId }: SessionLinking, graceMs: number): Promise<boolean> {
    const now = this.#clock.now();
    const row = this.#table.findLive(sessionId, now);
    const since = row?.link?.nodeId === nodeId ? row.link.linkDeadSince : null;
    if (row === null || since === null || now.getTime() - since.getTime() < graceMs) return false;

    this.#table.takeCharacter(row);

    return true;
  }

  async adoptSessions(nodeId: string): Promise<number> {
    const now = this.#clock.now();
    const lost = this.#nodes.takeLost(nodeId, now);
    if (lost.size === 0) return 0;

    const adopted = this.#linkedRows(now).filter(({ link }) => link !== null && lost.has(link.nodeId));
    for (const row of adopted) row.link = waiting(row, nodeId, now);

    return adopted.length;
  }

  async listLinkedSessions(nodeId: string): Promise<readonly string[]> {
    return this.#linkedRows(this.#clock.now())
      .filter(({ link }) => link?.nodeId === nodeId)
      .map(({ session }) => session.id);
  }

  #linkedRows(now: Date): Row[] {
    return Array.from(this.#linkedIds, (id) => {
      const row = this.#table.findLive(id, now);
      if (row !== null && row.link !== null) return row;

      this.#linkedIds.delete(id);
      return null;
    }).filter((row) => row !== null);
  }

  #isLinkDead(link: SessionLink | null, now: Date): boolean {
    return link !== null && (link.linkDeadSince !== null || !this.#nodes.isLive(link.nodeId, now));
  }
}

/** For a caller to keep, or to change. */
export function copyOfLink({ nodeId, linkDeadSince }: SessionLink): SessionLink {
  return { nodeId, linkDeadSince: linkDeadSince && new Date(linkDeadSince) };
}

/** Without a character there is nothing to wait for. */
function waiting({ session }: Row, nodeId: string, linkDeadSince: Date): SessionLink | null {
  return session.characterId === null ? null : { nodeId, linkDeadSince };
}
