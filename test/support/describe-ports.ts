import type { MaintenanceStore, SessionStore } from '../../src/index.ts';
import type { LinkStore } from '../../src/live/index.ts';
import {
  describeLinkStore,
  describeMaintenanceStore,
  describeSessionStore,
  type StoreSuiteOptions,
} from '../../src/testing/index.ts';

/** The suites of all ports, for a store that is all of them. */
export function describePorts(
  name: string,
  options: StoreSuiteOptions<SessionStore & LinkStore & MaintenanceStore>,
): void {
  describeSessionStore(name, options);
  describeLinkStore(name, options);
  describeMaintenanceStore(name, options);
}
