import { fileURLToPath } from 'node:url';
import { defineConfig, type ViteUserConfigFnObject } from 'vitest/config';

const source = (path: string): string => fileURLToPath(new URL(`src/${path}`, import.meta.url));

// The longest first: an alias also matches the paths below it.
const alias = {
  'mud-auth/live': source('live/index.ts'),
  'mud-auth/memory': source('stores/memory/index.ts'),
  'mud-auth/postgres/live': source('stores/postgres/live/index.ts'),
  'mud-auth/postgres/pglite': source('stores/postgres/pglite/index.ts'),
  'mud-auth/postgres/remember': source('stores/postgres/remember/index.ts'),
  'mud-auth/postgres': source('stores/postgres/index.ts'),
  'mud-auth/remember': source('remember/index.ts'),
  'mud-auth/testing': source('testing/index.ts'),
  'mud-auth': source('index.ts'),
};

const onPostgres = { testTimeout: 60_000, hookTimeout: 60_000 };

const config: ViteUserConfigFnObject = defineConfig(({ mode }) => ({
  test: {
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/{postgres,demo,races,faults,package}/**'],
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'postgres',
          include: ['test/{postgres,demo,races,faults}/**/*.test.ts'],
          globalSetup: 'test/support/postgres-for-the-run.ts',
          env: { RACE_SCALE: mode === 'long' ? '10' : '1' },
          ...onPostgres,
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'postgres-15', // the oldest that is supported
          include: ['test/postgres/**/*.test.ts'],
          globalSetup: 'test/support/postgres-15-for-the-run.ts',
          ...onPostgres,
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
      {
        test: {
          name: 'package', // the built and packed package: `npm run check` runs it
          include: ['test/package/**/*.test.ts'],
          globalSetup: 'test/support/postgres-for-the-run.ts',
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
}));

export default config;
