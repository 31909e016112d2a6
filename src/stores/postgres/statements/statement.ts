import { createHash } from 'node:crypto';
import {
  type Compilable,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  sql,
} from 'kysely';
import type { MudAuthDatabase } from './schema.ts';

type Scalar = 'bigint' | 'boolean' | 'bytea' | 'integer' | 'text' | 'tid' | 'timestamptz' | 'uuid';

/** A place in a statement for a value that is known when it runs, with its type in Postgres. */
export type Param<Params> = <Name extends keyof Params & string>(
  name: Name,
  type: Scalar | `${Scalar}[]`,
) => RawBuilder<Params[Name]>;

/** What every statement is given beside its own values: an injected clock's time, or null for Postgres's own. */
export interface AtMoment {
  readonly now: Date | null;
}

/** A statement written once with Kysely, and run many times by pg. */
export class Statement<Params extends object, Row> {
  readonly text: string;
  /** A hash of the text: stores with different settings may share a pool, and its connections. */
  readonly name: string;
  /** Whether it may leave something behind. */
  readonly writes: boolean;
  readonly #order: readonly (keyof (Params & AtMoment))[];

  constructor(build: (param: Param<Params & AtMoment>) => Compilable<Row> | RawBuilder<Row>) {
    const { sql: text, parameters } = build(placeFor).compile(compiler);

    this.text = text;
    this.writes = /\b(?:insert|update|delete)\b/.test(text);
    this.name = `mud_auth_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
    this.#order = parameters.map((parameter) => {
      if (!(parameter instanceof Place)) throw new TypeError(`A value is fixed in the statement: ${text}`);
      // Only `placeFor` makes places, and what it is given are keys of these.
      return parameter.name as keyof (Params & AtMoment);
    });
  }

  valuesOf(params: Params, moment: AtMoment): unknown[] {
    const values = { ...params, ...moment };

    return this.#order.map((name) => values[name]);
  }
}

/** An array as Postgres reads it. Drivers each write their own, so it goes to them as a text. */
export function arrayOf(values: readonly (string | number | null)[]): string {
  const items = values.map((value) =>
    typeof value === 'string' ? `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"` : value,
  );

  return `{${items.map((item) => item ?? 'null').join(',')}}`;
}

class Place {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

function placeFor<T>(name: string, type: string): RawBuilder<T> {
  return sql<T>`${new Place(name)}::${sql.raw(type)}`;
}

/** A Kysely that only compiles: no statement is ever run through it. */
export const compiler: Kysely<MudAuthDatabase> = new Kysely<MudAuthDatabase>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});
