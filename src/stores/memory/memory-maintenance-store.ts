import type {
  MaintenanceRecord,
  MaintenanceStore,
  NewMaintenance,
} from '../../maintenance/maintenance-store.ts';
import { asHalfDone } from '../half-done.ts';
import { copyOf, databaseOf, type MemoryDatabase } from './memory-database.ts';
import type { MemorySessionStore } from './memory-session-store.ts';

/** Whether the game is closed, for the sessions in a `MemorySessionStore`, for `MaintenanceMode`. */
export class MemoryMaintenanceStore implements MaintenanceStore {
  readonly #database: MemoryDatabase;

  /** @throws TypeError if `store` is no `MemorySessionStore`. */
  constructor(store: MemorySessionStore) {
    this.#database = databaseOf(store);
  }

  async startMaintenance({ endsSessions, ...maintenance }: NewMaintenance): Promise<number> {
    const { admittedRoles, actorId } = maintenance;
    this.#database.maintenance = copyOf({ ...maintenance, since: this.#database.clock.now() });
    if (!endsSessions) return 0;

    const outsiders = await this.#listOutsiders(admittedRoles);
    const now = this.#database.clock.now();
    const rows = outsiders.flatMap((userId) => this.#database.table.liveOfUser(userId, now));
    for (const row of rows) this.#database.table.end(row, { reason: 'maintenance', actorId }, now);

    return rows.length;
  }

  async endMaintenance(): Promise<boolean> {
    const wasClosed = this.#database.maintenance !== null;
    this.#database.maintenance = null;

    return wasClosed;
  }

  async findMaintenance(): Promise<MaintenanceRecord | null> {
    return this.#database.findMaintenance();
  }

  async #listOutsiders(admittedRoles: readonly string[]): Promise<readonly string[]> {
    const userIds = new Set(Array.from(this.#database.table.all(), ({ session }) => session.userId));
    try {
      return await this.#database.directory.usersWithOtherRoles(userIds, admittedRoles);
    } catch (error) {
      throw asHalfDone(error); // the game is closed, whatever became of the rest
    }
  }
}
