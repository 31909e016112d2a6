import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RememberService } from '../../src/remember/index.ts';
import { migrateToLatest } from '../../src/stores/postgres/index.ts';
import { PostgresRememberStore } from '../../src/stores/postgres/remember/index.ts';
import { hostTablesSql } from '../support/host-tables.ts';
import { type PostgresServer, startPostgres } from '../support/start-postgres.ts';
import { type Host, openHost, putPeople } from './fixture.ts';

describe('a host that lets its own commits be lost in a crash (synchronous_commit = off)', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
    const pool = new pg.Pool({ connectionString: server.url });
    await migrateToLatest(pool);
    await pool.query(hostTablesSql('integer'));
    await putPeople((text) => pool.query(text));
    await pool.query('alter database postgres set synchronous_commit = off');
    await pool.end();
  });
  afterAll(() => server.stop());

  it('loses none of ours that was acknowledged: sign-ins, selections, ends, clients that are remembered', async () => {
    const free = await openHost(server.url);
    const limited = await openHost(server.url, { policy: { maxSessionsPerUser: 2 } });
    const kicked = await free.service.createSession('1');
    const playing = await limited.service.createSession('1');
    await free.pool.query('checkpoint'); // so far all is safe

    await limited.service.selectCharacter(playing.token, '11');
    const created = [await limited.service.createSession('2'), await free.service.createSession('2')];
    await free.service.removeSession(kicked.session.id);
    const [client, stolen] = [
      await remembering(free).signIn('1', WISH),
      await remembering(free).signIn('2', WISH),
    ];
    const { rememberToken } = await remembering(free).redeem(client.rememberToken);
    await remembering(free).revoke(stolen.rememberToken);
    await server.crash();
    const after = await openHost(server.url);

    await expect(after.service.validateSession(kicked.token)).rejects.toMatchObject({ reason: 'kicked' });
    expect(await after.service.validateSessionForGame(playing.token)).toMatchObject({
      characterName: 'Aria',
    });
    for (const { token } of created) {
      expect(await after.service.validateSession(token)).toMatchObject({ username: 'bob' });
    }
    await expect(remembering(after).redeem(rememberToken)).resolves.toBeDefined();
    await expect(remembering(after).redeem(stolen.rememberToken)).rejects.toMatchObject({ status: 401 });
    for (const host of [free, limited, after]) await host.close();
  });
});

const WISH = { remember: true } as const;

function remembering({ service, store }: Host): RememberService {
  const key = 'a key of at least thirty-two bytes';

  return new RememberService({ sessions: service, store: new PostgresRememberStore(store), key });
}
