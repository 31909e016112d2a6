import type { Character, Directory } from '../../directory.ts';
import { termsFor } from '../../session/session-policy.ts';
import type { ActiveCharacter, NewSession, SessionRecord } from '../../session/session-store.ts';
import { DirectoryReader } from '../directory-reader.ts';
import type { Coalescer } from './coalescer.ts';
import type { Connections } from './connections.ts';
import { idTypes } from './id-types.ts';
import type { People, TriedCreation } from './people.ts';
import {
  type CreatingStatements,
  creatingStatements,
  paramsOfNew,
  paramsOfTerms,
  toNewSession,
} from './statements/creating-statements.ts';
import { isActiveWithin } from './statements/fragments.ts';
import {
  findRecordStatements,
  listInPlayStatement,
  type RecordRow,
  toRecord,
} from './statements/record-statements.ts';
import { type SessionRow, toSession } from './statements/rows.ts';
import type { Statement } from './statements/statement.ts';
import type { UserTransactions } from './user-transactions.ts';

/** People in a directory of the host's, asked beside the session's row. */
export class DirectoryPeople implements People {
  readonly #connections: Connections;
  readonly #byUser: UserTransactions;
  readonly directory: DirectoryReader;
  readonly #records: Coalescer<RecordRow>;
  readonly #insertSession: CreatingStatements['insertSession'];
  readonly #listActive: Statement<{ window: number }, SessionRow>;

  constructor(connections: Connections, byUser: UserTransactions, schema: string, directory: Directory) {
    this.#connections = connections;
    this.#byUser = byUser;
    this.directory = new DirectoryReader(directory);
    this.#records = connections.sharingLooks(findRecordStatements(schema));
    this.#insertSession = creatingStatements(schema).insertSession;
    this.#listActive = listInPlayStatement(schema, isActiveWithin);
  }

  async check(): Promise<void> {
    // A directory is taken at its word.
  }

  async createSession(input: NewSession): Promise<TriedCreation> {
    // Before any transaction: the directory may need a connection of the same pool.
    const user = idTypes.text.fits(input.userId) ? await this.directory.findEnabledUser(input.userId) : null;
    if (user === null) return { outcome: 'user_not_available' };

    const terms = termsFor(input.policy, user.role);
    if (terms.maxSessionsPerUser === null) {
      const [row] = await this.#connections.run(this.#insertSession, {
        ...paramsOfNew(input),
        ...paramsOfTerms(terms),
        role: user.role,
      });
      if (row !== undefined) return { outcome: 'created', session: toNewSession(input, row), endings: [] };
    }

    return this.#byUser.createSessionOn(user.role, terms, input);
  }

  async findPlayableCharacter(characterId: string, userId: string): Promise<Character | null> {
    return idTypes.text.fits(characterId) ? this.directory.findPlayableCharacter(characterId, userId) : null;
  }

  async findRecord(sessionId: string): Promise<SessionRecord | null> {
    const row = await this.#records.ask(sessionId);
    if (row === null) return null;

    const record = toRecord(row);

    return { ...record, ...(await this.directory.peopleOf(record.session)) };
  }

  async listActiveCharacters(worldId: string, activeWithinMs: number): Promise<readonly ActiveCharacter[]> {
    const rows = await this.#connections.run(this.#listActive, { window: activeWithinMs });

    return this.directory.activeCharactersIn(
      worldId,
      rows.map((row) => toSession(row)),
    );
  }
}
