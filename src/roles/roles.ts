/** What a role may do, and how it ranks. */
export interface RoleDefinition<Permission extends string> {
  /** Higher manages strictly lower. Two roles may share a rank, and then cannot manage each other. */
  readonly rank: number;
  /** Exactly what this role may do: nothing is inherited from lower ranks. */
  readonly permissions: readonly Permission[];
}

/** What {@link defineRoles} is given. */
export interface RoleTableDefinition<Permission extends string> {
  /** Every permission that exists. Any other name is refused to everybody. */
  readonly permissions: readonly Permission[];
  /** The permission that implies every other, if there is to be one. */
  readonly fullAccess?: NoInfer<Permission>;
  /** The roles by name. */
  readonly roles: Readonly<Record<string, RoleDefinition<NoInfer<Permission>>>>;
}

/** Roles and what they may do; immutable. Ask it with {@link hasPermission} and {@link canManage}. */
export interface RoleTable<Permission extends string> {
  /** Every permission that exists. */
  readonly permissions: ReadonlySet<Permission>;
  /** The rank and the granted permissions of each role, full access spelled out. */
  readonly roles: ReadonlyMap<
    string,
    { readonly rank: number; readonly permissions: ReadonlySet<Permission> }
  >;
}

/**
 * Defines the roles of a host. The names of the permissions are inferred, so that a misspelt one
 * does not compile, here or at `validateSessionWithPermission`.
 *
 * @throws TypeError for a role with a permission that is not in the list, or without a finite rank.
 */
export function defineRoles<const Permission extends string>(
  definition: RoleTableDefinition<Permission>,
): RoleTable<Permission> {
  const permissions: ReadonlySet<Permission> = new Set(definition.permissions);
  const { fullAccess } = definition;
  const listed = (permission: Permission, where: string): void => {
    if (permissions.has(permission)) return;
    throw new TypeError(`${where} names "${permission}", which is not in the list of permissions.`);
  };

  if (fullAccess !== undefined) listed(fullAccess, 'fullAccess');
  const roles = Object.entries(definition.roles).map(([name, role]) => {
    if (!Number.isFinite(role.rank)) throw new TypeError(`The role "${name}" needs a finite rank.`);
    for (const permission of role.permissions) listed(permission, `The role "${name}"`);

    const isAlmighty = fullAccess !== undefined && role.permissions.includes(fullAccess);
    const granted = isAlmighty ? permissions : new Set(role.permissions);

    return [name, { rank: role.rank, permissions: granted }] as const;
  });

  return { permissions, roles: new Map(roles) };
}

/** Whether the role has the permission. An unknown role has none, an unknown permission nobody. */
export function hasPermission<Permission extends string>(
  table: RoleTable<Permission>,
  role: string,
  permission: NoInfer<Permission>,
): boolean {
  return table.roles.get(role)?.permissions.has(permission) ?? false;
}

/**
 * Whether one role may manage another: only strictly lower ranks. An unknown role manages nobody,
 * and is managed by the highest rank alone, since nobody can say what it stands for.
 */
export function canManage(table: RoleTable<string>, actorRole: string, targetRole: string): boolean {
  const actor = table.roles.get(actorRole);
  if (actor === undefined) return false;

  const target = table.roles.get(targetRole);
  if (target !== undefined) return actor.rank > target.rank;

  return [...table.roles.values()].every((role) => role.rank <= actor.rank);
}
