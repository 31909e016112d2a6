import type { Character, Directory } from '../../directory.ts';
import { termsFor } from '../../session/session-policy.ts';
import type { ActiveCharacter, NewSession, SessionRecord } from '../../session/session-store.ts';
import { DirectoryReader } from '../directory-reader.ts';
import type { Coalescer } from './coalescer.ts';
import type { Connections } from './connections.ts';
import { idTypes } from './id-types.ts';
import type { People, SignIn } from './people.ts';
import {
  type CreatingStatements,
  creatingStatements,
  paramsOfNew,
  paramsOfTerms,
} from './statements/creating-statements.ts';
import { findRecordStatements, listInPlayStatement, type RecordRow } from './statements/record-statements.ts';
import { lastTime, type SessionRow, toHash, toSession, toTime } from './statements/rows.ts';
import type { Statement } from './statements/statement.ts';

/** People in a directory of the host's, asked beside the session's row. */
export class DirectoryPeople implements People {
  readonly #connections: Connections;
  readonly #directory: DirectoryReader;
  readonly #records: Coalescer<RecordRow>;
  readonly #insertSession: CreatingStatements['insertSession'];
  readonly #listInPlay: Statement<{ window: number }, SessionRow>;

  constructor(connections: Connections, schema: string, directory: Directory) {
    this.#connections = connections;
    this.#directory = new DirectoryReader(directory);
    this.#records = connections.sharing(findRecordStatements(schema));
    this.#insertSession = creatingStatements(schema).insertSession;
    this.#listInPlay = listInPlayStatement(schema);
  }

  async check(): Promise<void> {
    // A directory is taken at its word.
  }

  async signIn(input: NewSession): Promise<SignIn | null> {
    if (!idTypes.text.fits(input.userId)) return null;
    const user = await this.#directory.findEnabledUser(input.userId);
    if (user === null) return null;

    const terms = termsFor(input.policy, user.role);
    if (terms.maxSessionsPerUser !== null) return { terms, createdAt: null };

    const [row] = await this.#connections.run(this.#insertSession, {
      ...paramsOfNew(input),
      ...paramsOfTerms(terms),
    });

    return { terms, createdAt: row === undefined ? null : toTime(row.created_at) };
  }

  async findPlayableCharacter(characterId: string, userId: string): Promise<Character | null> {
    return idTypes.text.fits(characterId) ? this.#directory.findPlayableCharacter(characterId, userId) : null;
  }

  async findRecord(sessionId: string): Promise<SessionRecord | null> {
    const row = await this.#records.ask(sessionId);
    if (row === null) return null;

    const session = toSession(row);
    const people = await this.#directory.peopleOf(session);

    return { session, ...people, secretHash: toHash(row), readAt: lastTime(row) };
  }

  async listActiveCharacters(worldId: string, activeWithinMs: number): Promise<readonly ActiveCharacter[]> {
    const rows = await this.#connections.run(this.#listInPlay, {
      window: activeWithinMs,
    });

    return this.#directory.activeCharactersIn(worldId, rows.map(toSession));
  }
}
