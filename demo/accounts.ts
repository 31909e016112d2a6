import { type PasswordHash, verifyPassword } from './passwords.ts';

/** Runs one statement; what it returns is as the caller says. */
export type Query = <Row>(text: string, values?: unknown[]) => Promise<readonly Row[]>;

/** A character as its owner's list shows it. */
export interface OwnCharacter {
  readonly id: string;
  readonly name: string;
  readonly worldId: string;
}

/** The game's own users and characters. Passwords live here: the library never sees one. */
export class Accounts {
  readonly #query: Query;

  constructor(query: Query) {
    this.#query = query;
  }

  /** The id of the user, or `null` if the name or the password is wrong, and not which. */
  async login(username: string, password: string): Promise<string | null> {
    const [user] = await this.#query<PasswordHash & { id: number }>(
      'SELECT id, password_salt AS salt, password_hash AS hash FROM mud_demo.users WHERE username = $1',
      [username.toLowerCase()],
    );
    const isRight = await verifyPassword(password, user ?? null);

    return isRight && user !== undefined ? String(user.id) : null;
  }

  async charactersOf(userId: string): Promise<readonly OwnCharacter[]> {
    return this.#query<OwnCharacter>(
      `SELECT id::text, name, world_id AS "worldId" FROM mud_demo.characters
       WHERE user_id = $1 ORDER BY id`,
      [Number(userId)],
    );
  }

  async nameOf(characterId: string): Promise<string | null> {
    const [character] = await this.#query<{ name: string }>(
      'SELECT name FROM mud_demo.characters WHERE id = $1',
      [Number(characterId)],
    );

    return character?.name ?? null;
  }

  async roomOf(characterId: string): Promise<string | null> {
    const [character] = await this.#query<{ room: string }>(
      'SELECT room FROM mud_demo.characters WHERE id = $1',
      [Number(characterId)],
    );

    return character?.room ?? null;
  }

  async saveRoom(characterId: string, room: string): Promise<void> {
    await this.#query('UPDATE mud_demo.characters SET room = $2 WHERE id = $1', [Number(characterId), room]);
  }

  /** The ids of the other characters in the same room, in play or not. */
  async neighboursOf(characterId: string): Promise<ReadonlySet<string>> {
    const rows = await this.#query<{ id: string }>(
      `SELECT other.id::text FROM mud_demo.characters AS me
       JOIN mud_demo.characters AS other USING (world_id, room)
       WHERE me.id = $1 AND other.id <> me.id`,
      [Number(characterId)],
    );

    return new Set(rows.map((row) => row.id));
  }
}
