import { type RawBuilder, sql } from 'kysely';
import type { RememberFamily } from '../../../remember/remember-store.ts';
import { endingCtes } from '../statements/ending-statements.ts';
import { durably, interval, isFamilyLive, isLive, now } from '../statements/fragments.ts';
import { endingColumns, type EndingRow, timeColumn, toTime } from '../statements/rows.ts';
import { boundedWaits } from '../statements/session-statements.ts';
import { type AtMoment, type Param, Statement } from '../statements/statement.ts';

interface NewFamilyParams {
  readonly family: string;
  readonly session: string;
  readonly hash: Uint8Array;
  readonly idle: number;
  readonly absolute: number;
}

interface TokenParams {
  readonly family: string;
  readonly hash: Uint8Array;
}

interface RedemptionParams extends TokenParams {
  readonly successor: Uint8Array;
  readonly grace: number;
  readonly session: string;
}

/** A family as statements return it. */
export interface FamilyRow {
  readonly id: string;
  readonly user_id: string;
  readonly client_type: string;
  readonly created_at: string;
  readonly last_used_at: string;
  readonly idle_timeout_ms: string;
  readonly absolute_expires_at: string;
}

/** A token that its family knows. */
interface TokenRow extends FamilyRow {
  readonly used_at: string | null;
  readonly read_at: string;
}

/** What a redemption did, and what it saw. */
interface RedemptionRow {
  readonly rotated: boolean;
  readonly repeated: boolean;
  /** Whether the family was seen to know the token, and when that was used. */
  readonly known: boolean;
  readonly used: boolean;
  readonly in_grace: boolean;
}

/** The statements about clients that are remembered. */
export interface RememberStatements {
  /** No row if the session does not live. */
  readonly startFamily: Statement<NewFamilyParams, FamilyRow>;
  readonly findToken: Statement<TokenParams, TokenRow>;
  /** One row always. Known and unused, but not rotated: another call was quicker, and was not seen. */
  readonly redeemToken: Statement<RedemptionParams, RedemptionRow>;
  /** Locks a family until the end of the transaction, and bounds its waits; no row if it is not live. */
  readonly lockFamily: Statement<{ family: string; patienceMs: number }, object>;
  /** For a family that is locked: nothing hangs itself on it meanwhile. Ends it, and all that hangs on it. */
  readonly endFamily: Statement<{ family: string; reason: string; actor: string | null }, EndingRow>;
}

