import type { Options } from 'tsup';

const config: Options = {
  entry: {
    index: 'src/index.ts',
    live: 'src/live/index.ts',
    memory: 'src/stores/memory/index.ts',
    postgres: 'src/stores/postgres/index.ts',
    'postgres-live': 'src/stores/postgres/live/index.ts',
    'postgres-pglite': 'src/stores/postgres/pglite/index.ts',
    'postgres-remember': 'src/stores/postgres/remember/index.ts',
    remember: 'src/remember/index.ts',
    testing: 'src/testing/index.ts',
  },
  format: 'esm',
  target: 'node22',
  splitting: true, // shared chunks keep every error class single
  treeshake: false,
  clean: true,
  dts: true,
};

export default config;
