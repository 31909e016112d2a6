/** The types that a host's ids may have in Postgres. */
export type HostIdType = 'text' | 'integer' | 'bigint' | 'uuid';

interface IdType {
  /** The column types that go with it, as `format_type` prints them. */
  readonly columnTypes: readonly string[];
  /** Whether the text is such an id, in the very form in which Postgres prints it. */
  readonly fits: (id: string) => boolean;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const INTEGER = /^(?:0|-?[1-9][0-9]{0,18})$/;

/** Longer ids are unknown: an index row has to hold them. */
const MAX_TEXT_LENGTH = 255;

export const idTypes: Readonly<Record<HostIdType, IdType>> = {
  text: {
    columnTypes: ['text', 'character varying'],
    fits: (id) => id.length <= MAX_TEXT_LENGTH && !id.includes('\0') && id.isWellFormed(),
  },
  integer: {
    columnTypes: ['integer', 'smallint'],
    fits: (id) => fitsBits(id, 32),
  },
  bigint: {
    columnTypes: ['bigint'],
    fits: (id) => fitsBits(id, 64),
  },
  uuid: {
    columnTypes: ['uuid'],
    fits: (id) => UUID.test(id),
  },
};

/** The type that a column of this type goes with; null if there is none. */
export function idTypeOf(columnType: string): HostIdType | null {
  const names: readonly HostIdType[] = ['text', 'integer', 'bigint', 'uuid'];

  return names.find((name) => idTypes[name].columnTypes.includes(columnType)) ?? null;
}

function fitsBits(id: string, bits: number): boolean {
  return INTEGER.test(id) && BigInt.asIntN(bits, BigInt(id)) === BigInt(id);
}
