import type { Character, Directory, User } from '../../directory.ts';

/** Whom a {@link MemoryDirectory} knows from the start. */
export interface MemoryDirectoryOptions {
  readonly users?: readonly User[];
  readonly characters?: readonly Character[];
}

/** Users and characters kept in this process: for tests, demos and first steps. */
export class MemoryDirectory implements Directory {
  readonly #users = new Map<string, User>();
  readonly #characters = new Map<string, Character>();

  constructor(options: MemoryDirectoryOptions = {}) {
    for (const user of options.users ?? []) this.#users.set(user.id, user);
    for (const character of options.characters ?? []) this.#characters.set(character.id, character);
  }

  async findUser(userId: string): Promise<User | null> {
    return this.#users.get(userId) ?? null;
  }

  async findCharacter(characterId: string): Promise<Character | null> {
    return this.#characters.get(characterId) ?? null;
  }

  /** Adds a user, or replaces the one with his id. */
  async putUser(user: User): Promise<void> {
    this.#users.set(user.id, user);
  }

  /** Adds a character, or replaces the one with its id. */
  async putCharacter(character: Character): Promise<void> {
    this.#characters.set(character.id, character);
  }

  /** Forgets a user. */
  async deleteUser(userId: string): Promise<void> {
    this.#users.delete(userId);
  }

  /** Forgets a character. */
  async deleteCharacter(characterId: string): Promise<void> {
    this.#characters.delete(characterId);
  }
}
