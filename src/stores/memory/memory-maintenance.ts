import type { Clock } from '../../clock.ts';
import type {
  Maintenance,
  MaintenanceRecord,
  MaintenanceStore,
  NewMaintenance,
} from '../../maintenance/maintenance-store.ts';
import type { DirectoryReader } from '../directory-reader.ts';
import { asHalfDone } from '../half-done.ts';
import type { SessionTable } from './session-table.ts';

/** Whether the game is closed, for the sessions in a table. */
export class MemoryMaintenance implements MaintenanceStore {
  readonly #table: SessionTable;
  readonly #clock: Clock;
  readonly #directory: DirectoryReader;
  #maintenance: Maintenance | null = null;

  constructor(table: SessionTable, clock: Clock, directory: DirectoryReader) {
    this.#table = table;
    this.#clock = clock;
    this.#directory = directory;
  }

  /** Why the game is closed to a role, without awaiting anything; `null` if it is not. */
  closedTo(role: string): MaintenanceRecord | null {
    return this.#maintenance?.admittedRoles.includes(role) === false ? this.#record() : null;
  }

  async startMaintenance({ endsSessions, ...maintenance }: NewMaintenance): Promise<number> {
    const { admittedRoles, actorId } = maintenance;
    this.#maintenance = copyOf({ ...maintenance, since: this.#clock.now() });
    if (!endsSessions) return 0;

    const outsiders = await this.#listOutsiders(admittedRoles);
    const now = this.#clock.now();
    const rows = outsiders.flatMap((userId) => this.#table.liveOfUser(userId, now));
    for (const row of rows) this.#table.end(row, { reason: 'maintenance', actorId }, now);

    return rows.length;
  }

  async endMaintenance(): Promise<boolean> {
    const wasClosed = this.#maintenance !== null;
    this.#maintenance = null;

    return wasClosed;
  }

  async findMaintenance(): Promise<MaintenanceRecord | null> {
    return this.#record();
  }

  async #listOutsiders(admittedRoles: readonly string[]): Promise<readonly string[]> {
    const userIds = new Set(Array.from(this.#table.all(), ({ session }) => session.userId));
    try {
      return await this.#directory.usersWithOtherRoles(userIds, admittedRoles);
    } catch (error) {
      throw asHalfDone(error); // the game is closed, whatever became of the rest
    }
  }

  #record(): MaintenanceRecord | null {
    if (this.#maintenance === null) return null;

    return { maintenance: copyOf(this.#maintenance), readAt: this.#clock.now() };
  }
}

/** For a caller to keep, or to change. */
function copyOf(maintenance: Maintenance): Maintenance {
  const { admittedRoles, expectedEnd, since } = maintenance;

  return {
    ...maintenance,
    admittedRoles: [...admittedRoles],
    expectedEnd: expectedEnd && new Date(expectedEnd),
    since: new Date(since),
  };
}
