import { describe, expect, it } from 'vitest';
import { Queue } from '../../../src/stores/memory/queue.ts';

const COUNTS = [0, 1, 1_023, 1_024, 1_025, 2_048, 5_000];

describe('a queue', () => {
  it.each(COUNTS)('gives %i back in the order in which they came', (count) => {
    const queue = new Queue<number>();
    for (let n = 0; n < count; n += 1) queue.push(n);

    for (let n = 0; n < count; n += 1) {
      expect(queue.first).toBe(n);
      queue.dropFirst();
    }

    expect(queue.first).toBeUndefined();
  });

  it.each(COUNTS)('takes more after it was emptied of %i', (count) => {
    const queue = new Queue<number>();
    for (let n = 0; n < count; n += 1) queue.push(n);
    for (let n = 0; n <= count; n += 1) queue.dropFirst();

    queue.push(-1);
    queue.push(-2);

    expect(queue.first).toBe(-1);
    queue.dropFirst();
    expect(queue.first).toBe(-2);
  });
});
