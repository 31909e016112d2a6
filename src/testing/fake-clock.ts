import type { Clock } from '../clock.ts';

/** A clock that stands still until it is moved by hand. */
export class FakeClock implements Clock {
  #now: number;

  /** Starts at the given moment. Default: the beginning of 2026, UTC. */
  constructor(start: Date = new Date(Date.UTC(2026, 0, 1))) {
    this.#now = start.getTime();
  }

  now(): Date {
    return new Date(this.#now);
  }

  /** Moves on by so many milliseconds. */
  advance(ms: number): void {
    this.#now += ms;
  }

  /** Moves to a moment, earlier or later. */
  set(moment: Date): void {
    this.#now = moment.getTime();
  }
}
