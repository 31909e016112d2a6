import { type RawBuilder, sql } from 'kysely';
import { type HostRelations, isId, tableOf } from '../host-relations.ts';
import type { HostIdType } from '../id-types.ts';
import {
  type CreatedRow,
  givenRow,
  inserting,
  type Insertion,
  type NewRow,
  type NewSessionParams,
} from './creating-statements.ts';
import { durably, isActiveWithin, isAdmitted, isLive, now, seesTheLatest } from './fragments.ts';
import { isThere, presenceColumns, type PresenceRow } from './presence.ts';
import { findRecordStatements, type RecordRow } from './record-statements.ts';
import { type Count, timeColumn } from './rows.ts';
import { type LockParams, lockingUser, sessionsOfUser } from './session-statements.ts';
import { type AtMoment, type Param, Statement } from './statement.ts';
import type { StatementPair } from './statement-pair.ts';

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

/** A character as statements return it. */
interface CharacterRow {
  readonly id: string;
  readonly user_id: string;
  readonly character_name: string | null;
  readonly world_id: string | null;
}

/** The host's part of a record: null where there is no such user, or no such character of his. */
export interface PeopleRow {
  readonly username: string | null;
  readonly role: string | null;
  readonly disabled: boolean | null;
  readonly character_name: string | null;
  readonly world_id: string | null;
}

/** An entry in the list of those in play. */
export interface ActiveRow {
  readonly character_id: string;
  readonly character_name: string;
  readonly world_id: string;
  readonly user_id: string;
  readonly role: string;
  readonly session_id: string;
  readonly last_active_at: string;
}

/** The same, and how he is there. */
type PresentRow = ActiveRow & PresenceRow;

/** A user who is locked; his role is null if he may not sign in. */
export interface LockedUserRow extends Count {
  readonly role: string | null;
}

/** The statements that read the host's relations. */
export interface RelationStatements {
  /** Inserts sessions of users who may sign in, and to whom the game is open. No row also if it cannot tell. */
  readonly insertSession: SignInStatements<OneTerms>;
  /** The same, for those whose terms have no limit. */
  readonly insertSessionByRole: SignInStatements<TermsByRole>;
  /** Locks a user as `lockUserCounting` does. */
  readonly lockUserWithRole: Statement<LockParams, LockedUserRow>;
  /** The users with sessions who have none of these roles, or do not exist. */
  readonly listOutsiders: Statement<{ roles: string }, { readonly user_id: string }>;
  readonly findCharacter: Statement<{ id: string }, CharacterRow>;
  readonly findRecord: StatementPair<RecordRow & PeopleRow>;
  /** Given the type of the worlds' ids, or null for one that is not among ours: then no index serves. */
  readonly listActive: (worldType: HostIdType | null) => ListStatement<ActiveRow>;
  /** Those who are there, the inactive among them. */
  readonly listPresent: (worldType: HostIdType | null) => ListStatement<PresentRow>;
  /** Those who are there in any world. */
  readonly listAllPresent: Statement<{ window: number }, PresentRow>;
}

/** The same for one session and for many, whose values are given as {@link arrayOf} writes them. */
export interface SignInStatements<Terms> {
  readonly one: Statement<NewSessionParams & Terms, CreatedRow>;
  readonly many: Statement<Readonly<Record<keyof NewSessionParams, string>> & Terms, CreatedRow>;
}

type ListStatement<Row> = Statement<{ world: string; window: number }, Row>;

/** The terms of a sign-in, and where they come from. */
interface TermsClause extends Pick<Insertion, 'idleTimeoutMs' | 'lifetimeMs'> {
  readonly terms?: RawBuilder<unknown>;
  readonly has?: RawBuilder<unknown>;
}

/** Whom a list is of, and what it says beside the columns of all lists. */
interface ListClause {
  readonly which: RawBuilder<boolean>;
  readonly columns: RawBuilder<unknown>;
  /** About a character `c`. */
  readonly inWorld: RawBuilder<unknown>;
  /** The same about the session, for the sake of an index. */
  readonly isSearched?: RawBuilder<unknown>;
}

