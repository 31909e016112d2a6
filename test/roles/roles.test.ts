import { describe, expect, it } from 'vitest';
import {
  canManage,
  defineRoles,
  hasPermission,
  type RoleTable,
  type RoleTableDefinition,
} from '../../src/roles/roles.ts';

const UNKNOWN_NAMES = [
  '',
  'passenger',
  'Captain',
  ' captain',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
];

const ship = defineRoles({
  permissions: ['row', 'sail', 'steer', 'everything'],
  fullAccess: 'everything',
  roles: {
    oarsman: { rank: 1, permissions: ['row'] },
    sailor: { rank: 2, permissions: ['sail'] },
    cook: { rank: 2, permissions: [] },
    captain: { rank: 9, permissions: ['everything'] },
    owner: { rank: 9, permissions: ['everything'] },
  },
});

describe('defineRoles', () => {
  it('lists every permission and every role', () => {
    expect([...ship.permissions]).toEqual(['row', 'sail', 'steer', 'everything']);
    expect([...ship.roles.keys()]).toEqual(['oarsman', 'sailor', 'cook', 'captain', 'owner']);
    expect(ship.roles.get('sailor')).toEqual({ rank: 2, permissions: new Set(['sail']) });
  });

  it('spells full access out', () => {
    expect(ship.roles.get('captain')?.permissions).toEqual(new Set(['row', 'sail', 'steer', 'everything']));
  });

  it('takes a permission for full access only where it is called so', () => {
    const roles = defineRoles({
      permissions: ['row', 'everything'],
      roles: { captain: { rank: 1, permissions: ['everything'] } },
    });

    expect(hasPermission(roles, 'captain', 'row')).toBe(false);
  });

  it('is not changed by what becomes of its definition', () => {
    const permissions: ('row' | 'sail')[] = ['row'];
    const granted: ('row' | 'sail')[] = [];
    const roles = defineRoles({ permissions, roles: { sailor: { rank: 1, permissions: granted } } });

    permissions.push('sail');
    granted.push('row', 'sail');

    expect([...roles.permissions]).toEqual(['row']);
    expect(hasPermission(roles, 'sailor', 'row')).toBe(false);
  });

  it('may have negative ranks, fractions and gaps', () => {
    const roles = defineRoles({
      permissions: [],
      roles: { ghost: { rank: -1, permissions: [] }, half: { rank: 0.5, permissions: [] } },
    });

    expect(canManage(roles, 'half', 'ghost')).toBe(true);
  });

  it('may call a role __proto__', () => {
    const roles = defineRoles({
      permissions: ['row'],
      roles: { ['__proto__']: { rank: 1, permissions: ['row'] } },
    });

    expect(hasPermission(roles, '__proto__', 'row')).toBe(true);
    expect(hasPermission(roles, 'constructor', 'row')).toBe(false);
  });

  it.each<[string, RoleTableDefinition<string>]>([
    [
      'an unlisted permission',
      { permissions: ['row'], roles: { sailor: { rank: 1, permissions: ['sail'] } } },
    ],
    [
      'a permission of every object',
      { permissions: [], roles: { sailor: { rank: 1, permissions: ['toString'] } } },
    ],
    ['an unlisted full access', { permissions: ['row'], fullAccess: 'everything', roles: {} }],
    ['a rank of NaN', { permissions: [], roles: { sailor: { rank: NaN, permissions: [] } } }],
    ['an infinite rank', { permissions: [], roles: { sailor: { rank: Infinity, permissions: [] } } }],
    // What a host without types might give.
    [
      'a rank of text',
      { permissions: [], roles: { sailor: { rank: '1' as unknown as number, permissions: [] } } },
    ],
    [
      'no rank',
      { permissions: [], roles: { sailor: { permissions: [] } as unknown as { rank: 1; permissions: [] } } },
    ],
  ])('finds %s a mistake', (_, definition) => {
    expect(() => defineRoles(definition)).toThrow(TypeError);
  });
});

describe('hasPermission', () => {
  it('is what the role is given, and nothing of lower ranks', () => {
    expect(hasPermission(ship, 'sailor', 'sail')).toBe(true);
    expect(hasPermission(ship, 'sailor', 'row')).toBe(false);
    expect(hasPermission(ship, 'cook', 'row')).toBe(false);
  });

  it.each(UNKNOWN_NAMES)('is false of an unknown role (%o)', (role) => {
    for (const permission of ship.permissions) expect(hasPermission(ship, role, permission)).toBe(false);
  });

  it.each(['', 'fly', 'Row', '__proto__', 'constructor', 'has'])(
    'is false of an unknown permission (%o), with full access too',
    (permission) => {
      // Types let a host know only its own permissions; a name that comes from outside has none.
      const untyped: RoleTable<string> = ship;

      for (const role of ship.roles.keys()) expect(hasPermission(untyped, role, permission)).toBe(false);
    },
  );
});

describe('canManage', () => {
  it.each([
    // actor, and whether he may manage: oarsman, sailor, cook, captain, owner
    ['oarsman', [false, false, false, false, false]],
    ['sailor', [true, false, false, false, false]],
    ['cook', [true, false, false, false, false]],
    ['captain', [true, true, true, false, false]],
    ['owner', [true, true, true, false, false]],
  ])('lets the %s manage strictly lower ranks only', (actor, expected) => {
    const targets = ['oarsman', 'sailor', 'cook', 'captain', 'owner'];

    expect(targets.map((target) => canManage(ship, actor, target))).toEqual(expected);
  });

  it.each(UNKNOWN_NAMES)('lets an unknown role (%o) manage nobody, not even its like', (actor) => {
    for (const target of [...ship.roles.keys(), ...UNKNOWN_NAMES])
      expect(canManage(ship, actor, target)).toBe(false);
  });

  it.each(UNKNOWN_NAMES)('lets only the highest rank manage an unknown role (%o)', (target) => {
    const managers = [...ship.roles.keys()].filter((actor) => canManage(ship, actor, target));

    expect(managers).toEqual(['captain', 'owner']);
  });

  it('lets nobody manage anybody without roles', () => {
    const none = defineRoles({ permissions: [], roles: {} });

    expect(canManage(none, 'player', 'player')).toBe(false);
  });
});
