import type { Character, User } from '../directory.ts';
import { CharacterNotAvailableError } from '../errors.ts';
import type { Session } from './session.ts';

/** Who is behind a valid token, as the host's records say at this moment. */
export interface Principal {
  readonly userId: string;
  readonly username: string;
  readonly role: string;
  readonly session: Session;
}

/** A principal who plays a character. */
export interface GamePrincipal extends Principal {
  readonly characterId: string;
  readonly characterName: string;
  readonly worldId: string;
}

/** The principal of a session and its user. */
export function principalOf(session: Session, user: User): Principal {
  return { userId: session.userId, username: user.username, role: user.role, session };
}

/**
 * The principal with the character that the session plays.
 *
 * @throws CharacterNotAvailableError if the character is gone, or its world is.
 */
export function gamePrincipalOf(session: Session, user: User, character: Character | null): GamePrincipal {
  if (character === null || character.worldId === null) throw new CharacterNotAvailableError();

  return {
    ...principalOf(session, user),
    characterId: character.id,
    characterName: character.name,
    worldId: character.worldId,
  };
}
