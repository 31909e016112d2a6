// One server process of a race: a SessionService over a pool of its own, driven by messages.
import pg from 'pg';
import {
  InvalidSessionError,
  type Principal,
  type SessionPolicyOptions,
  SessionService,
  type SessionServiceOptions,
} from '../../src/index.ts';
import { MaintenanceMode } from '../../src/live/index.ts';
import { RememberService } from '../../src/remember/index.ts';
import { PostgresSessionStore } from '../../src/stores/postgres/index.ts';
import { PostgresMaintenanceStore } from '../../src/stores/postgres/live/index.ts';
import { PostgresRememberStore } from '../../src/stores/postgres/remember/index.ts';

/** A call for a node to make. */
export interface NodeCall {
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** What became of it. */
export type NodeAnswer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly code: string; readonly message: string };

interface Settings {
  readonly url: string;
  readonly policy: SessionPolicyOptions;
  /** Answers validates from a cache of this age, as the library never does: for checking the checker. */
  readonly cacheMs: number;
  /** For how long a used remember token gives the same successor. */
  readonly graceMs: number;
  /** Is killed when a token has been redeemed, before anybody hears of it. */
  readonly diesOfRedeeming: boolean;
}

class CachingService extends SessionService {
  readonly #cache = new Map<string, { readonly principal: Principal; readonly until: number }>();
  readonly #cacheMs: number;

  constructor(options: SessionServiceOptions, cacheMs: number) {
    super(options);
    this.#cacheMs = cacheMs;
  }

  override async validateSession(token: string): Promise<Principal> {
    const cached = this.#cache.get(token);
    if (cached !== undefined && performance.now() < cached.until) return cached.principal;

    const principal = await super.validateSession(token);
    this.#cache.set(token, { principal, until: performance.now() + this.#cacheMs });

    return principal;
  }
}

const { url, policy, cacheMs, graceMs, diesOfRedeeming }: Settings = JSON.parse(process.argv[2] ?? '{}');
const pool = new pg.Pool({ connectionString: url, max: 10 });
pool.on('error', () => {}); // the store cannot listen through what counts
let shared = 0;
const store = new PostgresSessionStore({
  pool: {
    async connect() {
      const client = await pool.connect();

      return {
        query(query) {
          if (query.text.includes('unnest')) shared += 1;
          const result = client.query(query);
          if (!diesOfRedeeming || !query.text.includes('rotated')) return result;

          return result.finally(() => process.kill(process.pid, 'SIGKILL'));
        },
        release: (destroy) => client.release(destroy),
      };
    },
  },
  users: { relation: 'users', idType: 'integer' },
  characters: { relation: 'characters', idType: 'integer' },
});
const service =
  cacheMs > 0 ? new CachingService({ store, policy }, cacheMs) : new SessionService({ store, policy });

const maintenance = new MaintenanceMode({
  sessions: service,
  store: new PostgresMaintenanceStore(store),
});

const remember = new RememberService({
  sessions: service,
  store: new PostgresRememberStore(store),
  key: 'the key of a cluster, of at least thirty-two bytes',
  graceMs,
});
const targets: Readonly<Record<string, object>> = {
  start: maintenance,
  end: maintenance,
  signIn: remember,
  redeem: remember,
  revoke: remember,
};

process.on('message', (call: NodeCall) => {
  void answer(call).then((reply) => process.send?.(reply));
});
process.on('disconnect', () => process.exit(0));
await store.ready();
process.send?.({ id: 0, value: 'ready' } satisfies NodeAnswer);

async function answer({ id, method, args }: NodeCall): Promise<NodeAnswer> {
  if (method === 'countSharedStatements') return { id, value: shared };

  try {
    const target = targets[method] ?? service;
    const act: unknown = Reflect.get(target, method);
    if (typeof act !== 'function') throw new TypeError(`no method ${method}`);

    return { id, value: await act.apply(target, args) };
  } catch (error) {
    const code = error instanceof InvalidSessionError ? `session_invalid:${error.reason}` : codeOf(error);

    return { id, code, message: String(error) };
  }
}

function codeOf(error: unknown): string {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;

  return typeof code === 'string' ? code : 'unexpected';
}
