import pg from 'pg';
import type { World } from './peers/peer.ts';

/** Creates a database of this name with the host's tables, and the people in them. */
export async function createWorld(serverUrl: string, name: string, size: number): Promise<World> {
  const server = new pg.Client({ connectionString: serverUrl });
  await server.connect();
  try {
    await server.query(`create database ${name}`);
  } finally {
    await server.end();
  }

  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const world = openWorld(url.href, size);
  await seedHost(world);

  return world;
}

/**
 * Another pool on a world that is there; whoever opens it ends the pool. It keeps its connections: one
 * that is made anew in the midst of a round would count against whoever needs it then.
 */
export function openWorld(url: string, size: number): World {
  return { pool: new pg.Pool({ connectionString: url, max: 10, idleTimeoutMillis: 0 }), url, size };
}

/** Changes a role in the host's table, as an administrator would. */
export async function setRoleOfUser(pool: pg.Pool, n: number, role: string): Promise<void> {
  await pool.query('update users set role = $2 where id = $1', [n, role]);
}

async function seedHost({ pool, size }: World): Promise<void> {
  await pool.query(`
    create table users (
      id bigint primary key,
      username text not null,
      role text not null,
      disabled boolean not null
    );
    create table characters (
      id bigint primary key,
      user_id bigint not null,
      name text not null,
      world_id text
    );
    create index characters_world_id on characters (world_id);
  `);
  await pool.query(
    `insert into users select n, 'user' || n, 'player', false from generate_series(1, $1::bigint) as n`,
    [size],
  );
  await pool.query(
    `insert into characters
     select n, n, 'hero' || n, 'world' || n % 100 from generate_series(1, $1::bigint) as n`,
    [size],
  );
  await pool.query('vacuum analyze users, characters');
}
