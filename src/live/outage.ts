/** How long the store has been out of reach of this node. Any answer ends it, whatever it says. */
export class Outage {
  readonly #graceMs: number;
  readonly #onTooLong: () => void;
  #timer: NodeJS.Timeout | null = null;

  constructor(graceMs: number, onTooLong: () => void) {
    this.#graceMs = graceMs;
    this.#onTooLong = onTooLong;
  }

  /** The store was asked, and did not answer. */
  failed(): void {
    if (this.#timer !== null) return;

    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#onTooLong();
    }, this.#graceMs);
    this.#timer.unref();
  }

  answered(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
