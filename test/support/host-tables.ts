import type { HostIdType } from '../../src/stores/postgres/index.ts';
import type { HostRecords } from '../../src/testing/index.ts';

/** Runs one statement with values on whatever database. */
export type Query = (text: string, values: unknown[]) => Promise<unknown>;

/** The tables of a host whose ids have this type. */
export function hostTablesSql(idType: HostIdType): string {
  return `
    create table users (id ${idType} primary key, username text not null, role text not null, disabled boolean not null);
    create table characters (id ${idType} primary key, user_id ${idType} not null, name text not null, world_id text);
  `;
}

/** Puts the suite's users and characters into a host's tables. */
export function hostRecords(query: Query): HostRecords {
  return {
    async putUser({ id, username, role, disabled }) {
      await query(
        `insert into users values ($1, $2, $3, $4)
         on conflict (id) do update set username = $2, role = $3, disabled = $4`,
        [id, username, role, disabled],
      );
    },
    async putCharacter({ id, userId, name, worldId }) {
      await query(
        `insert into characters values ($1, $2, $3, $4)
         on conflict (id) do update set user_id = $2, name = $3, world_id = $4`,
        [id, userId, name, worldId],
      );
    },
    async deleteUser(id) {
      await query('delete from users where id = $1', [id]);
    },
    async deleteCharacter(id) {
      await query('delete from characters where id = $1', [id]);
    },
  };
}

/** The n-th id of a type. */
export function hostIdOf(idType: HostIdType): (n: number) => string {
  return (n) => (idType === 'uuid' ? `00000000-0000-4000-8000-${String(n).padStart(12, '0')}` : String(n));
}
