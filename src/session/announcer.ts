import type { SessionEvents, SessionsEnded } from '../live/session-events.ts';
import type { Ending } from './ending.ts';

/** Tells of endings without anybody having to wait, or to fail, for it. */
export class Announcer {
  readonly #events: SessionEvents;
  readonly #onError: (error: unknown) => void;

  constructor(events: SessionEvents, onError: (error: unknown) => void) {
    this.#events = events;
    this.#onError = onError;
  }

  announce(event: SessionsEnded): void {
    void this.#publish(event);
  }

  announceEach(endings: readonly Ending[]): void {
    for (const ending of endings) this.announce({ scope: 'session', ...ending });
  }

  async #publish(event: SessionsEnded): Promise<void> {
    try {
      await this.#events.publish(event);
    } catch (error) {
      this.#onError(error);
    }
  }
}
