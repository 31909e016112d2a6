import type { Clock } from '../../clock.ts';
import type { Maintenance, MaintenanceRecord } from '../../maintenance/maintenance-store.ts';
import type { DirectoryReader } from '../directory-reader.ts';
import { NodeTable } from './node-table.ts';
import { FamilyTable } from './family-table.ts';
import { SessionTable } from './session-table.ts';

/** What the stores of all ports have in common. */
export class MemoryDatabase {
  readonly table: SessionTable;
  readonly clock: Clock;
  readonly directory: DirectoryReader;
  readonly families: FamilyTable = new FamilyTable();
  readonly maxFamilies: number;
  readonly nodes: NodeTable = new NodeTable();
  /** The ids of sessions that have a link, and of some that had one. */
  readonly linkedIds: Set<string> = new Set();
  /** Why the game is closed, if it is. */
  maintenance: Maintenance | null = null;

  constructor(maxSessions: number, clock: Clock, directory: DirectoryReader) {
    this.maxFamilies = maxSessions;
    this.table = new SessionTable(maxSessions, this.families);
    this.clock = clock;
    this.directory = directory;
  }

  findMaintenance(): MaintenanceRecord | null {
    return this.maintenance && { maintenance: copyOf(this.maintenance), readAt: this.clock.now() };
  }
}

/** For a caller to keep, or to change. */
export function copyOf(maintenance: Maintenance): Maintenance {
  const { admittedRoles, expectedEnd, since } = maintenance;

  return {
    ...maintenance,
    admittedRoles: [...admittedRoles],
    expectedEnd: expectedEnd && new Date(expectedEnd),
    since: new Date(since),
  };
}

const databases = new WeakMap<object, MemoryDatabase>();

/** Lets stores of other ports stand on the database of this one. */
export function share(store: object, database: MemoryDatabase): void {
  databases.set(store, database);
}

/** @throws TypeError if it is not a `MemorySessionStore`. */
export function databaseOf(store: object): MemoryDatabase {
  const database = databases.get(Object(store));
  if (database === undefined) throw new TypeError('Give it the MemorySessionStore that it belongs to.');

  return database;
}
