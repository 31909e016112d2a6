import { hash } from 'node:crypto';

/**
 * 64 hexadecimal digits for number `n`, from which its ids and secrets are made: the same in every run,
 * known here and in SQL, and spread like random ones, so that indexes look as they do in life. Nobody
 * is number 0.
 */
export function digits(kind: string, n: number): string {
  return hash('sha256', `${kind} ${n}`);
}

/** The same in SQL, for the number in a column `n`. */
export function digitsSql(kind: string): string {
  return `encode(sha256(('${kind} ' || n)::bytea), 'hex')`;
}
