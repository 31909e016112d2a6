import type { Character } from '../../directory.ts';
import type { SessionTerms } from '../../session/session-policy.ts';
import type { ActiveCharacter, NewSession, SessionRecord } from '../../session/session-store.ts';

/** The terms of who signs in. */
export interface SignIn {
  readonly terms: SessionTerms;
  /** When his session was created; `null` if there is a limit, and nothing was inserted. */
  readonly createdAt: Date | null;
}

/** The questions in which sessions meet the host's users and characters, wherever those are kept. */
export interface People {
  /**
   * Finds the user and, unless his terms have a limit, inserts a session; `null` if he is unknown
   * or may not sign in.
   */
  signIn(input: NewSession): Promise<SignIn | null>;
  /** The character, if it exists, is this user's, and has a world to stand in. */
  findPlayableCharacter(characterId: string, userId: string): Promise<Character | null>;
  findRecord(sessionId: string): Promise<SessionRecord | null>;
  listActiveCharacters(worldId: string, activeWithinMs: number): Promise<readonly ActiveCharacter[]>;
  /** @throws TypeError if they are not kept as the settings say. */
  check(): Promise<void>;
}
