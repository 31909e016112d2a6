import { betterAuthPeer } from './better-auth.ts';
import { expressSession } from './express-session.ts';
import { ironSession } from './iron-session.ts';
import { lucia } from './lucia.ts';
import { mudAuth } from './mud-auth.ts';
import type { Peer } from './peer.ts';
import { rawPg } from './raw-pg.ts';

/** What every figure is a ratio to. */
export const yardstick: Peer = rawPg;

/** Those that are compared, the library first. */
export const peers: readonly Peer[] = [mudAuth, lucia, betterAuthPeer, expressSession, ironSession];
