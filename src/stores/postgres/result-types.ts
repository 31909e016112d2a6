const BOOLEAN = 16;
const TEXT = 25;

/** The types of all that statements return. */
export const RESULT_TYPES: readonly number[] = [BOOLEAN, TEXT];

/** How results are read, whatever parsers and format the host has set for its own queries. */
export const readAsWritten: {
  readonly getTypeParser: (oid: number) => (value: string | Uint8Array) => unknown;
} = {
  getTypeParser: (oid) => (oid === BOOLEAN ? isTrue : String),
};

function isTrue(value: string | Uint8Array): boolean {
  return value[0] === 't' || value[0] === 1;
}
