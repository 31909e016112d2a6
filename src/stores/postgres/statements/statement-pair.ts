import type { Statement } from './statement.ts';

/** The same question about one session and about many. Its rows say by `id` which they are about. */
export interface StatementPair<Row extends { readonly id: string }> {
  readonly one: Statement<{ id: string }, Row>;
  /** The ids as {@link arrayOf} writes them. */
  readonly many: Statement<{ ids: string }, Row>;
}
