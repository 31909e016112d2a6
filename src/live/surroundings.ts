import type { CheckedSession } from '../session/session-check.ts';
import type { Principal } from '../session/principal.ts';
import type { UnlinkOutcome } from './link-store.ts';
import type { LiveSession } from './live-session.ts';

/** What a session in the care of a node needs of it. */
export interface Surroundings {
  readonly nodeId: string;
  readonly severalConnections: boolean;
  readonly warnBeforeMs: number;
  readonly offlineGraceMs: number;
  /** As `SessionService.checkSession`. */
  readonly check: (sessionId: string) => Promise<CheckedSession>;
  /** What the store is told of the connections. */
  readonly links: {
    readonly link: (sessionId: string) => Promise<void>;
    readonly unlink: (sessionId: string) => Promise<UnlinkOutcome>;
    readonly drop: (sessionId: string, graceMs: number) => Promise<boolean>;
  };
  /** What the host says while its game is closed. Does not reject. */
  readonly maintenanceMessage: () => Promise<string | undefined>;
  readonly graceMsFor: (principal: Principal) => number;
  /** Whether a link-dead player may leave the game now. Does not reject. */
  readonly mayLeave: (principal: Principal) => Promise<boolean>;
  readonly onLinkDead: (principal: Principal) => Promise<void> | void;
  readonly onLeft: (principal: Principal) => Promise<void> | void;
  /** Told of what a connection's functions throw, and of what could not be saved yet. */
  readonly onError: (error: unknown) => void;
  /** Told when there is nothing left to watch. */
  readonly onOver: (session: LiveSession) => void;
}
