import { type RawBuilder, sql } from 'kysely';
import type { HostRelations } from '../host-relations.ts';
import {
  type CreatedRow,
  givenRow,
  inserting,
  type Insertion,
  type NewRow,
  type NewSessionParams,
} from './creating-statements.ts';
import { durably, isAdmitted, now, seesTheLatest } from './fragments.ts';
import { whoMaySignIn } from './people-of-session.ts';
import { type AtMoment, type Param, Statement } from './statement.ts';

/** The same terms for everybody. */
interface OneTerms {
  readonly idleTimeoutMs: number;
  readonly lifetimeMs: number;
}

/**
 * Terms by role: {@link paramsOfTerms} for the roles that have their own, after those for everybody else;
 * null for terms with a limit.
 */
interface TermsByRole {
  readonly roles: string;
  readonly idleTimesMs: string;
  readonly lifetimesMs: string;
}

/** The same for one session and for many, whose values are given as {@link arrayOf} writes them. */
export interface SignInStatements<Terms> {
  readonly one: Statement<NewSessionParams & Terms, CreatedRow>;
  readonly many: Statement<Readonly<Record<keyof NewSessionParams, string>> & Terms, CreatedRow>;
}

/** The statements by which users without a limit sign in. */
export interface UnlimitedSignIns {
  /** Inserts sessions of users who may sign in, and to whom the game is open. No row also if it cannot tell. */
  readonly insertSession: SignInStatements<OneTerms>;
  /** The same, for those whose terms have no limit. */
  readonly insertSessionByRole: SignInStatements<TermsByRole>;
}

/** The terms of a sign-in, and where they come from. */
interface TermsClause extends Pick<Insertion, 'idleTimeoutMs' | 'lifetimeMs'> {
  readonly terms?: RawBuilder<unknown>;
  readonly has?: RawBuilder<unknown>;
}

export function signInStatements(schema: string, relations: HostRelations): UnlimitedSignIns {
  const signingIn = (
    param: Param<AtMoment>,
    row: NewRow,
    given: RawBuilder<unknown>,
    { idleTimeoutMs, lifetimeMs, terms = sql``, has = sql`true` }: TermsClause,
  ): RawBuilder<CreatedRow> => sql<CreatedRow>`
    with mud_auth_clock as (
      select ${now(param)} as now, ${durably}
    )
    ${inserting(schema, {
      row,
      idleTimeoutMs,
      lifetimeMs,
      from: sql`mud_auth_clock ${given}, ${whoMaySignIn(relations, row.user)} ${terms}
        where ${has} and ${seesTheLatest} and ${isAdmitted(schema, sql`u.role`)}`,
    })}`;
  const pairOf = <Terms extends object>(
    clauseOf: (param: Param<Terms>) => TermsClause,
  ): SignInStatements<Terms> => ({
    one: new Statement((param) => signingIn(param, givenRow(param), sql``, clauseOf(param))),
    many: new Statement((param) => signingIn(param, newRow, sql`, ${givenRows(param)}`, clauseOf(param))),
  });

  return {
    insertSession: pairOf((param) => ({
      idleTimeoutMs: param('idleTimeoutMs', 'bigint'),
      lifetimeMs: param('lifetimeMs', 'bigint'),
    })),

    insertSessionByRole: pairOf((param) => {
      const place = sql`1 + coalesce(pg_catalog.array_position(${param('roles', 'text[]')}, u.role collate "C"), 0)`;
      const terms = sql`
        select (${param('idleTimesMs', 'bigint[]')})[n] as idle_timeout_ms, (${param('lifetimesMs', 'bigint[]')})[n] as lifetime_ms
        from (select ${place} as n) as place`;

      return {
        idleTimeoutMs: sql`t.idle_timeout_ms`,
        lifetimeMs: sql`t.lifetime_ms`,
        terms: sql`, lateral (${terms}) as t`,
        has: sql`t.idle_timeout_ms is not null`,
      };
    }),
  };
}

/** A row of {@link givenRows}. */
const newRow: NewRow = {
  id: sql`n.id`,
  user: sql`n.user_id`,
  secretHash: sql`n.secret_hash`,
  clientType: sql`n.client_type`,
  authenticated: sql`n.authenticated`,
};

/** The sessions that a statement is given. */
function givenRows(param: Param<Readonly<Record<keyof NewSessionParams, string>>>): RawBuilder<unknown> {
  return sql`rows from (
    pg_catalog.unnest(${param('id', 'uuid[]')}), pg_catalog.unnest(${param('user', 'text[]')}),
    pg_catalog.unnest(${param('secretHash', 'bytea[]')}), pg_catalog.unnest(${param('clientType', 'text[]')}),
    pg_catalog.unnest(${param('authenticated', 'boolean[]')})
  ) as n (id, user_id, secret_hash, client_type, authenticated)`;
}
