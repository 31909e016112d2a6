import { describe, expect, it } from 'vitest';
import {
  MemoryDirectory,
  MemoryLinkStore,
  MemoryMaintenanceStore,
  MemoryRememberStore,
  MemorySessionStore,
} from '../../src/stores/memory/index.ts';
import { type PgPool, PostgresSessionStore } from '../../src/stores/postgres/index.ts';
import { PostgresLinkStore, PostgresMaintenanceStore } from '../../src/stores/postgres/live/index.ts';
import { PostgresRememberStore } from '../../src/stores/postgres/remember/index.ts';

const directory = new MemoryDirectory();
const untouched: PgPool = {
  connect: () => Promise.reject(new Error('nothing is asked of the database')),
};
const memory = new MemorySessionStore({ directory });
const postgres = new PostgresSessionStore({ pool: untouched, directory });

const PORTS = {
  MemoryLinkStore: { Store: MemoryLinkStore, own: memory, foreign: postgres },
  MemoryMaintenanceStore: { Store: MemoryMaintenanceStore, own: memory, foreign: postgres },
  MemoryRememberStore: { Store: MemoryRememberStore, own: memory, foreign: postgres },
  PostgresLinkStore: { Store: PostgresLinkStore, own: postgres, foreign: memory },
  PostgresRememberStore: { Store: PostgresRememberStore, own: postgres, foreign: memory },
  PostgresMaintenanceStore: { Store: PostgresMaintenanceStore, own: postgres, foreign: memory },
} as const;

describe.each(Object.entries(PORTS))('%s', (name, { Store, own, foreign }) => {
  const open = (store: unknown): unknown => Reflect.construct(Store, [store]);

  it('is made of the session store that it belongs to', () => {
    expect(() => open(own)).not.toThrow();
  });

  it.each([undefined, null, 7, 'a store', {}, foreign, new Proxy(own, {})])(
    'cannot be made of anything else: %#',
    (store) => {
      const needed = `${name.startsWith('Memory') ? 'Memory' : 'Postgres'}SessionStore`;

      expect(() => open(store)).toThrow(TypeError);
      expect(() => open(store)).toThrow(needed);
    },
  );
});

describe('the stores of one session store', () => {
  it('see what each other wrote', async () => {
    const [one, other] = [new MemoryMaintenanceStore(memory), new MemoryMaintenanceStore(memory)];
    await one.startMaintenance({
      admittedRoles: [],
      message: 'Back soon.',
      expectedEnd: null,
      endsSessions: false,
      actorId: null,
    });

    expect(await other.endMaintenance()).toBe(true);
  });
});
