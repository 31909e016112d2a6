import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isSessionId, looksLikeToken, mintToken, newUuid, readToken, sameSecret } from '../src/token.ts';

const ID = '01890a5d-ac96-774b-bcce-b302099a8057';
const SECRET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNO-_';
const TOKEN = `mas_${ID}.${SECRET}`;

describe('newUuid', () => {
  it('is a new UUID of version 4 in lower-case canonical form', () => {
    const ids = Array.from({ length: 100 }, newUuid);

    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(ids).size).toBe(100);
  });
});

describe('mintToken', () => {
  it('is the kind, the session id, and a secret of 32 bytes as base64url', () => {
    const { token } = mintToken('mas', ID);

    expect(token).toMatch(/^mas_01890a5d-ac96-774b-bcce-b302099a8057\.[\w-]{43}$/);
    expect(Buffer.from(token.slice(41), 'base64url')).toHaveLength(32);
  });

  it('gives a hash with memory of its own, for a store to keep', () => {
    expect(mintToken('mas', ID).secretHash.buffer.byteLength).toBe(32);
  });

  it('has another secret each time', () => {
    const secrets = Array.from({ length: 100 }, () => mintToken('mas', ID).token);

    expect(new Set(secrets).size).toBe(100);
  });

  it('varies each of the 256 bits', () => {
    // That one bit of true chance stays the same 400 times has odds of 2 to the -391.
    const secrets = Array.from({ length: 400 }, () =>
      Buffer.from(mintToken('mas', ID).token.slice(41), 'base64url'),
    );

    const everSet = secrets.reduce(
      (bits, secret) => bits.map((byte, n) => byte | (secret[n] ?? 0)),
      Array(32).fill(0),
    );
    const everClear = secrets.reduce(
      (bits, secret) => bits.map((byte, n) => byte & (secret[n] ?? 0)),
      Array(32).fill(255),
    );
    expect(everSet).toEqual(Array(32).fill(255));
    expect(everClear).toEqual(Array(32).fill(0));
  });

  it('keeps SHA-256 of the text of the secret, 32 bytes', () => {
    const { token, secretHash } = mintToken('mas', ID);

    expect(Buffer.from(secretHash)).toEqual(createHash('sha256').update(token.slice(41), 'utf8').digest());
  });
});

describe('readToken', () => {
  it('reads the session id, and hashes the secret', () => {
    const presented = readToken('mas', TOKEN);

    expect(presented?.id).toBe(ID);
    expect(Buffer.from(presented?.secretHash ?? [])).toEqual(createHash('sha256').update(SECRET).digest());
  });

  it('reads a token of its kind alone', () => {
    const { token } = mintToken('mar', ID);

    expect(readToken('mar', token)?.id).toBe(ID);
    expect(readToken('mas', token)).toBeNull();
    expect(readToken('mar', TOKEN)).toBeNull();
  });

  it('reads what is minted', () => {
    const { token, secretHash } = mintToken('mas', ID);

    const presented = readToken('mas', token);
    expect(presented?.id).toBe(ID);
    expect(sameSecret(presented?.secretHash ?? new Uint8Array(), secretHash)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['nothing', ''],
    ['undefined', undefined],
    ['a number', 84],
    ['a list of a token', [TOKEN]],
    ['a boxed token', Object(TOKEN)],
    ['a token cut short', TOKEN.slice(0, -1)],
    ['a token with something behind it', `${TOKEN}x`],
    ['a token with a line break in place of its end', `${TOKEN.slice(0, -1)}\n`],
    ['a token behind a line', `x\n${TOKEN}`],
    ['a token that begins a character late', ` ${TOKEN.slice(0, -1)}`],
    ['another kind', TOKEN.replace('mas_', 'mar_')],
    ['upper case in the kind', TOKEN.replace('mas_', 'mAs_')],
    ['upper case in the id', TOKEN.replace('ac96', 'AC96')],
    ['no hexadecimal digit in the id', TOKEN.replace('ac96', 'gc96')],
    ['a dash in another place', TOKEN.replace('d-a', '-da')],
    ['another separator', TOKEN.replace('.', '-')],
    ['base64 of the other alphabet', TOKEN.replace('-_', '+/')],
    ['padding', TOKEN.replace('-_', '-=')],
    ['a letter that is none of ASCII', TOKEN.replace('-_', '-é')],
  ])('gives null for %s', (_, value) => {
    expect(readToken('mas', value)).toBeNull();
  });
});

describe('sameSecret', () => {
  it('is true of the same bytes', () => {
    expect(sameSecret(Uint8Array.of(1, 2, 3), Buffer.from([1, 2, 3]))).toBe(true);
  });

  it.each([
    ['the first byte', [0, 2, 3]],
    ['the last byte', [1, 2, 0]],
    ['one byte less', [1, 2]],
    ['one byte more', [1, 2, 3, 0]],
    ['no bytes', []],
  ])('is false of another: %s', (_, bytes) => {
    expect(sameSecret(Uint8Array.of(1, 2, 3), Uint8Array.from(bytes))).toBe(false);
  });
});

describe('isSessionId', () => {
  it.each(['01890a5d-ac96-774b-bcce-b302099a8057', '00000000-0000-0000-0000-000000000000'])(
    'is true of %s',
    (id) => {
      expect(isSessionId(id)).toBe(true);
    },
  );

  it.each([
    '',
    ID.toUpperCase(),
    `{${ID}}`,
    `urn:uuid:${ID}`,
    ID.replaceAll('-', ''),
    `${ID}\n`,
    ` ${ID}`,
    `${ID}0`,
    ID.slice(1),
    TOKEN,
  ])('is false of %j', (value) => {
    expect(isSessionId(value)).toBe(false);
  });
});

describe('looksLikeToken', () => {
  it.each([
    TOKEN,
    'mas_',
    'mar_x',
    'mat_x',
    'MAS_X',
    ` ${TOKEN}`,
    `\r\n\t${TOKEN}`,
    `\ufeff${TOKEN}`,
    '\u00a0mas_',
    `Bearer ${TOKEN}`,
    `"${TOKEN}"`,
    `?token=${TOKEN}&a=b`,
    TOKEN.replace('mas_', 'Bearer MAR_'),
  ])('is true of %j', (value) => {
    expect(looksLikeToken(value)).toBe(true);
  });

  it.each(['', ID, 'ma_', 'mass_', 'm a s_', 'xmas_', 'mas', 'user mas_', `Bearer ${ID}`, TOKEN.slice(4)])(
    'is false of %j',
    (value) => {
      expect(looksLikeToken(value)).toBe(false);
    },
  );
});
