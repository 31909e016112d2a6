import { SessionStoreError } from '../../errors.ts';
import { isAboutRows, mayBeAboutRows } from './postgres-errors.ts';

/** How the question is put. What has no answer is absent. */
export interface Question<Answer> {
  /** `onTook`, if there is one, is to be told how many milliseconds the database took; so below. */
  readonly one: (id: string, onTook: ((ms: number) => void) | null) => Promise<Answer | undefined>;
  readonly many: (
    ids: readonly string[],
    onTook: (ms: number) => void,
  ) => Promise<ReadonlyMap<string, Answer>>;
}

/** Who waits for an answer. */
interface Caller<Answer> {
  readonly id: string;
  readonly resolve: (answer: Answer | null) => void;
  readonly reject: (error: unknown) => void;
}

/** So many go together at most: what one answer brings must not hold up the event loop. */
const MAX_BATCH = 128;

/** So many to begin with, for nobody knows yet how long a row takes. */
const FIRST_BATCH = 32;

/** For fewer than this a second statement beside the first costs more than it saves. */
const WORTH_SHARING = 32;

/** With one at the server and one at the client, neither waits for the other. */
const MAX_UNDER_WAY = 2;

/** Quick enough for twice as many to go together. */
const QUICK_MS = 100;

/** So slow that the rows must take the time, and not the way to them: half as many go together. */
const SLOW_MS = 500;

/** Those who go alone teach nothing about those who go together. */
const LEAST_BATCH = 2;

/** So many ids at most are asked about alone. */
const MAX_DOUBTED = 1_024;

/** When nothing has come back for so long, what is under way holds up nobody any more. */
const PATIENCE_MS = 50;

/**
 * Lets calls of the same moment share a question to the database, without anybody getting an answer
 * to a question that was asked before his call. A lone call goes at once. What comes while a shared
 * question is under way goes together when that is answered, or earlier if there are many. How many
 * go together at most depends on how long the database took over the last ones.
 *
 * Where a question fails as a whole, and one of its ids may be to blame, each of them is asked about
 * apart until the database has answered quickly: who went with a slow row fails once, and not again.
 */
export class Coalescer<Answer> {
  readonly #question: Question<Answer>;
  readonly #maxWaiting: number;
  readonly #underWay = new Set<readonly Caller<Answer>[]>();
  /** Those who are asked about apart; where that is under way, with the callers who came since. */
  readonly #doubted = new Map<string, Caller<Answer>[] | null>();
  #callers: Caller<Answer>[] = [];
  #unanswered = 0;
  #maxBatch = FIRST_BATCH;
  #isGathering = false;
  #patience: NodeJS.Timeout | null = null;

  /** Past so many calls without an answer, the next is refused at once. */
  constructor(question: Question<Answer>, maxWaiting: number) {
    this.#question = question;
    this.#maxWaiting = maxWaiting;
  }

  /** The answer about this id, or `null` if there is none. */
  ask(id: string): Promise<Answer | null> {
    if (this.#unanswered >= this.#maxWaiting) return Promise.reject(tooMany(this.#maxWaiting));

    this.#unanswered += 1;
    return new Promise((resolve, reject) => {
      this.#take({ id, resolve, reject });
    });
  }

  #take(caller: Caller<Answer>): void {
    const since = this.#doubted.get(caller.id);
    if (since === undefined) {
      this.#callers.push(caller);
      this.#gather();
    } else if (since === null) void this.#answerDoubted(caller.id, [caller]);
    else since.push(caller);
  }

