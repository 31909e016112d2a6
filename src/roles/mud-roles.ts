import { defineRoles, type RoleTable } from './roles.ts';

/** The permissions of {@link mudRoles}. */
export type MudPermission =
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
  | 'full_access';

/** The roles most MUDs have: player, worldbuilder, admin, superuser. */
export const mudRoles: RoleTable<MudPermission> = defineRoles<MudPermission>({
  permissions: [
    'play_game',
    'chat',
    'edit_world',
    'create_rooms',
    'create_items',
    'create_users',
    'kick_users',
    'ban_users',
    'view_logs',
    'stop_server',
    'manage_users',
    'change_roles',
    'full_access',
  ],
  fullAccess: 'full_access',
  roles: {
    player: { rank: 1, permissions: ['play_game', 'chat'] },
    worldbuilder: {
      rank: 2,
      permissions: ['play_game', 'chat', 'edit_world', 'create_rooms', 'create_items'],
    },
    admin: {
      rank: 3,
      permissions: [
        'play_game',
        'chat',
        'create_users',
        'kick_users',
        'ban_users',
        'view_logs',
        'edit_world',
        'stop_server',
      ],
    },
    superuser: { rank: 4, permissions: ['full_access'] },
  },
});
