import type {
  MaintenanceRecord,
  MaintenanceStore,
  NewMaintenance,
} from '../../maintenance/maintenance-store.ts';
import { asHalfDone } from '../half-done.ts';
import type { Runner } from './connection.ts';
import type { People } from './people.ts';
import {
  type MaintenanceStatements,
  maintenanceStatements,
  paramsOfMaintenance,
  toMaintenance,
} from './statements/maintenance-statements.ts';
import { countOf, toTime } from './statements/rows.ts';
import { arrayOf } from './statements/statement.ts';

/** Runs the work while nobody signs in: who comes later sees what it has written. */
export type WhileNobodySignsIn = <T>(work: (transaction: Runner) => Promise<T>) => Promise<T>;

/** Of so many users at a time all sessions end; nobody signs in meanwhile. */
const ENDING_STEP = 1_000;

/** Whether the game is closed, for the sessions in a schema. */
export class PostgresMaintenance implements MaintenanceStore {
  readonly #runner: Pick<Runner, 'run'>;
  readonly #whileNobodySignsIn: WhileNobodySignsIn;
  readonly #people: People;
  readonly #statements: MaintenanceStatements;

  constructor(
    runner: Pick<Runner, 'run'>,
    whileNobodySignsIn: WhileNobodySignsIn,
    people: People,
    schema: string,
  ) {
    this.#runner = runner;
    this.#whileNobodySignsIn = whileNobodySignsIn;
    this.#people = people;
    this.#statements = maintenanceStatements(schema);
  }

  async startMaintenance(maintenance: NewMaintenance): Promise<number> {
    await this.#whileNobodySignsIn((transaction) =>
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
    return (await this.#runner.run(this.#statements.endMaintenance, {})).length > 0;
  }

  async findMaintenance(): Promise<MaintenanceRecord | null> {
    const [row] = await this.#runner.run(this.#statements.findMaintenance, {});

    return row === undefined ? null : { maintenance: toMaintenance(row), readAt: toTime(row.read_at) };
  }

  async #endOutsiders({ admittedRoles, actorId: actor }: NewMaintenance): Promise<number> {
    const outsiders = await this.#people.listOutsiders(admittedRoles);
    let ended = 0;
    for (let first = 0; first < outsiders.length; first += ENDING_STEP) {
      const users = arrayOf(outsiders.slice(first, first + ENDING_STEP));
      ended += await this.#whileNobodySignsIn(async (transaction) =>
        countOf(await transaction.run(this.#statements.endSessionsOfUsers, { users, actor })),
      );
    }

    return ended;
  }
}
