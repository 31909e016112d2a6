const BOOLEAN = 16;
const BYTEA = 17;
const INTEGER = 23;
const DOUBLE = 701;

/**
 * How results are read, whatever parsers the host has set for its own queries. Statements cast what
 * they return to these types or to text.
 */
export const readAsWritten: { readonly getTypeParser: (oid: number) => (value: string) => unknown } = {
  getTypeParser: (oid) => PARSERS[oid] ?? String,
};

const PARSERS: Readonly<Record<number, (value: string) => unknown>> = {
  [BOOLEAN]: (value) => value === 't',
  [BYTEA]: (value) => Buffer.from(value.slice(2), 'hex'),
  [INTEGER]: Number,
  [DOUBLE]: Number,
};
