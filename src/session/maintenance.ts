import type { RoleTable } from '../roles/roles.ts';
import { requireBoolean, requireString } from './arguments.ts';

/** How to close the game to most. */
export interface MaintenanceOptions {
  /** A role: it may still sign in, and so may those of its rank or a higher one. */
  readonly admit: string;
  /** What players are told. Control characters are yours to leave out; 1,000 characters at most. */
  readonly message: string;
  /** When it is expected to be over. Default: nobody knows. */
  readonly expectedEnd?: Date;
  /** Whether to end the sessions of those who may not sign in. Default `false`. */
  readonly endSessions?: boolean;
  /** The id of the user on whose authority it is done, for the record. Default none. */
  readonly actorId?: string;
}

/** What a store is given to close the game. */
export interface NewMaintenance {
  /** Who has one of these may sign in. */
  readonly admittedRoles: readonly string[];
  readonly message: string;
  readonly expectedEnd: Date | null;
  /** Whether sessions of users with other roles, or of no user, end: with the reason `maintenance`. */
  readonly endsSessions: boolean;
  readonly actorId: string | null;
}

/** The game is closed, but for some roles. */
export interface Maintenance extends Omit<NewMaintenance, 'endsSessions'> {
  readonly since: Date;
}

const MAX_MESSAGE_LENGTH = 1_000;

/** @throws TypeError for a role that is not in the table, and what is not as it should be. */
export function maintenanceOf(
  { admit, message, expectedEnd, endSessions = false }: MaintenanceOptions,
  actorId: string | null,
  { roles }: RoleTable<string>,
): NewMaintenance {
  const least = roles.get(admit)?.rank;
  if (least === undefined) throw new TypeError('admit must be a role of the table.');
  requireString('message', message);
  if (message.length > MAX_MESSAGE_LENGTH || message.includes('\0') || !message.isWellFormed())
    throw new TypeError(`message must be a well-formed text of ${MAX_MESSAGE_LENGTH} characters at most.`);
  requireBoolean('endSessions', endSessions);
  if (expectedEnd !== undefined && !isDate(expectedEnd))
    throw new TypeError('expectedEnd must be a valid Date.');

  return {
    admittedRoles: Array.from(roles)
      .filter(([, { rank }]) => rank >= least)
      .map(([role]) => role),
    message,
    expectedEnd: expectedEnd ?? null,
    endsSessions: endSessions,
    actorId,
  };
}

function isDate(value: unknown): boolean {
  return value instanceof Date && !Number.isNaN(value.getTime());
}
