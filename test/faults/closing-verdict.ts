import type { RemovalReason } from '../../src/index.ts';
import type { Closing, Player, Report } from './live-node.ts';

/** A session that was ended, for this reason, by a call that returned at this time. */
export interface Revoked {
  readonly reason: RemovalReason;
  readonly at: number;
}

/** The session ids of connections with which something is wrong. */
export interface Verdict {
  /** Their sessions have ended, and they were not closed. */
  readonly missed: readonly string[];
  /** They were, and later than is promised. */
  readonly late: readonly string[];
  readonly closedTwice: readonly string[];
  /** They were told another reason than that of the revoke. */
  readonly misinformed: readonly string[];
  /** Their sessions live, and yet they were closed, or let go of. */
  readonly thrownOut: readonly string[];
  /** Their sessions have ended, and yet the node says that it has them. */
  readonly kept: readonly string[];
}

export const FLAWLESS: Verdict = {
  missed: [],
  late: [],
  closedTwice: [],
  misinformed: [],
  thrownOut: [],
  kept: [],
};

/** Compares what was closed with what should have been. */
export function judge(
  players: readonly Player[],
  revoked: ReadonlyMap<string, Revoked>,
  { closings, attached }: Report,
  limitMs: number,
): Verdict {
  const closed = Map.groupBy(closings, ({ sessionId }) => sessionId);
  const there = new Set(attached);
  const all = players.map(({ sessionId }) => sessionId);
  const ended = all.filter((id) => revoked.has(id));
  const isAsRevoked = (id: string, wanted: (closing: Closing, revoke: Revoked) => boolean): boolean => {
    const revoke = revoked.get(id);

    return (closed.get(id) ?? []).every((closing) => revoke === undefined || wanted(closing, revoke));
  };

  return {
    missed: ended.filter((id) => !closed.has(id)),
    late: ended.filter((id) => !isAsRevoked(id, (closing, { at }) => closing.at - at <= limitMs)),
    closedTwice: all.filter((id) => (closed.get(id)?.length ?? 0) > 1),
    misinformed: ended.filter((id) => !isAsRevoked(id, (closing, { reason }) => closing.reason === reason)),
    thrownOut: all.filter((id) => !revoked.has(id) && (closed.has(id) || !there.has(id))),
    kept: ended.filter((id) => there.has(id)),
  };
}

/** How long after the return of the revoke connections were closed, in words. */
export function latencies(revoked: ReadonlyMap<string, Revoked>, { closings }: Report): string {
  const all = closings
    .map(({ sessionId, at }) => at - (revoked.get(sessionId)?.at ?? Number.NaN))
    .filter((ms) => !Number.isNaN(ms))
    .toSorted((a, b) => a - b);

  return `median ${all[Math.floor(all.length / 2)]} ms, at most ${all.at(-1)} ms`;
}
