import { setImmediate } from 'node:timers/promises';
import type { Character, Directory, User } from '../../src/directory.ts';
import type { NodeLease, SessionLinking } from '../../src/live/link-store.ts';
import type { Ending, EndingCause } from '../../src/session/ending.ts';
import { type SessionPolicy, termsFor } from '../../src/session/session-policy.ts';
import type {
  CharacterSelection,
  CreateSessionOutcome,
  EndingRecord,
  NewSession,
  SelectCharacterOutcome,
  SessionRecord,
  TouchOutcome,
} from '../../src/session/session-store.ts';
import type { RedeemOutcome, Redemption } from '../../src/remember/index.ts';
import { isExpired, type Session, sessionExpiresAt } from '../../src/session/session.ts';
import {
  MemoryLinkStore,
  MemoryMaintenanceStore,
  MemoryRememberStore,
  MemorySessionStore,
} from '../../src/stores/memory/index.ts';
import type { StoreContext } from '../../src/testing/index.ts';

// Stores that are wrong in one point each, and sound in all others.

/** A memory store whose clock goes wrong while it is told to. */
class SlowClockStore extends MemorySessionStore {
  readonly #lag: { ms: number };

  constructor({ clock, directory }: StoreContext) {
    const lag = { ms: 0 };
    super({ directory, clock: { now: () => new Date(clock.now().getTime() - lag.ms) } });
    this.#lag = lag;
  }

  /** Calls with the clock so far behind. It is read before the call returns its promise. */
  protected late<T>(ms: number, call: () => Promise<T>): Promise<T> {
    this.#lag.ms = ms;
    try {
      return call();
    } finally {
      this.#lag.ms = 0;
    }
  }
}

/** Says `now > deadline` where the port says `now >= deadline`. */
export class LateStore extends SlowClockStore {
  override async touchSession(sessionId: string): Promise<TouchOutcome> {
    const touched = await this.late(1, () => super.touchSession(sessionId));

    return touched.outcome === 'touched' ? super.touchSession(sessionId) : touched;
  }

  override expireSession(sessionId: string): Promise<Ending | null> {
    return this.late(1, () => super.expireSession(sessionId));
  }

  override countActiveSessions(activeWithinMs: number): Promise<number> {
    return this.late(1, () => super.countActiveSessions(activeWithinMs));
  }
}

/** Does not ask for the deadline when it touches: `UPDATE … WHERE id = $1`. */
export class LenientStore extends SlowClockStore {
  override async touchSession(sessionId: string): Promise<TouchOutcome> {
    const record = await super.findSession(sessionId);
    const overdueMs =
      record === null ? -1 : record.readAt.getTime() - sessionExpiresAt(record.session).getTime();

    return overdueMs < 0
      ? super.touchSession(sessionId)
      : this.late(overdueMs + 1, () => super.touchSession(sessionId));
  }
}

/** Touches by `INSERT … ON CONFLICT DO UPDATE`. */
export class RevivingStore extends MemorySessionStore {
  readonly #inputs = new Map<string, NewSession>();

  override async createSession(input: NewSession): Promise<CreateSessionOutcome> {
    this.#inputs.set(input.id, input);

    return super.createSession(input);
  }

  override async touchSession(sessionId: string): Promise<TouchOutcome> {
    const touched = await super.touchSession(sessionId);
    const input = this.#inputs.get(sessionId);
    if (touched.outcome !== 'ended' || input === undefined) return touched;

    await super.createSession(input);

    return super.touchSession(sessionId);
  }
}

/** Deletes, and writes no ending. */
export class ForgetfulStore extends MemorySessionStore {
  override async findEnding(): Promise<EndingRecord | null> {
    return null;
  }
}

/** Answers from a cache where the row is gone. */
export class CachingStore extends MemorySessionStore {
  readonly #seen = new Map<string, SessionRecord>();

  override async createSession(input: NewSession): Promise<CreateSessionOutcome> {
    const created = await super.createSession(input);
    await this.findSession(input.id);

    return created;
  }

  override async findSession(sessionId: string): Promise<SessionRecord | null> {
    const record = await super.findSession(sessionId);
    if (record !== null) this.#seen.set(sessionId, record);

    return this.#seen.get(sessionId) ?? null;
  }
}

/** Counts, waits for the database, and then writes by what it had counted. */
export class HastyStore extends MemorySessionStore {
  readonly #directory: Directory;
  readonly #created: Session[] = [];

  constructor(context: StoreContext) {
    super(context);
    this.#directory = context.directory;
  }

  override async createSession(input: NewSession): Promise<CreateSessionOutcome> {
    const user = await this.#directory.findUser(input.userId);
    const terms = termsFor(input.policy, user?.role ?? '');
    const limit = terms.maxSessionsPerUser ?? Infinity;
    const live = await this.#liveOf(input.userId);
    const oldest = live.slice(0, Math.max(0, live.length - limit + 1));
    if (oldest.length > 0 && terms.sessionLimitPolicy === 'reject')
      return { outcome: 'session_limit_reached', limit };

    await setImmediate();

    const unlimited: SessionPolicy = {
      ...input.policy,
      terms: { ...terms, maxSessionsPerUser: null },
      termsByRole: new Map(),
    };
    const created = await super.createSession({ ...input, policy: unlimited });
    if (created.outcome !== 'created') return created;

    this.#created.push(created.session);
    const replaced: EndingCause = { reason: 'replaced', actorId: null };
    const endings = await Promise.all(oldest.map(({ id }) => super.endSession(id, replaced)));

    return { ...created, endings: endings.filter((ending) => ending !== null) };
  }

