import type { RoleTable } from '../roles/roles.ts';
import { requireBoolean, requireString } from '../session/arguments.ts';
import type { NewMaintenance } from './maintenance-store.ts';

/** How to close the game to most. */
export interface StartMaintenanceOptions {
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

const MAX_MESSAGE_LENGTH = 1_000;

/** @throws TypeError for a role that is not in the table, and what is not as it should be. */
export function maintenanceOf(
  { admit, message, expectedEnd, endSessions = false }: StartMaintenanceOptions,
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