export function relationStatements(schema: string, relations: HostRelations): RelationStatements {
  const users = tableOf(relations.users);
  const characters = tableOf(relations.characters);

  // LATERAL with LIMIT 1: over a view that Postgres cannot inline, a plain join reads all of it.
  // The ids of the session are cast, never those of the host, whose index would be lost.
  const userOfSession = sql`lateral (
    select u.username::text, u.role::text, u.disabled is not false as disabled from ${users} as u
    where ${isId(relations.users, sql`u.id`, sql`s.user_id`)} limit 1
  ) as u`;
  const characterOfSession = (where: RawBuilder<unknown>): RawBuilder<unknown> => sql`lateral (
    select c.name::text, c.world_id::text from ${characters} as c
    where ${isId(relations.characters, sql`c.id`, sql`s.character_id`)}
      and ${isId(relations.users, sql`c.user_id`, sql`s.user_id`)} and ${where}
    limit 1
  ) as c`;
  const whoMaySignIn = (userId: RawBuilder<string>): RawBuilder<unknown> => sql`lateral (
    select u.role::text from ${users} as u
    where ${isId(relations.users, sql`u.id`, userId)}
      and u.disabled is false and u.username is not null and u.role is not null
    limit 1
  ) as u`;

  const list = <Row>(
    param: Param<AtMoment>,
    { which, columns, inWorld, isSearched = sql`true` }: ListClause,
  ): RawBuilder<Row> => sql<Row>`
    with mud_auth_clock as (
      select ${now(param)} as now
    )
    select s.character_id, c.name as character_name, c.world_id, s.user_id, u.role, s.id::text as session_id,
      ${timeColumn(sql`s.last_active_at`, 'last_active_at')} ${columns}
    from ${sql.table(`${schema}.sessions`)} as s
      cross join mud_auth_clock
      join ${userOfSession} on not u.disabled and u.username is not null and u.role is not null
      join ${characterOfSession(inWorld)} on c.name is not null
    where s.character_id is not null and ${isSearched} and ${isLive} and ${which}`;

  // Either from the characters of the world, by the host's index if there is one, to the sessions, or
  // from the sessions in play to the characters: whichever are fewer. Hence the same said twice.
  const listIn = <Row>(
    worldType: HostIdType | null,
    which: (window: RawBuilder<number>) => RawBuilder<boolean>,
    columns: RawBuilder<unknown>,
  ): ListStatement<Row> =>
    new Statement((param) => {
      const isIn = (c: RawBuilder<unknown>): RawBuilder<unknown> =>
        worldType === null
          ? sql`${c}.world_id::text collate "C" = ${param('world', 'text')}`
          : isId({ idType: worldType }, sql`${c}.world_id`, param('world', 'text'));
      const isSearched = sql`exists (
        select from ${characters} as i
        where ${isId(relations.characters, sql`i.id`, sql`s.character_id`)}
          and s.character_id = i.id::text collate "default" and ${isIn(sql`i`)}
      )`;

      return list<Row>(param, {
        which: which(param('window', 'bigint')),
        columns,
        inWorld: isIn(sql`c`),
        isSearched,
      });
    });
  const presence = sql`, ${presenceColumns(schema)}`;

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
      from: sql`mud_auth_clock ${given}, ${whoMaySignIn(row.user)} ${terms}
        where ${has} and ${seesTheLatest} and ${isAdmitted(schema, sql`u.role`)}`,
    })}`;
  const signInStatements = <Terms extends object>(
    clauseOf: (param: Param<Terms>) => TermsClause,
  ): SignInStatements<Terms> => ({
    one: new Statement((param) => signingIn(param, givenRow(param), sql``, clauseOf(param))),
    many: new Statement((param) => signingIn(param, newRow, sql`, ${givenRows(param)}`, clauseOf(param))),
  });

  return {
    insertSession: signInStatements((param) => ({
      idleTimeoutMs: param('idleTimeoutMs', 'bigint'),
      lifetimeMs: param('lifetimeMs', 'bigint'),
    })),

    insertSessionByRole: signInStatements((param) => {
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

    lockUserWithRole: new Statement(
      (param) => sql<LockedUserRow>`
        select u.role, ${sessionsOfUser(schema, param)}, ${lockingUser(schema, param)}
        from (select) as nothing left join ${whoMaySignIn(param('user', 'text'))} on true`,
    ),

    listOutsiders: new Statement(
      (param) => sql<{ readonly user_id: string }>`
        select s.user_id from (select distinct user_id from ${sql.table(`${schema}.sessions`)}) as s
          left join ${userOfSession} on true
        where u.role is null or not (u.role collate "C" = any (${param('roles', 'text[]')}))`,
    ),

    findCharacter: new Statement(
      (param) => sql<CharacterRow>`
        select c.id::text, c.user_id::text, c.name::text as character_name, c.world_id::text
        from ${characters} as c where ${isId(relations.characters, sql`c.id`, param('id', 'text'))} limit 1`,
    ),

    findRecord: findRecordStatements<PeopleRow>(schema, {
      columns: sql`, u.username, u.role, u.disabled, c.name as character_name, c.world_id`,
      joins: sql`left join ${userOfSession} on true left join ${characterOfSession(sql`true`)} on true`,
    }),

    listActive: (worldType) => listIn(worldType, isActiveWithin, sql``),
    listPresent: (worldType) => listIn(worldType, isThere, presence),
    listAllPresent: new Statement((param) =>
      list(param, {
        which: isThere(param('window', 'bigint')),
        columns: presence,
        inWorld: sql`c.world_id is not null`,
      }),
    ),
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
