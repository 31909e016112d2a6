import { describe, expect, it } from 'vitest';
import { type MudPermission, mudRoles } from '../../src/roles/mud-roles.ts';
import { canManage, hasPermission } from '../../src/roles/roles.ts';

const ROLES = ['player', 'worldbuilder', 'admin', 'superuser'] as const;

const UNKNOWN_NAMES = ['', 'emperor', 'Superuser', 'superuser ', '__proto__', 'constructor', 'toString'];

describe('hasPermission in a MUD', () => {
  // oxfmt-ignore
  it.each<[MudPermission, boolean, boolean, boolean, boolean]>([
    // permission     player  builder admin  superuser
    ['play_game',     true,   true,   true,  true],
    ['chat',          true,   true,   true,  true],
    ['edit_world',    false,  true,   true,  true],
    ['create_rooms',  false,  true,   false, true],
    ['create_items',  false,  true,   false, true],
    ['create_users',  false,  false,  true,  true],
    ['kick_users',    false,  false,  true,  true],
    ['ban_users',     false,  false,  true,  true],
    ['view_logs',     false,  false,  true,  true],
    ['stop_server',   false,  false,  true,  true],
    ['manage_users',  false,  false,  false, true],
    ['change_roles',  false,  false,  false, true],
    ['full_access',   false,  false,  false, true],
  ])('%s: player %s, worldbuilder %s, admin %s, superuser %s', (permission, ...expected) => {
    expect(ROLES.map((role) => hasPermission(mudRoles, role, permission))).toEqual(expected);
  });

  it('is asked of 13 permissions and 4 roles, and there are no more', () => {
    expect(mudRoles.permissions.size).toBe(13);
    expect([...mudRoles.roles.keys()]).toEqual([...ROLES]);
  });

  it.each(UNKNOWN_NAMES)('gives an unknown role (%o) nothing', (role) => {
    for (const permission of mudRoles.permissions)
      expect(hasPermission(mudRoles, role, permission)).toBe(false);
  });
});

describe('canManage in a MUD', () => {
  // oxfmt-ignore
  it.each([
    // actor          player  builder admin  superuser
    ['player',        [false, false,  false, false]],
    ['worldbuilder',  [true,  false,  false, false]],
    ['admin',         [true,  true,   false, false]],
    ['superuser',     [true,  true,   true,  false]],
  ])('lets a %s manage player, worldbuilder, admin, superuser: %s', (actor, expected) => {
    expect(ROLES.map((target) => canManage(mudRoles, actor, target))).toEqual(expected);
  });

  it.each(UNKNOWN_NAMES)(
    'lets only a superuser manage an unknown role (%o), which manages nobody',
    (name) => {
      expect(ROLES.map((actor) => canManage(mudRoles, actor, name))).toEqual([false, false, false, true]);
      expect(ROLES.map((target) => canManage(mudRoles, name, target))).toEqual([false, false, false, false]);
    },
  );
});
