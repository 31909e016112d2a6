/**
 * What the work gives, if it does in time. The work itself goes on, and nobody waits for it.
 *
 * @throws Error if it takes longer than so many milliseconds.
 */
export async function withTimeLimit<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${ms} ms.`)), ms);
  });

  return Promise.race([work, timeout]).finally(() => clearTimeout(timer));
}
