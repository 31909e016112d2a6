import type { SessionEvent, SessionEvents } from '../live/session-events.ts';
import { type OnError, quietly } from '../safely.ts';
import type { Ending } from './ending.ts';

/** Tells what happened without anybody having to wait, or to fail, for it. */
export class Announcer {
  readonly #events: SessionEvents;
  readonly #onError: OnError;

  constructor(events: SessionEvents, onError: OnError | undefined) {
    this.#events = events;
    this.#onError = quietly(onError);
  }

  announce(event: SessionEvent): void {
    void this.#publish(event);
  }

  announceEach(endings: readonly Ending[]): void {
    for (const ending of endings) this.announce({ type: 'session_ended', ...ending });
  }

  async #publish(event: SessionEvent): Promise<void> {
    try {
      await this.#events.publish(event);
    } catch (error) {
      this.#onError(error);
    }
  }
}
