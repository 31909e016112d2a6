export { MemorySessionStore, type MemorySessionStoreOptions } from './memory-session-store.ts';
export { MemoryDirectory, type MemoryDirectoryOptions } from './memory-directory.ts';
