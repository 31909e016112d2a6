import type { ActiveCharacter, SessionLink } from '../session/session-store.ts';

/** A session, and a node that has connections of it, or had. */
export interface SessionLinking {
  readonly sessionId: string;
  /** A UUID. */
  readonly nodeId: string;
}

/** What became of a `linkSession`. */
export type LinkOutcome =
  /** Until this moment the link was `former`. */
  | { readonly outcome: 'linked'; readonly former: SessionLink | null }
  /** There is no live session with this id. Nothing was written. */
  | { readonly outcome: 'ended' };

/**
 * What became of an `unlinkSession`: the session waits for its player (`link_dead`), or had no
 * character to keep (`unlinked`), or is not this node's to unlink (`not_linked`).
 */
export type UnlinkOutcome = 'link_dead' | 'unlinked' | 'not_linked';

/** What a node says of itself. */
export interface NodeLease {
  /** A UUID, fresh at each start. */
  readonly id: string;
  /** For people to read. */
  readonly name: string;
  /** Unless it says so again within this time, the node is taken for dead. In milliseconds. */
  readonly leaseMs: number;
}

/** A character that is there, for others to see. */
export interface PresentCharacter extends ActiveCharacter {
  /** How long ago its player did something, by the store's clock, in milliseconds. */
  readonly idleMs: number;
  /** Whether the player has lost his connection. */
  readonly isLinkDead: boolean;
  /** Whether the player wishes not to be seen by those below him. */
  readonly isHidden: boolean;
}

/**
 * PORT. Which node has the connections of each session: for a store that keeps them with its
 * sessions. Every method is one atomic operation, and what holds for a `SessionStore` holds here
 * too: what has ended is absent, the store is the clock, and `SessionStoreError` alone escapes. All
 * methods may be called again to the same effect.
 *
 * `describeLinkStore` from `mud-auth/testing` checks all this of an implementation.
 */
export interface LinkStore {
  /**
   * The characters that are there, in one world or (`null`) in all: in play as for
   * `listActiveCharacters`, but by the link of the session, if it has one, whatever its activity. A
   * session is link-dead if its link says so, or if the lease of the node is over. In no particular
   * order.
   */
  listPresentCharacters(worldId: string | null, activeWithinMs: number): Promise<readonly PresentCharacter[]>;

  /** Hides a live session from those below its user, or shows it again; whether it lives. */
  hideSession(sessionId: string, isHidden: boolean): Promise<boolean>;

  /**
   * Begins the lease of a node, or prolongs it from now on. Nodes whose leases have been over for a
   * day, and of whom no session speaks, may be forgotten.
   */
  keepNode(node: NodeLease): Promise<void>;

  /** Ends the lease of a node. Its sessions are then free to be adopted. */
  endNode(nodeId: string): Promise<void>;

  /** Says that a node has connections of a live session, whoever had them before. */
  linkSession(linking: SessionLinking): Promise<LinkOutcome>;

  /**
   * Says that a node has no connection of a live session any more. A session with a character
   * becomes link-dead, in the care of the node; one that was so already stays as it is.
   */
  unlinkSession(linking: SessionLinking): Promise<UnlinkOutcome>;

  /**
   * Takes the character and the link from a live session that has been link-dead for so long, in the
   * care of this node; whether it was. The session lives on.
   */
  dropLinkDead(linking: SessionLinking, graceMs: number): Promise<boolean>;

  /**
   * Gives a node the sessions of those nodes whose leases are over. Those with a character are
   * link-dead as of now; the others lose their link. Works in short steps; of two nodes at once,
   * each session goes to one. How many sessions that were.
   */
  adoptSessions(nodeId: string): Promise<number>;

  /**
   * The ids of the live sessions whose link is this node's, link-dead or not, in no particular order:
   * for the node to see what it has lost sight of.
   */
  listLinkedSessions(nodeId: string): Promise<readonly string[]>;
}
