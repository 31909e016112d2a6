/** What a store is given to close the game. */
export interface NewMaintenance {
  /** Who has one of these may sign in. */
  readonly admittedRoles: readonly string[];
  readonly message: string;
  readonly expectedEnd: Date | null;
  /** Whether sessions of users with other roles, or of no user, end: with the reason `maintenance`. */
  readonly endsSessions: boolean;
  readonly actorId: string | null;
}

/** The game is closed, but for some roles. */
export interface Maintenance extends Omit<NewMaintenance, 'endsSessions'> {
  readonly since: Date;
}

/** The same, as a store finds it. */
export interface MaintenanceRecord {
  readonly maintenance: Maintenance;
  /** The store's time of this read. */
  readonly readAt: Date;
}

/**
 * PORT. Whether the game is closed: for a store that looks at it in `createSession`. Every method is
 * one atomic operation, but for the end of sessions, and `SessionStoreError` alone escapes.
 *
 * `describeMaintenanceStore` from `mud-auth/testing` checks all this of an implementation.
 */
export interface MaintenanceStore {
  /**
   * Closes the game to all roles but some, in place of a maintenance that there was. No sign-in of
   * another role succeeds after it. Then ends the sessions of the others, if that is wanted; how
   * many live ones there were.
   */
  startMaintenance(maintenance: NewMaintenance): Promise<number>;

  /** Opens the game to all; whether it was closed. */
  endMaintenance(): Promise<boolean>;

  /** Why the game is closed; `null` if it is open. */
  findMaintenance(): Promise<MaintenanceRecord | null>;
}
