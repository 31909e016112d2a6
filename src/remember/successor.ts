import { createHmac } from 'node:crypto';
import { secretOf } from '../token.ts';

const PURPOSE = 'mud-auth remember-token successor';

/**
 * The secret that follows that of a token: whoever presents the same token gets the same one, on every
 * node that has the key, and nobody needs to store it. HMAC-SHA256 (RFC 2104), 256 bits as base64url.
 */
export function successorSecret(key: Uint8Array, token: string, familyId: string): string {
  return createHmac('sha256', key)
    .update(`${PURPOSE}\0${familyId}\0${secretOf(token)}`)
    .digest('base64url');
}
