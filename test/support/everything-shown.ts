import { inspect } from 'node:util';

/** All that a log could show of an error. */
export function everythingShown(error: Error): string {
  return [
    inspect(error, { depth: Infinity, showHidden: true }),
    JSON.stringify(error),
    String(error),
    error.stack,
    String(error.cause),
  ].join('\n');
}
