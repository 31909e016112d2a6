import type {
  MaintenanceRecord,
  MaintenanceStore,
  NewMaintenance,
} from '../../../maintenance/maintenance-store.ts';
import { asHalfDone } from '../../half-done.ts';
import { databaseOf, type PostgresDatabase } from '../postgres-database.ts';
import type { PostgresSessionStore } from '../postgres-session-store.ts';
import { countOf } from '../statements/rows.ts';
import { arrayOf } from '../statements/statement.ts';
import { type PresentPeople, presentPeopleOf } from './present-people.ts';
import {
  type MaintenanceStatements,
  maintenanceStatements,
  paramsOfMaintenance,
} from './maintenance-statements.ts';

/** Of so many users at a time all sessions end; nobody signs in meanwhile. */
const ENDING_STEP = 1_000;

/** Whether the game is closed, for the sessions in a `PostgresSessionStore`, for `MaintenanceMode`. */
export class PostgresMaintenanceStore implements MaintenanceStore {
  readonly #database: PostgresDatabase;
  readonly #people: PresentPeople;
  readonly #statements: MaintenanceStatements;

  /** @throws TypeError if `store` is no `PostgresSessionStore`. Nothing is asked of the database yet. */
  constructor(store: PostgresSessionStore) {
    this.#database = databaseOf(store);
    this.#people = presentPeopleOf(this.#database);
    this.#statements = maintenanceStatements(this.#database.schema);
  }

  async startMaintenance(maintenance: NewMaintenance): Promise<number> {
    await this.#database.whileNobodySignsIn((transaction) =>
      transaction.run(this.#statements.startMaintenance, paramsOfMaintenance(maintenance)),
    );
    if (!maintenance.endsSessions) return 0;

    try {
      return await this.#endOutsiders(maintenance);
    } catch (error) {
      throw asHalfDone(error); // the game is closed, whatever became of the rest
    }
  }

  async endMaintenance(): Promise<boolean> {
    return (await this.#database.run(this.#statements.endMaintenance, {})).length > 0;
  }

  findMaintenance(): Promise<MaintenanceRecord | null> {
    return this.#database.findMaintenance();
  }

  async #endOutsiders({ admittedRoles, actorId: actor }: NewMaintenance): Promise<number> {
    const outsiders = await this.#people.listOutsiders(admittedRoles);
    let ended = 0;
    for (let first = 0; first < outsiders.length; first += ENDING_STEP) {
      const users = arrayOf(outsiders.slice(first, first + ENDING_STEP));
      ended += await this.#database.whileNobodySignsIn(async (transaction) =>
        countOf(await transaction.run(this.#statements.endSessionsOfUsers, { users, actor })),
      );
    }

    return ended;
  }
}
