import { SessionService } from 'mud-auth';
import { MemoryDirectory, MemorySessionStore } from 'mud-auth/memory';
import { median } from './measure.ts';

const CALLS = 20_000;
const ROUNDS = 9;

const ID = '00000000-0000-4000-8000-000000000000';
const MALFORMED: Readonly<Record<string, string>> = {
  'one character': 'x',
  'a megabyte': 'x'.repeat(1_000_000),
  'one character too many': `mas_${ID}.${'A'.repeat(44)}`,
  'a wrong character at the end': `mas_${ID}.${'A'.repeat(42)}!`,
};

/** What it costs to refuse what cannot be a token, beside a function that only rejects. */
export async function measureRefusals(): Promise<{ readonly name: string; readonly ratio: number }[]> {
  const store = new MemorySessionStore({ directory: new MemoryDirectory() });
  const sessions = new SessionService({ store });

  const figures = [];
  for (const [name, token] of Object.entries(MALFORMED)) {
    const ratios = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      const yardstick = await timeOf(bare);
      const ours = await timeOf(() => sessions.validateSession(token));
      if (round > 0) ratios.push(ours / yardstick);
    }
    figures.push({ name, ratio: median(ratios) });
  }

  return figures;
}

async function bare(): Promise<never> {
  throw new Error('no');
}

async function timeOf(reject: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  for (let n = 0; n < CALLS; n += 1) {
    try {
      await reject();
    } catch {
      // as it should
    }
  }

  return performance.now() - start;
}
