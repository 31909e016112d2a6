import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import type { Express } from 'express';
import type { FastifyInstance } from 'fastify';
import type { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { SessionService } from '../../src/index.ts';
import { MemoryDirectory, MemorySessionStore } from '../../src/stores/memory/index.ts';
import { writeExamples } from './examples.ts';
import { readPage } from './pages.ts';

const alice = { id: '1', username: 'alice', role: 'player', disabled: false };
const bob = { id: '2', username: 'bob', role: 'admin', disabled: false };
const aria = { id: '7', userId: '1', name: 'Aria', worldId: 'mist' };

/** Not the library's. */
const BUG = new Error('a bug of the host');
/** What a framework answers with a status of its own. */
const TEAPOT = Object.assign(new HTTPException(418), { statusCode: 418 });

class Directory extends MemoryDirectory {
  isAway = false;

  override async findUser(userId: string): ReturnType<MemoryDirectory['findUser']> {
    if (this.isAway) throw new Error('the password of the database is swordfish');

    return super.findUser(userId);
  }
}

class Service extends SessionService {
  failure: Error | null = null;

  override async validateSessionForGame(
    ...args: Parameters<SessionService['validateSessionForGame']>
  ): ReturnType<SessionService['validateSessionForGame']> {
    if (this.failure !== null) throw this.failure;

    return super.validateSessionForGame(...args);
  }
}

const FRAMEWORKS: Readonly<Record<string, { file: string; listen: (app: unknown) => Promise<Server> }>> = {
  'Express 5': {
    file: 'express-app.ts',
    listen: async (app) => listening((app as Express).listen(0, '127.0.0.1')),
  },
  'Fastify 5': {
    file: 'fastify-app.ts',
    async listen(app) {
      const instance = app as FastifyInstance;
      await instance.listen({ port: 0, host: '127.0.0.1' });
      return instance.server;
    },
  },
  'Hono 4': {
    file: 'hono-app.ts',
    listen: async (app) =>
      listening(serve({ fetch: (app as Hono).fetch, port: 0, hostname: '127.0.0.1' }) as Server),
  },
  'node:http': {
    file: 'node-app.ts',
    listen: async (app) => listening((app as Server).listen(0, '127.0.0.1')),
  },
};

const folder = writeExamples(readPage('docs/errors.md'));

describe.each(Object.entries(FRAMEWORKS))(
  'the example for %s in docs/errors.md',
  (_name, { file, listen }) => {
    const directory = new Directory({ users: [alice, bob], characters: [aria] });
    const sessions = new Service({ store: new MemorySessionStore({ directory }) });
    let server: Server;

    beforeAll(async () => {
      vi.spyOn(console, 'error').mockReturnValue();
      const { createApp } = (await import(join(folder, file))) as {
        createApp: (service: SessionService) => unknown;
      };
      vi.stubEnv('NODE_ENV', 'production');
      server = await listen(createApp(sessions));
      vi.unstubAllEnvs();
    });
    beforeEach(async () => {
      directory.isAway = false;
      sessions.failure = null;
      await sessions.clearAllSessions();
    });
    afterAll(() => {
      vi.restoreAllMocks();
      server.closeAllConnections();
      server.close();
    });

    const get = async (path: string, token?: string): Promise<Answer> => {
      const { port } = server.address() as AddressInfo;
      const headers = token === undefined ? undefined : { Authorization: `Bearer ${token}` };
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { ...(headers && { headers }) });
      const body = await answer.text();

      return { status: answer.status, headers: answer.headers, body };
    };
    const signIn = async (userId: string): Promise<string> => (await sessions.createSession(userId)).token;

    it('serves who may', async () => {
      const player = await signIn(alice.id);
      await sessions.selectCharacter(player, aria.id);

      const game = await get('/game', player);
      const logs = await get('/logs', await signIn(bob.id));

      expect([game.status, JSON.parse(game.body)]).toEqual([200, { character: 'Aria', world: 'mist' }]);
      expect([logs.status, JSON.parse(logs.body)]).toEqual([200, { reader: 'bob' }]);
      expect(game.headers.get('Cache-Control')).toBe('no-store');
    });

    it.each(['no token', 'a wrong token'])('answers 401 to %s', async (what) => {
      const token = what === 'no token' ? undefined : `${(await signIn(alice.id)).slice(0, -1)}_`;

      const answer = await get('/game', token);

      expect(readProblem(answer, token)).toEqual({
        title: 'Unauthorized',
        status: 401,
        code: 'session_invalid',
        reason: null,
      });
      expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer realm="mud"');
      expect(answer.headers.get('Retry-After')).toBeNull();
    });

    it('tells the holder of an ended session why it ended', async () => {
      const { token, session } = await sessions.createSession(alice.id);
      await sessions.removeSession(session.id);

      const answer = await get('/logs', token);

      expect(readProblem(answer, token)).toEqual({
        title: 'Unauthorized',
        status: 401,
        code: 'session_invalid',
        reason: 'kicked',
      });
    });

    it('answers 403 to a role that may not', async () => {
      const token = await signIn(alice.id);

      const answer = await get('/logs', token);

      expect(readProblem(answer, token)).toEqual({
        title: 'Forbidden',
        status: 403,
        code: 'permission_denied',
      });
      expect(answer.headers.get('WWW-Authenticate')).toBeNull();
    });

    it('answers 409 to a session without a character', async () => {
      const token = await signIn(alice.id);

      const answer = await get('/game', token);

      expect(readProblem(answer, token)).toEqual({
        title: 'Conflict',
        status: 409,
        code: 'character_not_selected',
      });
    });

    it('answers 503 when the store is away, and says when to come again', async () => {
      const token = await signIn(alice.id);
      directory.isAway = true;

      const answer = await get('/game', token);

      expect(readProblem(answer, token)).toEqual({
        title: 'Service Unavailable',
        status: 503,
        code: 'store_unavailable',
      });
      expect(answer.headers.get('Retry-After')).toBe('1');
      expect(answer.headers.get('WWW-Authenticate')).toBeNull();
    });

    it('leaves a bug a 500', async () => {
      const token = await signIn(alice.id);
      sessions.failure = BUG;

      const answer = await get('/game', token);

      expect(answer.status).toBe(500);
      expect(answer.body).not.toContain(token);
      // As the page says, Fastify shows the message.
      expect(answer.body.includes(BUG.message)).toBe(file === 'fastify-app.ts');
    });

    it('leaves errors of the framework to the framework, where there is one', async () => {
      sessions.failure = TEAPOT;

      const answer = await get('/game');

      expect(answer.status).toBe(file === 'node-app.ts' ? 500 : 418);
      expect(answer.headers.get('Content-Type') ?? '').not.toContain('problem');
    });

    it('does not know other routes', async () => {
      expect((await get('/nowhere')).status).toBe(404);
    });
  },
);

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** The problem that an answer tells of, with nothing in it of the token or of what went wrong inside. */
function readProblem({ status, headers, body }: Answer, token = 'mas_'): unknown {
  const problem = JSON.parse(body) as { status: number };
  expect(status).toBe(problem.status);
  expect(headers.get('Content-Type')).toMatch(/^application\/problem\+json(; charset=utf-8)?$/);
  expect(headers.get('Cache-Control')).toBe('no-store');
  for (const part of [...token.split('.'), 'swordfish']) expect(body).not.toContain(part);

  return problem;
}

async function listening(server: Server): Promise<Server> {
  if (!server.listening) await once(server, 'listening');

  return server;
}
