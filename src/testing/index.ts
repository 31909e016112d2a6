export { FakeClock } from './fake-clock.ts';
export { describeSessionStore } from './session-store/describe-session-store.ts';
export { describeLinkStore } from './session-store/describe-link-store.ts';
export { describeMaintenanceStore } from './session-store/describe-maintenance-store.ts';
export { describeRememberStore } from './session-store/describe-remember-store.ts';
export type { HostRecords, OpenedStore, StoreSuiteOptions, StoreContext } from './session-store/fixture.ts';
