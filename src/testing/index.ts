export { FakeClock } from './fake-clock.ts';
export { describeSessionStore } from './session-store/describe-session-store.ts';
export type {
  HostRecords,
  OpenedStore,
  SessionStoreSuiteOptions,
  StoreContext,
} from './session-store/fixture.ts';
