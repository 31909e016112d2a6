// oxlint-disable vitest/expect-expect -- waiting for words is an assertion: it throws if they do not come
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type CuttableWire, layWire } from './cuttable-wire.ts';
import { visitDemo } from './visit.ts';

describe('the demo on a Postgres', () => {
  let database: TestDatabase;
  let wire: CuttableWire;

  beforeAll(async () => {
    database = await createDatabase();
    wire = await layWire(database.url);
  });
  afterAll(async () => {
    await wire.close();
    await database.close();
  });
  const visit = visitDemo(() => wire.url); // closed first: hooks that clean up run in reverse

  it('keeps its users, characters and sessions there', async () => {
    const client = await visit.webAs('player');
    client.type('play Pip');
    await client.transcript.until('You are Pip');

    const { rows } = await database.sql(
      `SELECT username, name, client_type FROM mud_auth.sessions AS session
       JOIN mud_demo.users ON users.id = session.user_id::integer
       JOIN mud_demo.characters ON characters.id = session.character_id::integer`,
    );
    expect(rows).toEqual([{ username: 'player', name: 'Pip', client_type: 'web' }]);
  });

  it('tells players while the database is away, and keeps them', async () => {
    const client = await visit.telnetAs('builder');
    client.type('play Bryn');
    await client.transcript.until('You are Bryn');

    wire.cut();
    client.type('look');
    await client.transcript.until('[503 store_unavailable] The database is away; try again.');
    wire.mend();
    client.type('look');

    await client.transcript.until('The village square');
  });

  it('asks a browser that resumes meanwhile to come again, with its token', async () => {
    const client = await visit.webAs('player');
    const { token } = client;

    wire.cut();
    const early = visit.web();
    await early.resume(token);
    const read = await early.transcript.untilEnd();
    wire.mend();
    const late = visit.web();
    await late.resume(token);

    expect(read).toContain('[503 store_unavailable]');
    expect(early.token).toBe(token);
    await late.transcript.until('Welcome');
  });

  it('lets a ban end a session at its next command', async () => {
    const client = await visit.telnetAs('player');
    await database.sql(`UPDATE mud_demo.users SET disabled = true WHERE username = 'player'`);

    client.type('look');

    expect(await client.transcript.untilEnd()).toMatch(/Your account is (closed|disabled)\./);
  });
});
