import type pg from 'pg';

/** What a peer is given to work on: a database with the host's tables, and the size of the run. */
export interface World {
  /** A pool of ten connections of the peer's own. Its password, host and so on are those of `url`. */
  readonly pool: pg.Pool;
  readonly url: string;
  /** So many users, characters and live sessions: number `n` of each belongs together, from 1 on. */
  readonly size: number;
}

/** One way of keeping sessions, as its own documentation says to use it. */
export interface Peer {
  readonly name: string;
  /** What it does, in the words of the result page. */
  readonly summary: string;
  /** Whether a check of a session asks the database. */
  readonly readsDatabase: boolean;
  /** Makes its tables, and one live session for each user, by SQL alone. */
  seed(world: World): Promise<void>;
  /** Changes the role of user `n` in the peer's records, as an administrator would; nothing where it keeps none. */
  setRole(pool: pg.Pool, n: number, role: string): Promise<void>;
  /** Opens it on a world that was seeded. */
  open(world: World): Promise<OpenPeer>;
}

export interface OpenPeer {
  /** Checks session number `n`, from what its client holds; the username it is of, or null if it is refused. */
  check(n: number): Promise<string | null>;
  /** Checks a credential of the right shape that nobody was given. */
  checkUnknown(): Promise<string | null>;
  /** Makes session number `n` run out, in the way in which time would. */
  expire(n: number): Promise<void>;
  /** Ends session number `n`, as another process would; null where it cannot be done. */
  readonly revoke: ((n: number) => Promise<void>) | null;
  /** The role that a check of session number `n` goes by; null where it gives none. */
  readonly roleOf: ((n: number) => Promise<string | null>) | null;
  close(): Promise<void>;
}
