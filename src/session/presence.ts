import type { SessionPolicy } from './session-policy.ts';
import type { ActiveCharacter } from './session-store.ts';

/** Which sessions count as active. */
export interface ActivityOptions {
  /** Active less than this long ago, in milliseconds; 0 for no window. Default: the policy's. */
  readonly activeWithinMs?: number;
}

/** @throws TypeError for a window that is not whole milliseconds. */
export function windowOf(options: ActivityOptions, policy: SessionPolicy): number {
  const { activeWithinMs = policy.activeWindowMs } = options;
  if (Number.isSafeInteger(activeWithinMs) && activeWithinMs >= 0) return activeWithinMs;

  throw new TypeError('activeWithinMs must be whole milliseconds, or 0 for no window.');
}

/** The order of a list of those in play: by code unit, the same in every store and every locale. */
export function byCharacterName(a: ActiveCharacter, b: ActiveCharacter): number {
  if (a.characterName === b.characterName) return a.sessionId < b.sessionId ? -1 : 1;

  return a.characterName < b.characterName ? -1 : 1;
}
