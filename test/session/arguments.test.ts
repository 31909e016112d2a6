import { describe, expect, it } from 'vitest';
import { AuthError } from '../../src/errors.ts';
import type { SessionService } from '../../src/session/session-service.ts';
import { openHost } from './fixture.ts';

const METHODS = Object.getOwnPropertyNames(Object.getPrototypeOf(openHost().service)).filter(
  (name): name is Exclude<keyof SessionService, 'events' | 'policy' | 'roles'> => name !== 'constructor',
);

const WRONG: Readonly<Record<string, readonly unknown[]>> = {
  'no arguments': [],
  undefined: [undefined, undefined, undefined],
  null: [null, null, null],
  numbers: [1, 2, 3],
  symbols: [Symbol('a'), Symbol('b'), Symbol('c')],
  objects: [{}, {}, {}],
  lists: [[], [], []],
  'objects without a prototype': [Object.create(null), Object.create(null), Object.create(null)],
  'strings for options': ['x', 'y', 'z'],
  'null for options': ['x', null, null],
  'options of null': [{ touch: null, activeWithinMs: null, reason: null }, { clientType: null }, null],
};

describe.each(METHODS)('%s', (method) => {
  it.each(Object.entries(WRONG))('given %s, returns a promise: it never throws at once', async (_, args) => {
    const { service } = openHost();

    const promise: unknown = Reflect.apply(service[method], service, args);

    expect(promise).toBeInstanceOf(Promise);
    await Promise.allSettled([promise]);
  });

  it.each(Object.entries(WRONG))(
    'given %s, answers, or rejects with a TypeError or an AuthError',
    async (_, args) => {
      const { service } = openHost();

      const error = await (Reflect.apply(service[method], service, args) as Promise<unknown>).then(
        () => null,
        (reason: unknown) => reason,
      );

      expect(error === null || error instanceof TypeError || error instanceof AuthError).toBe(true);
    },
  );
});
