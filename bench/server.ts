import { readFileSync } from 'node:fs';
import pg from 'pg';

/** What one run made the server do. */
export interface ServerWork {
  readonly statements: number;
  readonly walBytes: number;
  /** CPU time of the backends; null where the system does not tell. */
  readonly cpuUs: number | null;
}

let sent = 0;

/** Counts what goes through any client of pg from here on. */
export function countStatements(): void {
  const prototype: { query: (...args: unknown[]) => unknown } = pg.Client.prototype;
  prototype.query = new Proxy(prototype.query, {
    apply(query, client, args) {
      sent += 1;

      return Reflect.apply(query, client, args);
    },
  });
}

/** Watches the server during a piece of work. The watcher's own connection does not count. */
export async function watched<T>(
  watcher: pg.Client,
  work: () => Promise<T>,
): Promise<readonly [T, ServerWork]> {
  const before = await look(watcher);
  const sentBefore = sent;
  const result = await work();
  const statements = sent - sentBefore;
  const after = await look(watcher);

  return [
    result,
    { statements, walBytes: after.lsn - before.lsn, cpuUs: cpuUsBetween(before.cpuUs, after.cpuUs) },
  ];
}

interface Look {
  readonly lsn: number;
  /** By backend. */
  readonly cpuUs: ReadonlyMap<number, number>;
}

async function look(watcher: pg.Client): Promise<Look> {
  const { rows } = await watcher.query<{ readonly lsn: string; readonly pids: readonly number[] }>(
    `select pg_current_wal_insert_lsn() - '0/0' as lsn,
       array(select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()) as pids`,
  );
  const [row] = rows;

  return { lsn: Number(row?.lsn), cpuUs: new Map((row?.pids ?? []).flatMap(cpuUsOf)) };
}

function cpuUsOf(pid: number): (readonly [number, number])[] {
  try {
    const [ns] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');

    return [[pid, Number(ns) / 1_000]];
  } catch {
    return []; // not Linux, or it has gone
  }
}

/** Of those that were there all the time: pools keep theirs for ten seconds. */
function cpuUsBetween(before: Look['cpuUs'], after: Look['cpuUs']): number | null {
  const used = Array.from(after).flatMap(([pid, us]) => us - (before.get(pid) ?? us));

  return used.length === 0 ? null : used.reduce((sum, us) => sum + us);
}
