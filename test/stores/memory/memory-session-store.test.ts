import { describe, it } from 'vitest';
import { MemorySessionStore } from '../../../src/stores/memory/memory-session-store.ts';
import { describeSessionStore } from '../../../src/testing/index.ts';

describeSessionStore('MemorySessionStore', {
  describe,
  it,
  open: (context) => ({ store: new MemorySessionStore(context) }),
});
