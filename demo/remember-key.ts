import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The secret by which servers that share a database give the same remember token to who comes twice at
 * once. A game of yours has it where its other secrets are; the demo makes it, beside its data.
 */
export async function openRememberKey(folder: string): Promise<string> {
  const path = join(folder, 'remember-key');
  await mkdir(folder, { recursive: true });
  // Whichever process comes first makes it: the others find it there.
  await writeFile(path, randomBytes(32).toString('base64'), { flag: 'wx', mode: 0o600 }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    },
  );

  return readFile(path, 'utf8');
}