  #gather(): void {
    if (this.#isGathering) return;

    this.#isGathering = true;
    // A tick is over when all that runs now has run; the turn, when all that has arrived was read,
    // which takes longer, and a lone call has nothing to wait for.
    if (this.#underWay.size === 0) process.nextTick(this.#send);
    else setImmediate(this.#send);
  }

  readonly #send = (): void => {
    this.#isGathering = false;
    while (this.#callers.length > 0 && this.#mayGo()) {
      const shares =
        this.#underWay.size === 0 && this.#callers.length >= 2 * WORTH_SHARING ? MAX_UNDER_WAY : 1;
      const size = Math.min(this.#maxBatch, Math.ceil(this.#callers.length / shares));
      void this.#see(this.#callers.splice(0, size));
    }
    if (this.#callers.length > 0) this.#patience ??= setTimeout(this.#losePatience, PATIENCE_MS);
  };

  #mayGo(): boolean {
    if (this.#underWay.size >= MAX_UNDER_WAY) return false;

    const [first] = this.#underWay;
    const enough = Math.min(WORTH_SHARING, this.#maxBatch);
    return first === undefined || first.length === 1 || this.#callers.length >= enough;
  }

  readonly #losePatience = (): void => {
    this.#patience = null;
    this.#underWay.clear();
    this.#send();
  };

  async #see(callers: readonly Caller<Answer>[]): Promise<void> {
    this.#underWay.add(callers);
    await this.#answer(callers);
    this.#underWay.delete(callers);

    if (this.#patience !== null) clearTimeout(this.#patience);
    this.#patience = null;
    if (this.#callers.length > 0) this.#gather();
  }

  async #answer(callers: readonly Caller<Answer>[]): Promise<void> {
    try {
      const [first] = callers;
      if (first !== undefined && callers.length === 1) {
        first.resolve((await this.#question.one(first.id, null)) ?? null);
      } else {
        const ids = [...new Set(callers.map(({ id }) => id))];
        const answers = await this.#question.many(ids, (ms) => this.#learn(callers.length, ms));
        for (const { id, resolve } of callers) resolve(answers.get(id) ?? null);
      }
    } catch (error) {
      if (callers.length > 1) {
        if (isAboutRows(error)) return this.#answerApart(callers);
        if (mayBeAboutRows(error)) this.#doubt(callers);
      }
      for (const { reject } of callers) reject(copyOf(error));
    }
    this.#unanswered -= callers.length;
  }

  #learn(size: number, tookMs: number): void {
    if (tookMs < QUICK_MS) this.#maxBatch = Math.max(this.#maxBatch, Math.min(MAX_BATCH, 2 * size));
    else if (tookMs > SLOW_MS) this.#maxBatch = Math.max(LEAST_BATCH, Math.min(this.#maxBatch, size >> 1));
  }

  #doubt(callers: readonly Caller<Answer>[]): void {
    for (const { id } of callers) if (!this.#doubted.has(id)) this.#doubted.set(id, null);
    for (const [id, since] of this.#doubted) {
      if (this.#doubted.size <= MAX_DOUBTED) return;
      if (since === null) this.#doubted.delete(id);
    }
  }

  async #answerDoubted(id: string, callers: readonly Caller<Answer>[]): Promise<void> {
    let tookMs = Infinity;
    this.#doubted.set(id, []);
    try {
      const answer = (await this.#question.one(id, (ms) => (tookMs = ms))) ?? null;
      for (const { resolve } of callers) resolve(answer);
    } catch (error) {
      for (const { reject } of callers) reject(copyOf(error));
      tookMs = Infinity;
    }
    this.#unanswered -= callers.length;

    const since = this.#doubted.get(id) ?? [];
    if (tookMs < QUICK_MS) {
      this.#doubted.delete(id);
      for (const caller of since) this.#take(caller);
    } else if (since.length > 0) void this.#answerDoubted(id, since);
    else this.#doubted.set(id, null);
  }

  /** Where a row of one of them is to blame, the others are not to suffer for it. */
  async #answerApart(callers: readonly Caller<Answer>[]): Promise<void> {
    const middle = callers.length >> 1;
    await this.#answer(callers.slice(0, middle));
    await this.#answer(callers.slice(middle));
  }
}

function tooMany(max: number): SessionStoreError {
  return new SessionStoreError(`${max} calls wait for an answer already.`, {
    retryable: true,
    outcome: 'not-applied',
  });
}

/** To each his own error: who gets one may change it, and its stack. */
function copyOf(error: unknown): unknown {
  return error instanceof SessionStoreError ? new SessionStoreError(error.message, error) : error;
}
