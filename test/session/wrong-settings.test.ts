import { describe, expect, it } from 'vitest';
import { SessionService } from '../../src/index.ts';
import { MemoryDirectory, MemorySessionStore } from '../../src/stores/memory/index.ts';
import { alice, openHost } from './fixture.ts';

const store = new MemorySessionStore({ directory: new MemoryDirectory() });

// A host without types can write any of these. What would be passed over is refused.
describe('a SessionService', () => {
  it.each<[string, unknown]>([
    ['no options', undefined],
    ['no store', {}],
    ['a store that is none', { store: {} }],
    ['a misspelt option', { store, polcy: {} }],
    ['a Map for a policy', { store, policy: new Map([['idleTimeoutMs', 1]]) }],
    ['a number for a policy', { store, policy: 5 }],
    ['null for a policy', { store, policy: null }],
    ['a Map for the roles of a policy', { store, policy: { byRole: new Map() } }],
    ['a number for the terms of a role', { store, policy: { byRole: { admin: 5 } } }],
    ['nothing for the terms of a role', { store, policy: { byRole: { admin: undefined } } }],
    ['roles that are no table', { store, roles: { roles: {} } }],
    ['an id generator that is no function', { store, generateSessionId: 'uuid' }],
  ])('is not made with %s', (_, options) => {
    expect(() => new SessionService(options as never)).toThrow(TypeError);
  });

  it('takes no promise for an id, and its failure ends nobody', async () => {
    const { service } = openHost({
      generateSessionId: (async () => Promise.reject(new Error('no entropy'))) as never,
    });

    await expect(service.createSession(alice.id)).rejects.toThrow(TypeError);
  });

  it('does not repeat a token that is given for a permission', async () => {
    const { service } = openHost();
    const { token } = await service.createSession(alice.id);

    const error: unknown = await service
      .validateSessionWithPermission(token, token as never)
      .catch((caught: unknown) => caught);

    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).not.toContain(token);
  });

  it.each([
    ['a NUL', '\0'],
    ['half a character', '\uD800'],
    ['a book', 'x'.repeat(256)],
  ])('takes no actor whose id has %s', async (_, actorId) => {
    const { service } = openHost();
    const { session, token } = await service.createSession(alice.id);

    await expect(service.removeSession(session.id, { actorId })).rejects.toThrow(TypeError);
    await expect(service.validateSession(token)).resolves.toMatchObject({ userId: alice.id });
  });
});
