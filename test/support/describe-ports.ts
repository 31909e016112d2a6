import type { LinkStore, MaintenanceStore } from '../../src/live/index.ts';
import {
  MemoryLinkStore,
  MemoryMaintenanceStore,
  MemoryRememberStore,
  MemorySessionStore,
} from '../../src/stores/memory/index.ts';
import type { PostgresSessionStore } from '../../src/stores/postgres/index.ts';
import type { RememberStore } from '../../src/remember/index.ts';
import { PostgresLinkStore, PostgresMaintenanceStore } from '../../src/stores/postgres/live/index.ts';
import { PostgresRememberStore } from '../../src/stores/postgres/remember/index.ts';
import {
  describeLinkStore,
  describeMaintenanceStore,
  describeRememberStore,
  describeSessionStore,
  type OpenedStore,
  type StoreContext,
  type StoreSuiteOptions,
} from '../../src/testing/index.ts';

type Store = MemorySessionStore | PostgresSessionStore;

/** As for one suite, with a store that those of the other ports can stand on. */
interface PortsOptions extends StoreSuiteOptions {
  readonly open: (context: StoreContext) => (OpenedStore & OpenedOn) | Promise<OpenedStore & OpenedOn>;
}

interface OpenedOn {
  readonly store: Store;
}

/** The suites of all ports, on the stores of one library schema. */
export function describePorts(name: string, options: PortsOptions): void {
  const open = async (context: StoreContext) => {
    const opened = await options.open(context);

    return { ...opened, ...portsOn(opened.store) };
  };

  describeSessionStore(name, options);
  describeLinkStore(name, { ...options, open });
  describeMaintenanceStore(name, { ...options, open });
  describeRememberStore(name, { ...options, open });
}

/** The stores of the other ports that belong to a session store. */
export function portsOn(store: Store): OtherPorts {
  return store instanceof MemorySessionStore
    ? {
        links: new MemoryLinkStore(store),
        maintenance: new MemoryMaintenanceStore(store),
        remember: new MemoryRememberStore(store),
      }
    : {
        links: new PostgresLinkStore(store),
        maintenance: new PostgresMaintenanceStore(store),
        remember: new PostgresRememberStore(store),
      };
}

interface OtherPorts {
  readonly links: LinkStore;
  readonly maintenance: MaintenanceStore;
  readonly remember: RememberStore;
}
