import { describe, expectTypeOf, it } from 'vitest';
import { type MudPermission, mudRoles } from '../../src/roles/mud-roles.ts';
import { canManage, defineRoles, hasPermission, type RoleTable } from '../../src/roles/roles.ts';

type ShipRoles = RoleTable<'row' | 'sail'>;

const ship = defineRoles({
  permissions: ['row', 'sail'],
  fullAccess: 'sail',
  roles: { sailor: { rank: 1, permissions: ['row'] } },
});

describe('defineRoles', () => {
  it('infers the names of the permissions', () => {
    expectTypeOf(ship).toEqualTypeOf<ShipRoles>();
  });

  it('compiles no role with a misspelt permission', () => {
    const misspelt = defineRoles({
      permissions: ['row', 'sail'],
      // @ts-expect-error -- "sali" is not in the list, and does not come into it
      roles: { sailor: { rank: 1, permissions: ['sali'] } },
    });

    expectTypeOf(misspelt).toEqualTypeOf<ShipRoles>();
  });

  it('compiles no misspelt full access', () => {
    const misspelt = defineRoles({
      permissions: ['row', 'sail'],
      // @ts-expect-error -- "al" is not in the list, and does not come into it
      fullAccess: 'al',
      roles: {},
    });

    expectTypeOf(misspelt).toEqualTypeOf<ShipRoles>();
  });

  it('compiles no role without a rank', () => {
    const unranked = defineRoles({
      permissions: ['row', 'sail'],
      // @ts-expect-error -- a rank is required
      roles: { sailor: { permissions: ['row'] } },
    });

    expectTypeOf(unranked).toEqualTypeOf<ShipRoles>();
  });

  it('gives a table that cannot be written to', () => {
    expectTypeOf(ship.permissions).toEqualTypeOf<ReadonlySet<'row' | 'sail'>>();
    expectTypeOf(ship.roles).not.toHaveProperty('set');
    // @ts-expect-error -- read-only
    ship.permissions = new Set();
  });
});

describe('hasPermission', () => {
  it('takes the permissions of the table, and any role', () => {
    expectTypeOf(hasPermission(ship, 'whoever', 'row')).toEqualTypeOf<boolean>();
    // @ts-expect-error -- "rwo" is not in the list
    hasPermission(ship, 'sailor', 'rwo');
    // @ts-expect-error -- a permission of another table
    hasPermission(ship, 'sailor', 'chat');
  });
});

describe('canManage', () => {
  it('takes any table and any two roles', () => {
    expectTypeOf(canManage(ship, 'sailor', 'whoever')).toEqualTypeOf<boolean>();
    expectTypeOf(canManage(mudRoles, 'admin', 'player')).toEqualTypeOf<boolean>();
  });
});

describe('mudRoles', () => {
  it('has thirteen permissions by name', () => {
    expectTypeOf(mudRoles).toEqualTypeOf<RoleTable<MudPermission>>();
    expectTypeOf<MudPermission>().toEqualTypeOf<
      | 'play_game'
      | 'chat'
      | 'edit_world'
      | 'create_rooms'
      | 'create_items'
      | 'create_users'
      | 'kick_users'
      | 'ban_users'
      | 'view_logs'
      | 'stop_server'
      | 'manage_users'
      | 'change_roles'
      | 'full_access'
    >();
  });
});
