import { SessionStoreError } from '../../errors.ts';
import type { Connections } from './connections.ts';
import { type HostRelations, readWorldType } from './host-relations.ts';
import { type HostIdType, idTypes } from './id-types.ts';
import type { ListByWorldType } from './statements/list-statements.ts';

/** An operator for these types, too. */
const UNDEFINED_FUNCTION = '42883';

/** Lists of those in one world, whatever type the host's worlds have ids of. */
export class WorldLists {
  readonly #connections: Connections;
  readonly #relations: HostRelations;
  #worldType: HostIdType | null = null;

  constructor(connections: Connections, relations: HostRelations) {
    this.#connections = connections;
    this.#relations = relations;
  }

  know(worldType: HostIdType | null): void {
    this.#worldType = worldType;
  }

  async run<Row>(list: ListByWorldType<Row>, world: string, window: number): Promise<readonly Row[]> {
    if (!idTypes.text.fits(world)) return [];
    const run = (): Promise<readonly Row[]> => {
      // Of another type than it was, perhaps: as a text it is found all the same.
      const isOfType = idTypes[this.#worldType ?? 'text'].fits(world);

      return this.#connections.run(list(isOfType ? this.#worldType : null), { world, window });
    };

    try {
      return await run();
    } catch (error) {
      if (!(error instanceof SessionStoreError) || error.sqlState !== UNDEFINED_FUNCTION) throw error;
      // The host has given its worlds ids of another type meanwhile.
      this.know(await readWorldType(this.#connections, this.#relations));
      return run();
    }
  }
}
