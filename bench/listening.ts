import { SessionService } from 'mud-auth';
import { LiveSessions } from 'mud-auth/live';
import { PostgresSessionStore } from 'mud-auth/postgres';
import { PostgresLinkStore, PostgresSessionEvents } from 'mud-auth/postgres/live';
import pg from 'pg';
import { type Act, closedLoop, draws, median } from './measure.ts';
import { tokenOf } from './peers/library-tables.ts';
import type { World } from './peers/peer.ts';

export interface ListeningFigures {
  readonly perSecondWithout: number;
  readonly perSecondWith: number;
  /** With to without, round by round. */
  readonly ratio: number;
}

/**
 * Validates of a node that hears of endings and watches so many connections, against those of one
 * that does not, in turns. Of the connections' own sessions none is among those that are timed.
 */
export async function compareListening(
  { pool, url, size }: World,
  connections: number,
  { rounds, roundMs }: { readonly rounds: number; readonly roundMs: number },
): Promise<ListeningFigures> {
  const store = new PostgresSessionStore({
    pool,
    users: { relation: 'users', idType: 'bigint' },
    characters: { relation: 'characters', idType: 'bigint' },
  });
  const alone = new SessionService({ store });
  const listening = new SessionService({
    store,
    events: new PostgresSessionEvents({
      pool,
      createClient: () => new pg.Client({ connectionString: url }),
    }),
  });
  const runOn = async (sessions: SessionService, round: number): Promise<number> => {
    const act: Act = async (n) => void (await sessions.validateSessionForGame(tokenOf(n)));

    return (await closedLoop(act, draws(size - connections, round), 16, roundMs)).perSecond;
  };
  const runListening = async (round: number): Promise<number> => {
    const live = new LiveSessions({ sessions: listening, store: new PostgresLinkStore(store) });
    for (let n = size - connections + 1; n <= size; n += 1) await live.attach(tokenOf(n), { close() {} });
    try {
      return await runOn(listening, round);
    } finally {
      await live.close();
    }
  };

  const without: number[] = [];
  const withAll: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const listensFirst = round % 2 === 0;
    const first = listensFirst ? await runListening(round) : await runOn(alone, round);
    const second = listensFirst ? await runOn(alone, round) : await runListening(round);
    if (round === 0) continue; // it warms up
    withAll.push(listensFirst ? first : second);
    without.push(listensFirst ? second : first);
  }

  return {
    perSecondWithout: median(without),
    perSecondWith: median(withAll),
    ratio: median(withAll.map((perSecond, index) => perSecond / (without[index] ?? NaN))),
  };
}
