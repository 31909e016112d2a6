import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../src/testing/fake-clock.ts';

describe('FakeClock', () => {
  it('stands still at the beginning of 2026, UTC', () => {
    const clock = new FakeClock();

    expect(clock.now()).toEqual(new Date('2026-01-01T00:00:00.000Z'));
    expect(clock.now()).toEqual(new Date('2026-01-01T00:00:00.000Z'));
  });

  it('starts where it is told', () => {
    const start = new Date('2001-02-03T04:05:06.789Z');

    expect(new FakeClock(start).now()).toEqual(start);
  });

  it('moves on by milliseconds, and back', () => {
    const clock = new FakeClock(new Date(1_000));

    clock.advance(500);
    expect(clock.now()).toEqual(new Date(1_500));
    clock.advance(-501);
    expect(clock.now()).toEqual(new Date(999));
  });

  it('moves to a moment', () => {
    const clock = new FakeClock();

    clock.set(new Date(42));

    expect(clock.now()).toEqual(new Date(42));
  });

  it('is not moved by who changes a date that it gave or was given', () => {
    const start = new Date(1_000);
    const clock = new FakeClock(start);

    start.setTime(7);
    clock.now().setTime(7);

    expect(clock.now()).toEqual(new Date(1_000));
  });
});
