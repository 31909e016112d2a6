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

/** One that a validate has made: nothing that comes in from outside can be one. */
class ValidatedPrincipal implements Principal {
  readonly userId: string;
  readonly username: string;
  readonly role: string;
  readonly session: Session;
  readonly #isValidated = true;

  constructor(session: Session, user: User) {
    this.userId = session.userId;
    this.username = user.username;
    this.role = user.role;
    this.session = session;
  }

  static made(value: object): value is Principal {
    return #isValidated in value && value.#isValidated;
  }
}

/** The principal of a session and its user. */
export function principalOf(session: Session, user: User): Principal {
  return new ValidatedPrincipal(session, user);
}

/** @throws TypeError for anything but a principal that a validate has made, and for a copy of one. */
export function requirePrincipal(name: string, value: unknown): void {
  if (typeof value === 'object' && value !== null && ValidatedPrincipal.made(value)) return;

  throw new TypeError(`${name} must be a principal as a validate has returned it, and no copy.`);
}

/**
 * The principal with the character that the session plays.
 *
 * @throws CharacterNotAvailableError if the character is gone, or its world is.
 */
export function gamePrincipalOf(session: Session, user: User, character: Character | null): GamePrincipal {
  if (character === null || character.worldId === null) throw new CharacterNotAvailableError();

  return Object.assign(principalOf(session, user), {
    characterId: character.id,
    characterName: character.name,
    worldId: character.worldId,
  });
}
