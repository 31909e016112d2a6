import { fileURLToPath } from 'node:url';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

const source = (path: string): string => fileURLToPath(new URL(`src/${path}`, import.meta.url));

// The longest first: an alias also matches the paths below it.
const alias = {
  'mud-auth/memory': source('stores/memory/index.ts'),
  'mud-auth/postgres': source('stores/postgres/index.ts'),
  'mud-auth/testing': source('testing/index.ts'),
  'mud-auth': source('index.ts'),
};

const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/postgres/**', 'test/demo/**', 'test/races/**', 'test/faults/**', 'test/package/**'],
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'postgres',
          include: ['test/{postgres,demo,races,faults}/**/*.test.ts'],
          globalSetup: 'test/support/postgres-for-the-run.ts',
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'types',
          include: [],
          typecheck: { enabled: true, only: true, include: ['test/**/*.test-d.ts'] },
        },
      },
    ],
  },
});

export default config;
