import type { EndingReason } from '../session/ending.ts';
import type { CheckedSession } from '../session/session-check.ts';
import type { Principal } from '../session/principal.ts';
import { termsFor } from '../session/session-policy.ts';
import type { OnError } from '../safely.ts';
import { withTimeLimit } from '../time-limit.ts';
import type { UnlinkOutcome } from './link-store.ts';
import type { LiveSessionsOptions } from './live-sessions-options.ts';
import type { Outage } from './outage.ts';

/** Those who are sent out are not to wait for a word of the host's any longer. */
const MESSAGE_PATIENCE_MS = 2_000;

/** A host may take so long to say whether a player may leave. */
const VETO_PATIENCE_MS = 10_000;

/** Why nobody waits for a link-dead player any more. */
export type LeavingReason = EndingReason | 'grace_over' | 'invalid';

/** What a session in the care of a node needs of it. */
export interface Surroundings {
  readonly nodeId: string;
  readonly severalConnections: boolean;
  readonly warnBeforeMs: number;
  /** To be told of each look. */
  readonly outage: Outage;
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
  readonly onLeft: (principal: Principal, reason: LeavingReason) => Promise<void> | void;
  /** Told of what a connection's functions throw, and of what could not be saved yet. */
  readonly onError: OnError;
  /** Told when there is nothing left to watch. */
  readonly onOver: (session: { readonly id: string }) => void;
  /** Told of connections that are being closed. */
  readonly onClosing: (closing: Promise<unknown>) => void;
}

/** The surroundings that a host's options make. */
export function surroundingsOf(
  options: LiveSessionsOptions,
  own: Pick<Surroundings, 'nodeId' | 'outage' | 'onError' | 'onOver' | 'onClosing'>,
): Surroundings {
  const { sessions, store, severalConnections = false, warnBeforeMs = 120_000 } = options;
  const { maintenance, mayLeave = () => true, onLinkDead = () => {}, onLeft = () => {} } = options;
  const { nodeId, onError } = own;
  const { events, policy } = sessions;

  const tellMoved = (sessionId: string): void =>
    void events.publish({ type: 'session_moved', sessionId }).catch(onError);

  return {
    ...own,
    severalConnections,
    warnBeforeMs,
    check: (sessionId) => sessions.checkSession(sessionId),
    links: {
      async link(sessionId) {
        const linked = await store.linkSession({ sessionId, nodeId });
        const former = linked.outcome === 'linked' ? linked.former : null;
        if (former !== null && former.nodeId !== nodeId && former.linkDeadSince === null)
          tellMoved(sessionId);
      },
      async unlink(sessionId) {
        const outcome = await store.unlinkSession({ sessionId, nodeId });
        // Another node may have a connection still, and then the link is to be its.
        if (outcome === 'link_dead' && severalConnections) tellMoved(sessionId);

        return outcome;
      },
      drop: (sessionId, graceMs) => store.dropLinkDead({ sessionId, nodeId }, graceMs),
    },
    maintenanceMessage: shared(async () => {
      try {
        const current = maintenance === undefined ? null : maintenance.current();
        return (await withTimeLimit(Promise.resolve(current), MESSAGE_PATIENCE_MS))?.message;
      } catch {
        return undefined; // the library has words of its own
      }
    }),
    graceMsFor: ({ role }) => termsFor(policy, role).linkDeadGraceMs,
    async mayLeave(principal) {
      try {
        const may: unknown = await withTimeLimit(Promise.resolve(mayLeave(principal)), VETO_PATIENCE_MS);

        return may !== false; // a rule that forgets to answer keeps nobody
      } catch (error) {
        onError(error); // a mistake of the host's is not to keep ghosts in its game
        return true;
      }
    },
    onLinkDead,
    onLeft,
  };
}

/** Calls at the same time get the same answer. */
function shared<T>(ask: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | null = null;

  return () => (underWay ??= ask().finally(() => (underWay = null)));
}
