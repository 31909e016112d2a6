import type { Character, User } from '../../src/directory.ts';
import type { RememberStore } from '../../src/remember/remember-store.ts';
import { SessionService } from '../../src/session/session-service.ts';
import type { SessionServiceOptions } from '../../src/session/session-service-options.ts';
import type { LinkStore } from '../../src/live/link-store.ts';
import type { MaintenanceStore } from '../../src/maintenance/maintenance-store.ts';
import { MemoryDirectory } from '../../src/stores/memory/memory-directory.ts';
import { MemoryLinkStore } from '../../src/stores/memory/memory-link-store.ts';
import { MemoryMaintenanceStore } from '../../src/stores/memory/memory-maintenance-store.ts';
import { MemoryRememberStore } from '../../src/stores/memory/memory-remember-store.ts';
import { MemorySessionStore } from '../../src/stores/memory/memory-session-store.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

export const SECOND = 1_000;
export const MINUTE: number = 60 * SECOND;
export const DAY: number = 24 * 60 * MINUTE;

/** Alice plays Aria in the world `mist` and Borin in `stone`; Bob plays Cato in `mist`. */
export const alice: User = { id: 'user-1', username: 'alice', role: 'player', disabled: false };
export const bob: User = { id: 'user-2', username: 'bob', role: 'player', disabled: false };
export const aria: Character = { id: 'character-1', userId: alice.id, name: 'Aria', worldId: 'mist' };
export const borin: Character = { id: 'character-2', userId: alice.id, name: 'Borin', worldId: 'stone' };
export const cato: Character = { id: 'character-3', userId: bob.id, name: 'Cato', worldId: 'mist' };

/** What a host without types might pass where a string is wanted: said to be strings, and not. */
export const NOT_STRINGS: readonly (readonly [string, string])[] = Object.entries({
  undefined: undefined,
  null: null,
  'a number': 1,
  'a boolean': true,
  'a list of one id': [alice.id],
  'a plain object': {},
  'an object that reads as an id': { toString: () => alice.id },
  'a boxed string': Object(alice.id) as unknown,
  'a symbol': Symbol(alice.id),
}) as unknown as [string, string][];

/** The one refusal of every token that opens nothing and never did. */
export const REFUSED = {
  name: 'InvalidSessionError',
  code: 'session_invalid',
  status: 401,
  reason: null,
} as const;

/** Stands between a service and its stores: may act before the call, after it, or instead of it. */
export type Around = (
  method: keyof MemorySessionStore | keyof LinkStore | keyof MaintenanceStore | keyof RememberStore,
  call: () => Promise<unknown>,
) => Promise<unknown>;

/** A MUD server of a test: its people, its clock, its store, and the service on top. */
export interface Host {
  readonly clock: FakeClock;
  readonly directory: MemoryDirectory;
  /** The store itself, with nothing around it. */
  readonly store: MemorySessionStore;
  /** The same with what the test has put around it. */
  readonly port: MemorySessionStore;
  /** The stores that belong to it, with the same around them. */
  readonly links: LinkStore;
  readonly closing: MaintenanceStore;
  readonly families: RememberStore;
  readonly service: SessionService;
}

export interface HostOptions extends Omit<SessionServiceOptions, 'store'> {
  readonly around?: Around;
  readonly directory?: MemoryDirectory;
}

export function openHost({ around, directory = peopledDirectory(), ...options }: HostOptions = {}): Host {
  const clock = new FakeClock();
  const store = new MemorySessionStore({ directory, clock });
  const port = intercepted(store, around);
  const links = intercepted(new MemoryLinkStore(store), around);
  const closing = intercepted(new MemoryMaintenanceStore(store), around);
  const families = intercepted(new MemoryRememberStore(store), around);
  const service = new SessionService({ ...options, store: port });

  return { clock, directory, store, port, links, closing, families, service };
}

/** A host that notes which methods of the store are called, in `calls`. */
export function openCountedHost(options: HostOptions = {}): Host & { readonly calls: string[] } {
  const calls: string[] = [];
  const host = openHost({
    ...options,
    around(method, call) {
      calls.push(method);

      return call();
    },
  });

  return { ...host, calls };
}

export function peopledDirectory(): MemoryDirectory {
  return new MemoryDirectory({ users: [alice, bob], characters: [aria, borin, cato] });
}

/** The store, all of whose calls pass through `around`, if there is one. */
function intercepted<Store extends object>(store: Store, around: Around | undefined): Store {
  if (around === undefined) return store;

  return new Proxy(store, {
    get(target, name) {
      return (...args: readonly unknown[]) =>
        // A method of the port and its own arguments: whatever it gives is a promise.
        around(name as Parameters<Around>[0], () =>
          Reflect.apply(Reflect.get(target, name) as () => Promise<unknown>, target, args),
        );
    },
  });
}

/** A token with the same session id and another secret of the right shape. */
export function withWrongSecret(token: string): string {
  const [head, secret = ''] = token.split('.');

  return `${head}.${secret.startsWith('A') ? 'B' : 'A'}${secret.slice(1)}`;
}

/** What a promise rejects with; fails the test if it does not, or not with an error. */
export async function errorOf(promise: Promise<unknown>): Promise<Error> {
  const outcome = await promise.then(
    () => 'no rejection',
    (reason: unknown) => reason,
  );
  if (outcome instanceof Error) return outcome;

  throw new TypeError(`An error was expected, there was: ${String(outcome)}`);
}

/** All that a client could tell one refusal from another by. */
export async function refusalOf(promise: Promise<unknown>): Promise<string> {
  const error: Error & { code?: unknown; status?: unknown; reason?: unknown } = await errorOf(promise);
  const { name, message, code, status, reason } = error;

  return JSON.stringify({ name, message, code, status, reason });
}
