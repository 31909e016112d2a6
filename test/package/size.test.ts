import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

/** In bytes, of our own code with all that it shares, minified and compressed. */
const BUDGETS: Readonly<Record<string, number>> = {
  index: 6 * 1024,
  live: 6 * 1024,
  postgres: 16 * 1024,
  'postgres-live': 11 * 1024,
  'postgres-remember': 8 * 1024,
  remember: 4 * 1024,
};

describe('the built package', () => {
  it.each(Object.entries(BUDGETS))('keeps to its budget: %s', async (entry, budget) => {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL(`../../dist/${entry}.js`, import.meta.url))],
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
      platform: 'node',
      packages: 'external',
    });
    const [bundle] = outputFiles;

    expect(gzipSync(bundle?.contents ?? '').length).toBeLessThanOrEqual(budget);
    expect(bundle?.contents.length).toBeGreaterThan(budget / 4); // it is all there
  });
});
