import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SessionStoreError } from '../../../src/index.ts';
import { Coalescer } from '../../../src/stores/postgres/coalescer.ts';

/** A question on its way, for a test to answer. */
interface Asked {
  readonly ids: readonly string[];
  /** After the database has taken so long. */
  answer(tookMs?: number): Promise<void>;
  fail(error: Error): Promise<void>;
}

describe('a coalescer', () => {
  let asked: Asked[];
  let coalescer: Coalescer<string>;
  beforeEach(async () => {
    await open(1_000);
  });

  it('answers each caller about what he asked for, and null about what there is not', async () => {
    const answers = ask('a', 'none', 'b');
    await setImmediate();
    await asked[0]?.answer();

    expect(await answers).toEqual(['about a', null, 'about b']);
  });

  it('sends a lone call before the turn is over, as a question about one', async () => {
    const answer = coalescer.ask('a');
    await new Promise<void>((resolve) => process.nextTick(resolve));

    expect(sent()).toEqual([['a']]);
    await asked[0]?.answer();
    expect(await answer).toBe('about a');
  });

  it('sends what comes in one turn together', async () => {
    void ask('a', 'b');
    void Promise.resolve().then(() => ask('c'));
    await setImmediate();

    expect(sent()).toEqual([['a', 'b', 'c']]);
  });

  it('asks about the same thing once, and gives the answer to all', async () => {
    const answers = ask('a', 'a', 'b');
    await setImmediate();
    await asked[0]?.answer();

    expect(sent()).toEqual([['a', 'b']]);
    expect(await answers).toEqual(['about a', 'about a', 'about b']);
  });

  it('asks anew for a call that comes after the question was sent, though it is the same', async () => {
    void ask('a');
    await setImmediate();

    const later = coalescer.ask('a');
    await setImmediate();

    expect(sent()).toEqual([['a'], ['a']]);
    await asked[1]?.answer();
    expect(await later).toBe('about a');
  });

  it('keeps what comes meanwhile until a shared question is answered', async () => {
    void ask('a', 'b');
    await setImmediate();
    void ask('c');
    void ask('d');
    await setImmediate();
    expect(sent()).toEqual([['a', 'b']]);

    await asked[0]?.answer();

    expect(sent()).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  it('has two questions under way where many wait, and never a third', async () => {
    void ask('a', 'b');
    await setImmediate();
    void ask(...names(40));
    await setImmediate();
    void ask(...names(40));
    await setImmediate();

    expect(sizes()).toEqual([2, 40]);
  });

  it('shares many between two questions', async () => {
    void ask(...names(100));
    await setImmediate();

    expect(sizes()).toEqual([50, 50]);
  });

  it('asks about 128 at most', async () => {
    const answers = ask(...names(1_000));
    await setImmediate();
    for (let next = 0; next < asked.length; next += 1) await asked[next]?.answer();

    expect(Math.max(...sizes())).toBe(128);
    expect(await answers).toHaveLength(1_000);
  });

  it('refuses a call when too many have no answer, and takes calls again when they have', async () => {
    await open(3);
    const answers = ask('a', 'b', 'c');
    await setImmediate();

    const refused = coalescer.ask('d').catch((error: unknown) => error);

    expect(await refused).toMatchObject({ status: 503, retryable: true, outcome: 'not-applied' });
    await asked[0]?.answer();
    expect(await answers).toHaveLength(3);
    const again = coalescer.ask('d');
    await setImmediate();
    await asked[1]?.answer();
    expect(await again).toBe('about d');
  });

  it('asks about 32 at most before it knows how long an answer takes', async () => {
    const question = { one: never, many: vi.fn<(ids: readonly string[]) => Promise<never>>(never) };
    const fresh = new Coalescer(question, 1_000);

    for (const name of names(100)) void fresh.ask(name);
    await setImmediate();

    expect(question.many.mock.calls.map(([ids]) => ids.length)).toEqual([32, 32]);
  });

  describe('whose answers are slow', () => {
    it('lets half as many go together each time', async () => {
      await answered(names(16), 600);
      await answered(names(8), 600);

      void ask(...names(100));
      await setImmediate();

      expect(sizes()).toEqual([4, 4]);
    });

    it('lets more go together again when they are quick', async () => {
      await answered(names(16), 600);
      await answered(names(8), 10);

      void ask(...names(100));
      await setImmediate();

      expect(sizes()).toEqual([16, 16]);
    });

    it.each([
      ['a slow pair', names(2)],
      ['slow answers about one', ['a', 'a', 'a']],
    ])('recovers from %s', async (_, slow) => {
      await answered(slow, 600);
      await answered(names(2), 600);
      const quick = ask(...names(900));
      await setImmediate();
      while (asked.length > 0) await asked.shift()?.answer(10);
      await quick;

      void ask(...names(256));
      await setImmediate();

      expect(sizes()).toEqual([128, 128]);
    });

    it('does not mind a long way to the database', async () => {
      await answered(names(60), 400);

      void ask(...names(100));
      await setImmediate();

      expect(sizes()).toEqual([50, 50]);
    });
  });

  describe('whose question fails', () => {
    it('fails exactly those who asked it, each with an error of his own', async () => {
      const failing = errorsOf(ask('a'), ask('b'));
      await setImmediate();
      const others = ask(...names(40));
      await setImmediate();

      await asked[0]?.fail(failure('57014'));
      await asked[1]?.answer();

      const [a, b] = await failing;
      expect(a).toMatchObject({ retryable: true, outcome: 'not-applied', sqlState: '57014' });
      expect(b).toEqual(a);
      expect(b).not.toBe(a);
      expect(await others).toHaveLength(40);
    });

    it('asks about each of them alone from then on, until it is answered', async () => {
      const failing = errorsOf(ask('a'), ask('slow'));
      await setImmediate();
      await asked[0]?.fail(failure('57014'));
      await failing;

      const again = ask('a', 'slow', 'c');
      await setImmediate();
      expect(asked.slice(1).map(({ ids }) => ids)).toEqual([['a'], ['slow'], ['c']]);
      for (const question of asked.slice(1)) await question.answer();
      await again;
      void ask('a', 'slow', 'c');
      await setImmediate();

      expect(asked.at(-1)?.ids).toEqual(['a', 'slow', 'c']);
    });

    it('goes on asking alone about one that takes its time, for all who ask meanwhile at once', async () => {
      const failing = errorsOf(ask('a'), ask('slow'));
      await setImmediate();
      await asked[0]?.fail(failure('57014'));
      await failing;

      const first = ask('slow');
      const since = Promise.all([ask('slow'), ask('slow'), ask('slow')]);
      await setImmediate();
      expect(asked.slice(1).map(({ ids }) => ids)).toEqual([['slow']]);
      await asked[1]?.answer(600);
      await first;
      expect(asked.slice(2).map(({ ids }) => ids)).toEqual([['slow']]);
      await asked[2]?.answer(600);

      expect(await since).toEqual([['about slow'], ['about slow'], ['about slow']]);
      void ask('slow', 'b');
      await setImmediate();
      expect(asked.slice(3).map(({ ids }) => ids)).toEqual([['slow'], ['b']]);
    });

    it.each(['08006', '57P01', '53300', '40001', null])('doubts nobody for the failure %s', async (state) => {
      const failing = errorsOf(ask('a'), ask('b'));
      await setImmediate();
      await asked[0]?.fail(
        new SessionStoreError('away', { retryable: true, outcome: 'not-applied', sqlState: state }),
      );
      await failing;

      void ask('a', 'b');
      await setImmediate();

      expect(asked[1]?.ids).toEqual(['a', 'b']);
    });

    it('goes on asking alone about one that fails', async () => {
      const failing = errorsOf(ask('a'), ask('bad'));
      await setImmediate();
      await asked[0]?.fail(failure('XX001'));
      await failing;
      const alone = errorsOf(ask('bad'));
      await asked[1]?.fail(failure('XX001'));
      await alone;

      void Promise.allSettled([ask('bad', 'c', 'd')]);
      await setImmediate();

      expect(asked.slice(2).map(({ ids }) => ids)).toEqual([['bad'], ['c', 'd']]);
    });

    it('asks apart where a row is to blame, so that only its own callers fail', async () => {
      const calls = Promise.allSettled(['a', 'bad', 'c', 'd'].map((id) => coalescer.ask(id)));
      await setImmediate();

      for (let next = 0; next < asked.length; next += 1) {
        if (asked[next]?.ids.includes('bad')) await asked[next]?.fail(failure('22012'));
        else await asked[next]?.answer();
      }

      expect((await calls).map(({ status }) => status)).toEqual([
        'fulfilled',
        'rejected',
        'fulfilled',
        'fulfilled',
      ]);
    });

    it('passes on what is not of the store’s doing, and nobody waits for ever', async () => {
      const mistake = new TypeError('a mistake');
      const errors = errorsOf(ask('a'), ask('b'));
      await setImmediate();

      await asked[0]?.fail(mistake);

      expect(await errors).toEqual([mistake, mistake]);
    });
  });

  describe('whose question is not answered', () => {
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    it('lets nobody else wait for it longer than 50 ms', async () => {
      void ask('a', 'b');
      await setImmediate();
      const stuck = coalescer.ask('c');
      await setImmediate();
      vi.advanceTimersByTime(49);
      expect(sent()).toHaveLength(1);

      vi.advanceTimersByTime(1);

      expect(sent()).toEqual([['a', 'b'], ['c']]);
      await asked[1]?.answer();
      expect(await stuck).toBe('about c');
    });

    it('goes on at full speed past two of them', async () => {
      void ask(...names(100));
      await setImmediate();
      void ask('c');
      await setImmediate();
      vi.advanceTimersByTime(50);
      expect(sizes()).toEqual([50, 50, 1]);

      void ask('d');
      await setImmediate();

      expect(sizes()).toEqual([50, 50, 1, 1]);
    });

    it('gives its callers their answers when these come after all', async () => {
      const late = ask('a', 'b');
      await setImmediate();
      void ask('c');
      await setImmediate();
      vi.advanceTimersByTime(50);

      await asked[0]?.answer();

      expect(await late).toEqual(['about a', 'about b']);
    });
  });

  /** A coalescer that has learnt that answers come at once. */
  async function open(maxWaiting: number): Promise<void> {
    const questions: Asked[] = [];
    asked = questions;
    const put = (
      ids: readonly string[],
      onTook: (ms: number) => void,
    ): Promise<ReadonlyMap<string, string>> => {
      const { promise, resolve, reject } = Promise.withResolvers<ReadonlyMap<string, string>>();
      questions.push({
        ids,
        answer: async (tookMs = 0) => {
          onTook(tookMs);
          const known = ids.filter((id) => id !== 'none');
          resolve(new Map(known.map((id) => [id, `about ${id}`])));
          await setImmediate();
          await setImmediate();
        },
        fail: async (error) => {
          reject(error);
          await setImmediate();
        },
      });

      return promise;
    };
    const one = async (id: string, onTook: ((ms: number) => void) | null): Promise<string | undefined> =>
      (await put([id], onTook ?? (() => {}))).get(id);
    const question = { one, many: put };
    coalescer = new Coalescer(question, maxWaiting);
    for (const size of [32, 64]) {
      const ids = names(size).slice(0, maxWaiting);
      void ask(...ids);
      await setImmediate();
      while (questions.length > 0) await questions.shift()?.answer();
    }
  }

  /** Several calls in one go. */
  function ask(...ids: readonly string[]): Promise<(string | null)[]> {
    const answers = Promise.all(ids.map((id) => coalescer.ask(id)));
    answers.catch(() => {}); // some tests leave them without an answer

    return answers;
  }

  /** Asks, and has it answered; of this nothing is left. */
  async function answered(ids: readonly string[], tookMs: number): Promise<void> {
    void ask(...ids);
    await setImmediate();
    await asked[0]?.answer(tookMs);
    asked.length = 0;
  }

  function sent(): (readonly string[])[] {
    return asked.map(({ ids }) => ids);
  }

  function sizes(): number[] {
    return asked.map(({ ids }) => ids.length);
  }
});

async function errorsOf(...calls: readonly Promise<unknown>[]): Promise<unknown[]> {
  return Promise.all(calls.map((call) => call.catch((error: unknown) => error)));
}

function never(): Promise<never> {
  return new Promise(() => {});
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `n${n}`);
}

function failure(sqlState: string): SessionStoreError {
  return new SessionStoreError('refused', {
    retryable: sqlState.startsWith('57'),
    outcome: 'not-applied',
    sqlState,
  });
}
