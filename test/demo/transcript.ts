const PATIENCE_MS = 15_000;

/** What a client has been told, read in order: each wait goes on where the last one stopped. */
export class Transcript {
  #unread = '';
  #isOver = false;
  #wake: () => void = () => {};

  add(text: string): void {
    this.#unread += text;
    this.#wake();
  }

  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  /** Waits for the words, and returns what was read up to them and with them. */
  async until(words: string): Promise<string> {
    await this.#wait(`"${words}"`, () => this.#unread.includes(words));
    const end = this.#unread.indexOf(words) + words.length;
    const read = this.#unread.slice(0, end);
    this.#unread = this.#unread.slice(end);

    return read;
  }

  /** Waits until the other side has hung up, and returns the rest. */
  async untilEnd(): Promise<string> {
    await this.#wait('the end', () => this.#isOver);

    return this.#unread;
  }

  async #wait(what: string, isThere: () => boolean): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;

    while (!isThere()) {
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) throw new Error(`Waited for ${what}, but read: ${JSON.stringify(this.#unread)}`);
      await this.#news(leftMs);
    }
  }

  async #news(withinMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, withinMs);
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
  }
}
