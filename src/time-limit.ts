import { SessionStoreError } from './errors.ts';

/**
 * What the work gives, if it does in time. The work itself goes on, and nobody waits for it.
 *
 * @throws SessionStoreError if it takes longer than so many milliseconds: whatever it does may happen yet.
 */
export async function withTimeLimit<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const failure = { retryable: true, outcome: 'unknown' } as const;
      reject(new SessionStoreError(`No answer within ${ms} ms.`, failure));
    }, ms);
  });

  return Promise.race([work, timeout]).finally(() => clearTimeout(timer));
}
