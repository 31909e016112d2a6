import { describe, expect, it } from 'vitest';
import { hashPassword, verifyPassword } from '../../demo/passwords.ts';

describe('hashPassword', () => {
  it('salts each hash afresh', async () => {
    const [first, second] = await Promise.all([hashPassword('secret'), hashPassword('secret')]);

    expect(first.salt).not.toBe(second.salt);
    expect(first.hash).not.toBe(second.hash);
  });
});

describe('verifyPassword', () => {
  it('accepts the password that was hashed, and no other', async () => {
    const stored = await hashPassword('secret');

    expect(await verifyPassword('secret', stored)).toBe(true);
    expect(await verifyPassword('Secret', stored)).toBe(false);
  });

  it('accepts no password for nobody', async () => {
    expect(await verifyPassword('', null)).toBe(false);
  });
});
