import type {
  LinkOutcome,
  LinkStore,
  NodeLease,
  PresentCharacter,
  SessionLinking,
  UnlinkOutcome,
} from '../../../live/link-store.ts';
import { isSessionId } from '../../../token.ts';
import { databaseOf, type PostgresDatabase } from '../postgres-database.ts';
import type { PostgresSessionStore } from '../postgres-session-store.ts';
import { type PresentPeople, presentPeopleOf } from './present-people.ts';
import { formerLinkOf, type LinkStatements, linkStatements } from './link-statements.ts';

/** So many change hands in one statement. */
const ADOPTION_STEP = 500;

/** Nodes, and the links of the sessions in a `PostgresSessionStore`, for `LiveSessions`. */
export class PostgresLinkStore implements LinkStore {
  readonly #database: PostgresDatabase;
  readonly #people: PresentPeople;
  readonly #statements: LinkStatements;

  /** @throws TypeError if `store` is no `PostgresSessionStore`. Nothing is asked of the database yet. */
  constructor(store: PostgresSessionStore) {
    this.#database = databaseOf(store);
    this.#people = presentPeopleOf(this.#database);
    this.#statements = linkStatements(this.#database.schema);
  }

  listPresentCharacters(
    worldId: string | null,
    activeWithinMs: number,
  ): Promise<readonly PresentCharacter[]> {
    return this.#people.listPresentCharacters(worldId, activeWithinMs);
  }

  async hideSession(sessionId: string, isHidden: boolean): Promise<boolean> {
    if (!isSessionId(sessionId)) return false;
    const params = { id: sessionId, hidden: String(isHidden) };

    return (await this.#database.run(this.#statements.hideSession, params)).length > 0;
  }

  async keepNode({ id, name, leaseMs }: NodeLease): Promise<void> {
    await this.#database.run(this.#statements.keepNode, { node: id, name, lease: leaseMs });
  }

  async endNode(nodeId: string): Promise<void> {
    await this.#database.run(this.#statements.endNode, { node: nodeId });
  }

  async linkSession({ sessionId, nodeId }: SessionLinking): Promise<LinkOutcome> {
    if (!isSessionId(sessionId)) return { outcome: 'ended' };
    const [row] = await this.#database.run(this.#statements.linkSession, { id: sessionId, node: nodeId });

    return row === undefined ? { outcome: 'ended' } : { outcome: 'linked', former: formerLinkOf(row) };
  }

  async unlinkSession({ sessionId, nodeId }: SessionLinking): Promise<UnlinkOutcome> {
    if (!isSessionId(sessionId)) return 'not_linked';
    const [row] = await this.#database.run(this.#statements.unlinkSession, { id: sessionId, node: nodeId });
    if (row === undefined) return 'not_linked';

    return row.is_link_dead ? 'link_dead' : 'unlinked';
  }

  async dropLinkDead({ sessionId, nodeId }: SessionLinking, graceMs: number): Promise<boolean> {
    if (!isSessionId(sessionId)) return false;
    const params = { id: sessionId, node: nodeId, grace: graceMs };

    return (await this.#database.run(this.#statements.dropLinkDead, params)).length > 0;
  }

  async adoptSessions(nodeId: string): Promise<number> {
    let adopted = 0;
    for (;;) {
      const params = { node: nodeId, size: ADOPTION_STEP };
      const { length } = await this.#database.run(this.#statements.adoptSessions, params);
      adopted += length;
      if (length < ADOPTION_STEP) return adopted;
    }
  }

  async listLinkedSessions(nodeId: string): Promise<readonly string[]> {
    const rows = await this.#database.run(this.#statements.listLinked, { node: nodeId });

    return rows.map(({ id }) => id);
  }
}
