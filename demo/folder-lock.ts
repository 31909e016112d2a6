import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Makes sure that one process at a time uses a folder: PGlite does not, and two of them on one
 * folder destroy it. Returns how to let go.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'demo.pid');
  const holder = Number(await readFile(path, 'utf8').catch(() => '0'));
  if (isRunning(holder)) {
    throw new Error(`Process ${holder} uses ${folder} already. If that is no demo, delete ${path}.`);
  }
  await writeFile(path, String(process.pid));

  return () => rm(path, { force: true });
}

function isRunning(pid: number): boolean {
  if (pid === 0 || pid === process.pid) return false; // ours: in a container the pid of a crashed demo comes again

  try {
    return process.kill(pid, 0); // signal 0 only asks
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
