import { SessionStoreError } from '../../errors.ts';
import type { NewSession } from '../../session/session-store.ts';
import type { Coalescer } from './coalescer.ts';
import type { Connections } from './connections.ts';
import { type CreatedRow, type NewSessionParams, paramsOfNew } from './statements/creating-statements.ts';
import type { SignInStatements } from './statements/sign-in-statements.ts';
import { arrayOf } from './statements/statement.ts';

const UNIQUE_VIOLATION = '23505';

/** Sign-ins on the same terms. Those of the same moment share a statement: after a restart, all come at once. */
export class SignIns<Terms extends object> {
  readonly #coalescer: Coalescer<CreatedRow>;
  /** Those that are under way, by the ids of their sessions. */
  readonly #given = new Map<string, NewSessionParams>();

  constructor(connections: Connections, { one, many }: SignInStatements<Terms>, terms: Terms) {
    this.#coalescer = connections.sharing({
      one: async (id, onTook) => (await connections.run(one, { ...this.#of(id), ...terms }, onTook))[0],
      many: async (ids, onTook) => {
        const rows = await connections.run(
          many,
          { ...columnsOf(ids.map((id) => this.#of(id))), ...terms },
          onTook,
        );

        return new Map(rows.map((row) => [row.id, row]));
      },
    });
  }

  /**
   * Inserts a session, or, if it may not or cannot, gives `null`.
   *
   * @throws SessionStoreError also if there is a session with this id.
   */
  async insert(input: NewSession): Promise<CreatedRow | null> {
    const { id } = input;
    // Two of one id would share an answer, and with it the session.
    if (this.#given.has(id)) throw inUse();

    this.#given.set(id, paramsOfNew(input));
    try {
      return await this.#coalescer.ask(id);
    } finally {
      this.#given.delete(id);
    }
  }

  #of(id: string): NewSessionParams {
    const given = this.#given.get(id);
    if (given === undefined) throw new Error('A sign-in was asked for that nobody waits for.');

    return given;
  }
}

function columnsOf(given: readonly NewSessionParams[]): Readonly<Record<keyof NewSessionParams, string>> {
  return {
    id: arrayOf(given.map(({ id }) => id)),
    user: arrayOf(given.map(({ user }) => user)),
    secretHash: arrayOf(given.map(({ secretHash }) => `\\x${Buffer.from(secretHash).toString('hex')}`)),
    clientType: arrayOf(given.map(({ clientType }) => clientType)),
    authenticated: arrayOf(given.map(({ authenticated }) => authenticated)),
  };
}

function inUse(): SessionStoreError {
  return new SessionStoreError('A session with this id is being created.', {
    retryable: false,
    outcome: 'not-applied',
    sqlState: UNIQUE_VIOLATION,
  });
}