export function rememberStatements(schema: string): RememberStatements {
  const sessions = sql.table(`${schema}.sessions`);
  const families = sql.table(`${schema}.remember_families`);
  const tokens = sql.table(`${schema}.remember_tokens`);

  return {
    startFamily: new Statement(
      (param) => sql<FamilyRow>`
        with ${clock(param)}, hung as (
          update ${sessions} as s set remember_family = ${param('family', 'uuid')} from mud_auth_clock
          where s.id = ${param('session', 'uuid')} and ${isLive}
          returning s.user_id, s.client_type
        ), f as (
          insert into ${families} (
            id, user_id, client_type, created_at, last_used_at, idle_timeout_ms, absolute_expires_at
          )
          select ${param('family', 'uuid')}, hung.user_id, hung.client_type, mud_auth_clock.now,
            mud_auth_clock.now, ${param('idle', 'bigint')},
            mud_auth_clock.now + ${interval(param('absolute', 'bigint'))}
          from hung, mud_auth_clock
          returning *
        ), first as (
          insert into ${tokens} (family_id, secret_hash, issued_at)
          select f.id, ${param('hash', 'bytea')}, f.created_at from f
        )
        select ${familyColumns} from f`,
    ),

    findToken: new Statement(
      (param) => sql<TokenRow>`
        with mud_auth_clock as (select ${now(param)} as now)
        select ${familyColumns}, ${timeColumn(sql`t.used_at`, 'used_at')},
          ${timeColumn(sql`mud_auth_clock.now`, 'read_at')}
        from mud_auth_clock, ${families} as f join ${tokens} as t on t.family_id = f.id
        where f.id = ${param('family', 'uuid')} and t.secret_hash = ${param('hash', 'bytea')}
          and ${isFamilyLive()}`,
    ),

    // The family is locked before its tokens and its sessions, as all that ends one does. Who has waited sees its
    // tokens as they were before; then the UPDATE finds the token used, and nothing is written. Whether it
    // lives is judged when it is held.
    redeemToken: new Statement(
      (param) => sql<RedemptionRow>`
        with ${clock(param)}, held as materialized (
          select f.* from ${families} as f where f.id = ${param('family', 'uuid')} for no key update of f
        ), timed as materialized (
          select held.*, ${now(param)} as now from held
        ), session as materialized (
          select s.id from ${sessions} as s, timed, mud_auth_clock
          where s.id = ${param('session', 'uuid')} and ${isLive} for no key update of s
        ), family as materialized (
          select f.id, f.absolute_expires_at, f.now from timed as f, session
          where ${isFamilyLive(sql`f.now`)}
        ), presented as (
          select t.family_id, t.used_at is not null as used,
            t.used_at > family.now - ${interval(param('grace', 'bigint'))} as in_grace
          from ${tokens} as t join family on t.family_id = family.id
          where t.secret_hash = ${param('hash', 'bytea')}
        ), rotated as (
          update ${tokens} as t set used_at = family.now from family
          where t.family_id = family.id and t.secret_hash = ${param('hash', 'bytea')} and t.used_at is null
          returning t.family_id, t.used_at
        ), issued as (
          insert into ${tokens} (family_id, secret_hash, issued_at)
          select rotated.family_id, ${param('successor', 'bytea')}, rotated.used_at from rotated
        ), slid as (
          update ${families} as f set last_used_at = rotated.used_at from rotated
          where f.id = rotated.family_id
        ), repeated as (
          select presented.family_id from presented join ${tokens} as t on t.family_id = presented.family_id
          where presented.in_grace and t.secret_hash = ${param('successor', 'bytea')}
        ), hung as (
          update ${sessions} as s set remember_family = family.id,
            absolute_expires_at = least(s.absolute_expires_at, family.absolute_expires_at)
          from session, family
          where s.id = session.id and (exists (select from rotated) or exists (select from repeated))
        )
        select exists (select from rotated) as rotated, exists (select from repeated) as repeated,
          exists (select from presented) as known,
          exists (select from presented where presented.used) as used,
          exists (select from presented where presented.in_grace) as in_grace`,
    ),

    // The DELETE takes the lock of the table before that of any row, which a clear-all waits for.
    lockFamily: new Statement(
      (param) => sql<object>`
        with mud_auth_clock as (select ${now(param)} as now, ${durably}, ${boundedWaits(param)}), entered as (
          delete from ${sessions} where false
        )
        select f.id from ${families} as f, mud_auth_clock
        where f.id = ${param('family', 'uuid')} and ${isFamilyLive()} for update of f`,
    ),

    endFamily: new Statement((param) => {
      const isOfFamily = sql`s.remember_family = ${param('family', 'uuid')}`;

      return sql<EndingRow>`
        ${endingCtes(schema, param, {
          which: isOfFamily,
          reason: param('reason', 'text'),
          actor: param('actor', 'text'),
        })}, over as (
          delete from ${families} as f where f.id = ${param('family', 'uuid')}
        )
        select ${sql.join([...endingColumns])} from remembered as e where e.reason <> 'expired'`;
    }),
  };
}

function clock(param: Param<AtMoment>): RawBuilder<unknown> {
  return sql`mud_auth_clock as (select ${now(param)} as now, ${durably})`;
}

/** The columns of a {@link FamilyRow}, from a row `f`. */
const familyColumns: RawBuilder<unknown> = sql`
  f.id::text, f.user_id, f.client_type, f.idle_timeout_ms::text,
  ${timeColumn(sql`f.created_at`, 'created_at')}, ${timeColumn(sql`f.last_used_at`, 'last_used_at')},
  ${timeColumn(sql`f.absolute_expires_at`, 'absolute_expires_at')}`;

export function toFamily(row: FamilyRow): RememberFamily {
  return {
    id: row.id,
    userId: row.user_id,
    clientType: row.client_type,
    createdAt: toTime(row.created_at),
    lastUsedAt: toTime(row.last_used_at),
    idleTimeoutMs: Number(row.idle_timeout_ms),
    absoluteExpiresAt: toTime(row.absolute_expires_at),
  };
}