  async #liveOf(userId: string): Promise<Session[]> {
    const mine = this.#created.filter((session) => session.userId === userId);
    const records = await Promise.all(mine.map(({ id }) => super.findSession(id)));

    return records
      .filter((record) => record !== null)
      .filter(({ session, readAt }) => !isExpired(session, readAt))
      .map(({ session }) => session)
      .toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1));
  }
}

/** Takes the character from its holder, and does not end him. */
export class KindStore extends MemorySessionStore {
  readonly #holders = new Map<string, string>();

  override async selectCharacter(selection: CharacterSelection): Promise<SelectCharacterOutcome> {
    const { characterId, seatPolicy, sessionId } = selection;
    const holder = this.#holders.get(characterId);
    if (seatPolicy === 'take_over' && holder !== undefined && holder !== sessionId) {
      await super.releaseCharacter(holder);
    }

    const selected = await super.selectCharacter(selection);
    if (selected.outcome === 'selected') this.#holders.set(characterId, sessionId);

    return selected;
  }
}

/** Clears all sessions but the latest, as an off-by-one does, or a batch that is the last but not full. */
export class SparingStore extends MemorySessionStore {
  readonly #ids: string[] = [];

  override async createSession(input: NewSession): Promise<CreateSessionOutcome> {
    this.#ids.push(input.id);

    return super.createSession(input);
  }

  override async endAllSessions(cause: EndingCause): Promise<number> {
    const endings = await Promise.all(this.#ids.slice(0, -1).map((id) => super.endSession(id, cause)));

    return endings.filter((ending) => ending !== null).length + 1;
  }
}

/** Takes the grace for a wish. */
export class ImpatientLinkStore extends MemoryLinkStore {
  override dropLinkDead(linking: SessionLinking): Promise<boolean> {
    return super.dropLinkDead(linking, 0);
  }
}

/** Drops whomever it is told to, as a bare "update … where id" does. */
export class BlindLinkStore extends MemoryLinkStore {
  override async dropLinkDead(linking: SessionLinking, graceMs: number): Promise<boolean> {
    await super.unlinkSession(linking);

    return super.dropLinkDead(linking, Math.min(graceMs, 0));
  }
}

/** Thinks that a node that asks is the only one alive. */
export class GreedyLinkStore extends MemoryLinkStore {
  readonly #nodes = new Set<string>();

  override keepNode(node: NodeLease): Promise<void> {
    this.#nodes.add(node.id);

    return super.keepNode(node);
  }

  override async adoptSessions(nodeId: string): Promise<number> {
    for (const other of this.#nodes) if (other !== nodeId) await super.endNode(other);

    return super.adoptSessions(nodeId);
  }
}

/** Gives the same successor however late somebody comes. */
export class ForgivingRememberStore extends MemoryRememberStore {
  override redeemToken(redemption: Redemption): Promise<RedeemOutcome> {
    return super.redeemToken({ ...redemption, graceMs: Infinity });
  }
}

/** Forgets a used token: to it, a copy is a stranger. */
export class ObliviousRememberStore extends MemoryRememberStore {
  override async redeemToken(redemption: Redemption): Promise<RedeemOutcome> {
    const outcome = await super.redeemToken(redemption);

    return outcome === 'reused' ? 'unknown' : outcome;
  }
}

/** Hangs no session on a family when it is only repeated. */
export class LooseRememberStore extends MemoryRememberStore {
  override async redeemToken(redemption: Redemption): Promise<RedeemOutcome> {
    const record = await super.findToken(redemption.familyId, redemption.secretHash);

    return super.redeemToken(record?.usedAt ? { ...redemption, sessionId: 'none' } : redemption);
  }
}

/** Takes every node for alive that it has ever heard of. */
export class CredulousLinkStore extends MemoryLinkStore {
  override keepNode(node: NodeLease): Promise<void> {
    return super.keepNode({ ...node, leaseMs: 100 * node.leaseMs });
  }
}

/** Writes the maintenance down, and does not look at it when somebody signs in under a limit. */
export class OpenStore extends MemorySessionStore {
  override async createSession(input: NewSession): Promise<CreateSessionOutcome> {
    const maintenance = new MemoryMaintenanceStore(this);
    const found = await maintenance.findMaintenance();
    if (found === null || input.policy.terms.maxSessionsPerUser === null) return super.createSession(input);

    await maintenance.endMaintenance();
    const created = await super.createSession(input);
    await maintenance.startMaintenance({ ...found.maintenance, endsSessions: false });

    return created;
  }
}

/** Asks the host once for each user. */
export class CachingDirectory implements Directory {
  readonly #directory: Directory;
  readonly #users = new Map<string, User | null>();

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  async findUser(userId: string): Promise<User | null> {
    const user = this.#users.get(userId) ?? (await this.#directory.findUser(userId));
    this.#users.set(userId, user);

    return user;
  }

  findCharacter(characterId: string): Promise<Character | null> {
    return this.#directory.findCharacter(characterId);
  }
}
