import type { Statement } from './statement.ts';

/** The same question about one thing and about many. Its rows say by `id` what they are about. */
export interface StatementPair<Row extends { readonly id: string }> {
  readonly one: Statement<{ id: string }, Row>;
  /** The ids as {@link arrayLiteral} writes them. */
  readonly many: Statement<{ ids: string }, Row>;
}

/** Texts as an array that Postgres reads, whatever driver carries it. */
export function arrayLiteral(texts: readonly string[]): string {
  return `{${texts.map((text) => `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`).join(',')}}`;
}
