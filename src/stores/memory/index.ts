export { MemorySessionStore, type MemorySessionStoreOptions } from './memory-session-store.ts';
export { MemoryLinkStore } from './memory-link-store.ts';
export { MemoryMaintenanceStore } from './memory-maintenance-store.ts';
export { MemoryRememberStore } from './memory-remember-store.ts';
export { MemoryDirectory, type MemoryDirectoryOptions } from './memory-directory.ts';
