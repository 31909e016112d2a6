const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_$]{0,62}$/;

/** The schema that the library's tables live in unless a host names another. */
export const DEFAULT_SCHEMA = 'mud_auth';

/**
 * The parts of a relation's name, such as `game.users`. Letters are taken as they are written: a
 * table created as `Users` without quotes is called `users`.
 *
 * @throws TypeError for anything that is not one or two plain identifiers.
 */
export function identifiersOf(what: string, name: unknown): string[] {
  const parts = typeof name === 'string' ? name.split('.') : [];
  if (parts.length >= 1 && parts.length <= 2 && parts.every((part) => IDENTIFIER.test(part))) return parts;

  throw new TypeError(`${what} must be a plain name such as "users" or "game.users".`);
}

/** @throws TypeError for anything that is not one plain identifier. */
export function checkSchemaName(schema: unknown): void {
  if (typeof schema === 'string' && IDENTIFIER.test(schema)) return;

  throw new TypeError('schema must be a plain name such as "mud_auth".');
}

/** The name in quotes, as SQL takes it. Only for names that were checked. */
export function quoted(...parts: readonly string[]): string {
  return parts.map((part) => `"${part}"`).join('.');
}
