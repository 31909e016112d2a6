/** Work of which two runs at once would be in vain, and a run that began too early is worth nothing. */
export class CoalescedTask {
  readonly #work: () => Promise<void>;
  #underWay: Promise<void> | null = null;
  #next: Promise<void> | null = null;

  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  /** Resolves, or rejects, with a run that began no earlier than this call. */
  run(): Promise<void> {
    if (this.#underWay === null) {
      this.#underWay = this.#work().finally(() => (this.#underWay = null));
      return this.#underWay;
    }

    this.#next ??= this.#underWay
      .catch(() => {}) // somebody else is told of it
      .then(() => {
        this.#next = null;
        return this.run();
      });
    return this.#next;
  }
}
