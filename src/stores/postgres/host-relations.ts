import { type RawBuilder, sql } from 'kysely';
import type { Runner } from './connection.ts';
import { type HostIdType, idTypeOf, idTypes } from './id-types.ts';
import { identifiersOf, quoted } from './identifiers.ts';
import { compiler, Statement } from './statements/statement.ts';

/** A table or view of the host. */
export interface HostRelation {
  /** Its name, with its schema where that is not on the search path: `users`, `game.users`. */
  readonly relation: string;
  /** The type of its `id` column. */
  readonly idType: HostIdType;
}

/** The host's users and characters, as relations in the same database. */
export interface HostRelations {
  /** Columns `id`, `username`, `role`, `disabled` (boolean; null counts as disabled). */
  readonly users: HostRelation;
  /** Columns `id`, `user_id` (of the type of the users' `id`), `name`, `world_id` (null: the world is gone). */
  readonly characters: HostRelation;
}

/** The relation, as SQL. */
export function tableOf({ relation }: HostRelation): RawBuilder<unknown> {
  return sql.id(...identifiersOf('relation', relation));
}

/**
 * Whether the column has this id, compared so that the column's index serves: it is the id that is
 * cast. Texts are the same to the byte, or not the same, whatever collation the host compares by.
 */
export function isId(
  { idType }: Pick<HostRelation, 'idType'>,
  column: RawBuilder<unknown>,
  id: RawBuilder<string | null>,
): RawBuilder<boolean> {
  const isEqual = sql<boolean>`${column} = ${id}::${sql.raw(idType)}`;

  return idType === 'text' ? sql<boolean>`(${isEqual} and ${column}::text collate "C" = ${id})` : isEqual;
}

/** @throws TypeError for names and types that cannot be. */
export function checkSettings(relations: HostRelations): void {
  for (const what of ['users', 'characters'] as const) {
    const { relation, idType } = relations[what];
    identifiersOf(`${what}.relation`, relation);
    if (!Object.hasOwn(idTypes, idType)) {
      throw new TypeError(`${what}.idType must be one of: ${Object.keys(idTypes).join(', ')}.`);
    }
  }
}

/**
 * Checks that the relations are there, with the columns and the id types that were promised.
 *
 * @returns the type of the worlds' ids; null if it is not among those that ids may have.
 * @throws TypeError saying what is missing or different.
 */
export async function checkRelations(
  runner: Pick<Runner, 'run'>,
  { users, characters }: HostRelations,
): Promise<HostIdType | null> {
  const ofUsers = await columnsOf(runner, users);
  requireColumn('users', users, ofUsers, 'id', idTypes[users.idType].columnTypes);
  for (const column of ['username', 'role']) requireColumn('users', users, ofUsers, column);
  requireColumn('users', users, ofUsers, 'disabled', ['boolean']);

  const ofCharacters = await columnsOf(runner, characters);
  requireColumn('characters', characters, ofCharacters, 'id', idTypes[characters.idType].columnTypes);
  requireColumn('characters', characters, ofCharacters, 'user_id', idTypes[users.idType].columnTypes);
  requireColumn('characters', characters, ofCharacters, 'name');
  const { type } = requireColumn('characters', characters, ofCharacters, 'world_id');

  return idTypeOf(type);
}

/** The type of the worlds' ids as it is now; null if it is not among those that ids may have. */
export async function readWorldType(
  runner: Pick<Runner, 'run'>,
  { characters }: HostRelations,
): Promise<HostIdType | null> {
  const columns = await columnsOf(runner, characters);

  return idTypeOf(columns.find(({ name }) => name === 'world_id')?.type ?? '');
}

interface Column {
  readonly name: string;
  readonly type: string;
}

const readColumns = new Statement<{ relation: string }, Column>((param) =>
  compiler
    .selectFrom(sql`pg_catalog.pg_attribute`.as('a'))
    .select([
      sql<string>`a.attname::text`.as('name'),
      sql<string>`pg_catalog.format_type(a.atttypid, null)::text`.as('type'),
    ])
    .where(sql<boolean>`a.attrelid = pg_catalog.to_regclass(${param('relation', 'text')})`)
    .where(sql<boolean>`a.attnum > 0 and not a.attisdropped`),
);

async function columnsOf(
  runner: Pick<Runner, 'run'>,
  { relation }: HostRelation,
): Promise<readonly Column[]> {
  const columns = await runner.run(readColumns, { relation: quoted(...identifiersOf('relation', relation)) });
  if (columns.length > 0) return columns;

  throw new TypeError(`There is no relation "${relation}". Is its schema missing from the name?`);
}

function requireColumn(
  what: 'users' | 'characters',
  { relation }: HostRelation,
  columns: readonly Column[],
  name: string,
  types: readonly string[] | null = null,
): Column {
  const column = columns.find((candidate) => candidate.name === name);
  if (column === undefined) {
    throw new TypeError(
      `${what}: the relation "${relation}" has no column "${name}". A view can give it one.`,
    );
  }
  if (types === null || types.includes(column.type)) return column;

  throw new TypeError(
    `${what}: the column "${name}" of "${relation}" is ${column.type}, where the settings say ${types.join(' or ')}.`,
  );
}
