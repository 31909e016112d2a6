/** One step of the schema. */
export interface Migration {
  /** Number and subject; the order of names is the order of steps. */
  readonly name: string;
  /** The step as SQL, for a schema given by its quoted name. */
  readonly sql: (schema: string) => string;
}
