import type { Ending, EndingCause } from '../session/ending.ts';

/** Sessions that were ended by somebody's doing. Public: ids only. */
export type SessionsEnded =
  | ({ readonly type: 'session_ended' } & Ending)
  /** All sessions that a user had then. He may have a new one by now. */
  | ({ readonly type: 'user_sessions_ended'; readonly userId: string } & EndingCause)
  /** All sessions that there were then. */
  | ({ readonly type: 'all_sessions_ended' } & EndingCause);

/** The player has come back to his session on another node than the one that he was on. */
export interface SessionMoved {
  readonly type: 'session_moved';
  readonly sessionId: string;
}

/** What nodes tell each other. */
export type SessionEvent = SessionsEnded | SessionMoved;

/** Who wants to hear of it. */
export interface SessionEventsSubscriber {
  heard(event: SessionEvent): void;
  /** Something may have happened unheard: look for yourself. */
  missed(): void;
}

/**
 * PORT. Tells every node what became of sessions, after it has happened. What is told is a hint, for
 * the sake of speed: the store alone says what is so. A channel may lose hints, repeat them, and
 * bring them in any order. When it may have lost some, it says so as soon as it can. Natural expiry
 * is not told: who holds a connection knows its deadlines.
 */
export interface SessionEvents {
  /**
   * Tells all subscribers on all nodes; those of this process before anything is awaited. Rejects
   * if some may not have heard it.
   */
  publish(event: SessionEvent): Promise<void>;
  /** Returns the function that ends the subscription. */
  subscribe(subscriber: SessionEventsSubscriber): () => void;
}

/** Events within this process, and no further. */
export class LocalSessionEvents implements SessionEvents {
  readonly #subscribers = new Set<SessionEventsSubscriber>();

  async publish(event: SessionEvent): Promise<void> {
    const failures: unknown[] = [];
    for (const subscriber of this.#subscribers) {
      try {
        subscriber.heard(event);
      } catch (error) {
        failures.push(error); // and the others hear it all the same
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'A subscriber to session events failed.');
  }

  subscribe(subscriber: SessionEventsSubscriber): () => void {
    this.#subscribers.add(subscriber);

    return () => void this.#subscribers.delete(subscriber);
  }
}
