import { randomBytes, scrypt, type ScryptOptions, timingSafeEqual } from 'node:crypto';

/** What is kept of a password, both parts in hex. */
export interface PasswordHash {
  readonly salt: string;
  readonly hash: string;
}

// One of the equivalent settings of OWASP's password storage cheat sheet.
const COST: ScryptOptions = { N: 2 ** 14, r: 8, p: 5 };
const HASH_BYTES = 32;

/** Compared with when there is no such user, so that the time taken does not tell which names exist. */
const NOBODY: PasswordHash = {
  salt: randomBytes(16).toString('hex'),
  hash: randomBytes(HASH_BYTES).toString('hex'),
};

/** Hashes a password with a fresh salt. */
export async function hashPassword(password: string): Promise<PasswordHash> {
  const salt = randomBytes(16).toString('hex');

  return { salt, hash: (await derive(password, salt)).toString('hex') };
}

/** Whether the password is the stored one; `null` stands for a user who does not exist. */
export async function verifyPassword(password: string, stored: PasswordHash | null): Promise<boolean> {
  const { salt, hash } = stored ?? NOBODY;
  const isSame = timingSafeEqual(await derive(password, salt), Buffer.from(hash, 'hex'));

  return isSame && stored !== null;
}

function derive(password: string, salt: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, HASH_BYTES, COST, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}
