import type { Character } from '../../directory.ts';
import type {
  ActiveCharacter,
  CreateSessionOutcome,
  NewSession,
  SessionRecord,
} from '../../session/session-store.ts';

/** What became of a `createSession`, before anybody has looked why the game is closed. */
export type TriedCreation =
  | Exclude<CreateSessionOutcome, { readonly outcome: 'maintenance' }>
  | { readonly outcome: 'maintenance' };

/** The questions in which sessions meet the host's users and characters, wherever those are kept. */
export interface People {
  createSession(input: NewSession): Promise<TriedCreation>;
  /** The character, if it exists, is this user's, and has a world to stand in. */
  findPlayableCharacter(characterId: string, userId: string): Promise<Character | null>;
  findRecord(sessionId: string): Promise<SessionRecord | null>;
  listActiveCharacters(worldId: string, activeWithinMs: number): Promise<readonly ActiveCharacter[]>;
  /** @throws TypeError if they are not kept as the settings say. */
  check(): Promise<void>;
}
