import { canManage, type RoleTable } from '../roles/roles.ts';
import type { ActivityOptions } from '../session/presence.ts';
import type { Principal } from '../session/principal.ts';
import type { PresentCharacter } from './link-store.ts';

/** Whom to show. */
export interface WhoOptions extends ActivityOptions {
  /** Who looks: those who hide from lower ranks are shown to him unless they outrank him. Default: to nobody. */
  readonly viewer?: Principal;
}

/** How many there are, in one world or in all. */
export interface Headcount {
  /** Users. One who plays two characters is one. */
  readonly players: number;
  /** Sessions, each with a character. */
  readonly sessions: number;
}

/** How many there are in all, and in each world that has any. */
export interface Presence extends Headcount {
  readonly worlds: ReadonlyMap<string, Headcount>;
}

/** Those whom a viewer may see. */
export function visibleTo(
  viewer: Principal | undefined,
  present: readonly PresentCharacter[],
  roles: RoleTable<string>,
): PresentCharacter[] {
  return present.filter(({ isHidden, userId, role }) => {
    if (!isHidden) return true;
    if (viewer === undefined) return false;

    return viewer.userId === userId || ranksAtLeast(roles, viewer.role, role);
  });
}

export function presenceOf(present: readonly PresentCharacter[]): Presence {
  const worlds = new Map<string, PresentCharacter[]>();
  for (const each of present) {
    const others = worlds.get(each.worldId);
    if (others === undefined) worlds.set(each.worldId, [each]);
    else others.push(each);
  }

  return {
    ...headcountOf(present),
    worlds: new Map(Array.from(worlds, ([worldId, those]) => [worldId, headcountOf(those)])),
  };
}

function headcountOf(present: readonly PresentCharacter[]): Headcount {
  return { players: new Set(present.map(({ userId }) => userId)).size, sessions: present.length };
}

function ranksAtLeast(roles: RoleTable<string>, role: string, other: string): boolean {
  if (canManage(roles, role, other)) return true;
  const rank = roles.roles.get(role)?.rank;

  return rank !== undefined && rank === roles.roles.get(other)?.rank;
}
