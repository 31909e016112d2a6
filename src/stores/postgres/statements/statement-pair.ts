import type { Statement } from './statement.ts';

/** The same question about one session and about many. Its rows say by `id` which they are about. */
export interface StatementPair<Row extends { readonly id: string }> {
  readonly one: Statement<{ id: string }, Row>;
  /** The ids as {@link uuidArray} writes them. */
  readonly many: Statement<{ ids: string }, Row>;
}

/** UUIDs as an array that Postgres reads, whatever driver carries it. They need no quotes. */
export function uuidArray(ids: readonly string[]): string {
  return `{${ids.join(',')}}`;
}
