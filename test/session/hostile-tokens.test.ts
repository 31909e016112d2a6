import { describe, expect, it } from 'vitest';
import type { SessionService } from '../../src/session/session-service.ts';
import type { TokenInput } from '../../src/session/session-resolver.ts';
import { alice, aria, openCountedHost, REFUSED, refusalOf } from './fixture.ts';

const TOKEN = 'mas_01890a5d-ac96-474b-bcce-b302099a8057.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

/** Everything that can be done to a proxy throws, reading its type alone excepted. */
const THROWING: ProxyHandler<object> = new Proxy(
  {},
  {
    get(): never {
      throw new Error('Somebody looked.');
    },
  },
);

const HOSTILE: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  'the empty string': '',
  'one byte': 'm',
  'one character less': TOKEN.slice(0, -1),
  'one character more': `${TOKEN}A`,
  'a megabyte': 'm'.repeat(1_048_576),
  'a megabyte that begins as a token': TOKEN + 'A'.repeat(1_048_576),
  NUL: '\0',
  'NUL in the id': TOKEN.replace('0', '\0'),
  'NUL in the secret': `${TOKEN.slice(0, -1)}\0`,
  'a lone high surrogate': '\ud800',
  'a lone low surrogate in the secret': `${TOKEN.slice(0, -1)}\udc00`,
  'right-to-left': `\u202e${TOKEN.slice(1)}`,
  'right-to-left letters': 'שלום',
  'digits of another script': TOKEN.replaceAll('0', '\u0660'),
  'CR and LF': `${TOKEN}\r\n`,
  'a header behind a line break': 'x\r\nSet-Cookie: a=b',
  SQL: "' OR '1'='1' --",
  'SQL of the right length': "' OR 1=1;--".padEnd(TOKEN.length, ' '),
  'a format string': '%s%s%n',
  'the name __proto__': '__proto__',
  'the name constructor': 'constructor',
  'the name toString': 'toString',
  'a list of the token': [TOKEN],
  'an empty list': [],
  'a boxed string': Object(TOKEN),
  'an object with toString': { toString: () => TOKEN, length: TOKEN.length },
  'an object with toPrimitive': { [Symbol.toPrimitive]: () => TOKEN, length: TOKEN.length },
  'an object without a prototype': Object.create(null),
  'a buffer': Buffer.from(TOKEN),
  'a number': 84,
  NaN: NaN,
  'a bigint': 84n,
  true: true,
  'a symbol': Symbol(TOKEN),
  'a function': () => TOKEN,
  'a proxy that throws': new Proxy({}, THROWING),
  'a callable proxy that throws': new Proxy(() => TOKEN, THROWING),
};

const REFUSING: Readonly<Record<string, (service: SessionService, token: TokenInput) => Promise<unknown>>> = {
  validateSession: (service, token) => service.validateSession(token),
  validateSessionForGame: (service, token) => service.validateSessionForGame(token),
  validateSessionWithPermission: (service, token) => service.validateSessionWithPermission(token, 'chat'),
  selectCharacter: (service, token) => service.selectCharacter(token, aria.id),
  releaseCharacter: (service, token) => service.releaseCharacter(token),
};

const SHRUGGING: Readonly<Record<string, (service: SessionService, token: TokenInput) => Promise<unknown>>> =
  {
    getUsernameFromSession: (service, token) => service.getUsernameFromSession(token),
    getUsernameAndRoleFromSession: (service, token) => service.getUsernameAndRoleFromSession(token),
  };

// What a client sends, before anybody has looked at its type.
const CASES = Object.entries(HOSTILE).map(([title, value]) => [title, value as TokenInput] as const);

describe.each(Object.entries(REFUSING))('%s', (_, call) => {
  it.each(CASES)('refuses %s as any other token, and asks nothing of the store', async (__, token) => {
    const { calls, service } = openCountedHost();
    const expected = await refusalOf(call(service, TOKEN));
    calls.length = 0;

    const refusal = await refusalOf(call(service, token));

    expect(refusal).toBe(expected);
    expect(JSON.parse(refusal)).toMatchObject(REFUSED);
    expect(calls).toEqual([]);
  });

  it('asks the store about a token of the right shape', async () => {
    const { calls, service } = openCountedHost();

    await expect(call(service, TOKEN)).rejects.toMatchObject(REFUSED);

    expect(calls).toEqual(['findSession', 'findEnding']);
  });
});

describe.each(Object.entries(SHRUGGING))('%s', (_, call) => {
  it.each(CASES)('gives null for %s, and asks nothing of the store', async (__, token) => {
    const { calls, service } = openCountedHost();

    expect(await call(service, token)).toBeNull();
    expect(calls).toEqual([]);
  });
});

describe('logout', () => {
  it.each(CASES)('is false for %s, and asks nothing of the store', async (_, token) => {
    const { calls, service } = openCountedHost();

    expect(await service.logout(token)).toBe(false);
    expect(calls).toEqual([]);
  });
});

describe('validateSession', () => {
  it('is none the worse for all of them', async () => {
    const { service } = openCountedHost();
    const { token } = await service.createSession(alice.id);

    for (const [, hostile] of CASES) await refusalOf(service.validateSession(hostile));

    await expect(service.validateSession(token)).resolves.toBeDefined();
  });
});
