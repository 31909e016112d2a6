import type { LinkStore, MaintenanceStore } from '../../src/live/index.ts';
import {
  MemoryLinkStore,
  MemoryMaintenanceStore,
  MemorySessionStore,
} from '../../src/stores/memory/index.ts';
import type { PostgresSessionStore } from '../../src/stores/postgres/index.ts';
import { PostgresLinkStore, PostgresMaintenanceStore } from '../../src/stores/postgres/live/index.ts';
import {
  describeLinkStore,
  describeMaintenanceStore,
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
}

/** The stores of the other ports that belong to a session store. */
export function portsOn(store: Store): { readonly links: LinkStore; readonly maintenance: MaintenanceStore } {
  return store instanceof MemorySessionStore
    ? { links: new MemoryLinkStore(store), maintenance: new MemoryMaintenanceStore(store) }
    : { links: new PostgresLinkStore(store), maintenance: new PostgresMaintenanceStore(store) };
}
