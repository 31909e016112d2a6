import { hash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';

/** What a token is good for: `mas`, to use a session; `mar`, to start a new one on a client that is remembered. */
export type TokenKind = 'mas' | 'mar';

const SECRET_BYTES = 32;

// The whole shape is checked before anything is hashed or asked of a store: 84 characters, no more.
const TOKEN_LENGTH = 'mas_'.length + 36 + 1 + 43;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TOKEN = /^(ma[rs])_([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.([\w-]{43})$/;
const TOKEN_OF_ANY_KIND = /^\s*ma[a-z]_|ma[a-z]_[0-9a-f-]{36}\./i;

// Of a secret the text is hashed, not the bytes it stands for: 43 base64url characters carry two spare
// bits, so four different texts would decode to the same secret.

/** What a well-formed token says: whose it is, and the hash of the secret presented for it. */
export interface PresentedToken {
  /** The public id, of a session for one. */
  readonly id: string;
  readonly secretHash: Uint8Array;
}

/** A token to hand to the client once, and what a store keeps of it. */
export interface MintedToken {
  readonly token: string;
  readonly secretHash: Uint8Array;
}

/** A new random session id: a UUID of version 4 (RFC 9562). */
export function newUuid(): string {
  return randomUUID();
}

/** Mints a token: its kind, its public id, and a secret, by default 256 fresh random bits. */
export function mintToken(
  kind: TokenKind,
  id: string,
  secret: string = randomBytes(SECRET_BYTES).toString('base64url'),
): MintedToken {
  return { token: `${kind}_${id}.${secret}`, secretHash: new Uint8Array(hashOf(secret)) };
}

/** Reads a token of whatever type and length a caller presents; `null` if it cannot be one of this kind. */
export function readToken(kind: TokenKind, value: unknown): PresentedToken | null {
  if (typeof value !== 'string' || value.length !== TOKEN_LENGTH) return null;

  const [, foundKind, id, secret] = TOKEN.exec(value) ?? [];
  if (foundKind !== kind || id === undefined || secret === undefined) return null;

  return { id, secretHash: hashOf(secret) };
}

/** The secret in a token that has been read. */
export function secretOf(token: string): string {
  return token.slice(token.indexOf('.') + 1);
}

/** Compares two secret hashes in constant time. */
export function sameSecret(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Whether the value is a UUID in lower-case canonical form. */
export function isSessionId(value: string): boolean {
  return UUID.test(value);
}

/** Whether the text begins as a token of any kind does, whole or not, or has one inside. */
export function looksLikeToken(value: string): boolean {
  return TOKEN_OF_ANY_KIND.test(value);
}

// In the memory that buffers share, which is quickly had, and for a hash that is thrown away at once.
// One that is kept needs memory of its own, or it keeps the eight kilobytes around it.
function hashOf(secret: string): Uint8Array {
  return Buffer.from(hash('sha256', secret, 'binary'), 'latin1');
}
