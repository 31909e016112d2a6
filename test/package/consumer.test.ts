import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ENTRIES = [
  'mud-auth',
  'mud-auth/live',
  'mud-auth/memory',
  'mud-auth/postgres',
  'mud-auth/postgres/live',
  'mud-auth/postgres/pglite',
  'mud-auth/postgres/remember',
  'mud-auth/remember',
  'mud-auth/testing',
];

describe('the packed package, in an empty project', () => {
  let project: string;
  beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), 'mud-auth-consumer-'));
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', project], { cwd: ROOT });
    const [{ filename }] = JSON.parse(stdout);
    await writeFile(
      join(project, 'package.json'),
      JSON.stringify({ name: 'consumer', private: true, type: 'module' }),
    );
    await run('npm', ['install', '--no-audit', '--no-fund', `./${filename}`], { cwd: project });
  });
  afterAll(() => rm(project, { recursive: true, force: true }));

  it('brings kysely, and neither pg nor a test runner', async () => {
    const installed = await readdir(join(project, 'node_modules'));

    expect(installed.filter((name) => !name.startsWith('.')).toSorted()).toEqual(['kysely', 'mud-auth']);
  });

  it('can be imported and required, every entry of it', async () => {
    const imports = ENTRIES.map((entry) => `await import('${entry}');`).join('');
    const requires = ENTRIES.map((entry) => `require('${entry}');`).join('');
    await writeFile(join(project, 'require.cjs'), requires);

    await expect(node('--input-type=module', '--eval', imports)).resolves.toBe('');
    await expect(node('require.cjs')).resolves.toBe('');
  });

  it('loads neither kysely nor pg with the root, the memory store or the suites', async () => {
    await writeFile(
      join(project, 'loads.mjs'),
      `import { registerHooks } from 'node:module';
       const loaded = [];
       registerHooks({ resolve(specifier, context, next) { loaded.push(specifier); return next(specifier, context); } });
       await import('mud-auth'); await import('mud-auth/live'); await import('mud-auth/memory'); await import('mud-auth/testing');
       console.log(JSON.stringify(loaded.filter((name) => /kysely|pg|postgres/.test(name))));`,
    );

    expect(JSON.parse(await node('loads.mjs'))).toEqual([]);
  });

  it('loads nothing with the root but its own code and node:crypto', async () => {
    await writeFile(
      join(project, 'root.mjs'),
      `import { registerHooks } from 'node:module';
       const loaded = [];
       registerHooks({ resolve(...args) { const found = args.at(-1)(...args.slice(0, -1)); loaded.push(found.url); return found; } });
       await import('mud-auth');
       console.log(JSON.stringify(loaded));`,
    );

    const loaded: string[] = JSON.parse(await node('root.mjs'));
    const names = loaded.map((url) =>
      url.replace(/^.*\/mud-auth\/dist\//, '').replace(/^chunk-\w+/, 'chunk'),
    );

    expect([...new Set(names)].toSorted()).toEqual(['chunk.js', 'index.js', 'node:crypto']);
  });

  it('has each error class once, whichever entry throws it', async () => {
    await writeFile(
      join(project, 'errors.mjs'),
      `import { SessionService, AuthError, SessionStoreError, UserNotAvailableError } from 'mud-auth';
       import { MemoryDirectory, MemorySessionStore } from 'mud-auth/memory';
       import { PostgresSessionStore, SchemaVersionError } from 'mud-auth/postgres';
       const failed = { findUser: async () => { throw new Error('away'); }, findCharacter: async () => null };
       const pool = { connect: async () => { throw Object.assign(new Error('no'), { code: 'ECONNREFUSED' }); } };
       const caught = [
         await new SessionService({ store: new MemorySessionStore({ directory: new MemoryDirectory() }) }).createSession('1').catch((e) => e),
         await new SessionService({ store: new MemorySessionStore({ directory: failed }) }).createSession('1').catch((e) => e),
         await new SessionService({ store: new PostgresSessionStore({ pool, directory: failed }) }).createSession('1').catch((e) => e),
       ];
       console.log(JSON.stringify([
         caught[0] instanceof UserNotAvailableError, caught[1] instanceof SessionStoreError,
         caught[2] instanceof SessionStoreError, caught.every((e) => e instanceof AuthError),
         SchemaVersionError.prototype instanceof SessionStoreError,
       ]));`,
    );

    expect(JSON.parse(await node('errors.mjs'))).toEqual([true, true, true, true, true]);
  });

  it('runs its conformance suite under another test runner', async () => {
    await writeFile(
      join(project, 'suite.test.mjs'),
      `import { describe, it } from 'node:test';
       import { MemorySessionStore } from 'mud-auth/memory';
       import { describeSessionStore } from 'mud-auth/testing';
       describeSessionStore('MemorySessionStore', { describe, it, open: (context) => ({ store: new MemorySessionStore(context) }) });`,
    );

    const output = await node('--test', '--test-reporter=tap', 'suite.test.mjs');

    expect(output).toMatch(/^# fail 0$/m);
    expect(Number(/^# pass (\d+)$/m.exec(output)?.[1])).toBeGreaterThan(80);
  });

  it('declares types that hold by themselves, however modules are resolved', async () => {
    await writeFile(join(project, 'consumer.ts'), CONSUMER);
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');

    for (const [module, moduleResolution] of [
      ['nodenext', 'nodenext'],
      ['esnext', 'bundler'],
    ]) {
      const options = ['--strict', '--noEmit', '--exactOptionalPropertyTypes', '--target', 'es2022'];
      const args = [tsc, ...options, '--module', `${module}`, '--moduleResolution', `${moduleResolution}`];
      await expect(run(process.execPath, [...args, 'consumer.ts'], { cwd: project })).resolves.toBeDefined();
    }
  });

  it('does what the README shows, as it is and on Postgres', async () => {
    const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
    const quickStart = /```(?:ts|js)\n(.*?MemorySessionStore.*?)```/s.exec(readme)?.[1] ?? '';
    await writeFile(join(project, 'quick-start.mjs'), quickStart);
    const inMemory = await node('quick-start.mjs');
    await run('npm', ['install', '--no-audit', '--no-fund', 'pg'], { cwd: project });
    await writeFile(join(project, 'quick-start-pg.mjs'), onPostgres(quickStart));
    const inPostgres = await node('quick-start-pg.mjs');

    expect(inMemory).not.toBe('');
    expect(inPostgres).toBe(inMemory);
  });

  async function node(...args: string[]): Promise<string> {
    const env = { ...process.env, DATABASE_URL: inject('postgresUrl'), NODE_PATH: '', NODE_OPTIONS: '' };
    const { stdout } = await run(process.execPath, args, { cwd: project, env });

    return stdout;
  }
});

/** The quick start with its store in Postgres: the one line, and the imports that it needs. */
function onPostgres(quickStart: string): string {
  const imports = `import pg from 'pg';\nimport { PostgresSessionStore } from 'mud-auth/postgres';\nconst pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });\n`;
  const store = `const store = new PostgresSessionStore({ pool, directory, migrate: true });`;

  return `${imports}${quickStart.replace(/^const store = .*$/m, store)}\nawait pool.end();\n`;
}

const CONSUMER = `
import { defineRoles, hasPermission, InvalidSessionError, SessionService, type Principal } from 'mud-auth';
import { LiveSessions } from 'mud-auth/live';
import { MemoryDirectory, MemoryLinkStore, MemorySessionStore } from 'mud-auth/memory';
import { migrateToLatest, migrationSql, PostgresSessionStore, type PgPool } from 'mud-auth/postgres';
import { PostgresSessionEvents, type PgListenClient } from 'mud-auth/postgres/live';
import { PostgresRememberStore } from 'mud-auth/postgres/remember';
import { RememberService } from 'mud-auth/remember';
import { describeSessionStore, FakeClock } from 'mud-auth/testing';

const roles = defineRoles({ permissions: ['dig', 'fly'], roles: { mole: { rank: 1, permissions: ['dig'] } } });
const store = new MemorySessionStore({ directory: new MemoryDirectory(), clock: new FakeClock() });
const service = new SessionService({ store, roles });
export const live = new LiveSessions({ sessions: service, store: new MemoryLinkStore(store) });
export const rememberOn = (postgres: PostgresSessionStore): RememberService =>
  new RememberService({ sessions: service, store: new PostgresRememberStore(postgres) });
export const events = new PostgresSessionEvents({ pool: {} as PgPool, createClient: () => ({}) as PgListenClient });
export async function use(token: string | undefined, pool: PgPool): Promise<Principal | null> {
  await migrateToLatest(pool);
  // @ts-expect-error: misspelt
  hasPermission(roles, 'mole', 'digg');
  // @ts-expect-error: misspelt
  await service.validateSessionWithPermission(token, 'digg').catch(() => null);
  return service.validateSession(token).catch((error) => {
    if (error instanceof InvalidSessionError) return null;
    throw error;
  });
}
export const sql: string = migrationSql();
export const another = new PostgresSessionStore({ pool: {} as PgPool, directory: new MemoryDirectory() });
export const suite: typeof describeSessionStore = describeSessionStore;
`;
