const CHUNK = 1_024;

/** First in, first out. An array of a million grows by copying itself: this one grows by small arrays. */
export class Queue<Item> {
  readonly #chunks: Item[][] = [[]];
  /** Where the first one is in the first chunk. */
  #start = 0;

  get first(): Item | undefined {
    return this.#chunks[0]?.[this.#start];
  }

  push(item: Item): void {
    const last = this.#chunks.at(-1);
    if (last !== undefined && last.length < CHUNK) last.push(item);
    else this.#chunks.push([item]);
  }

  dropFirst(): void {
    if (this.first === undefined) return;

    this.#start += 1;
    if (this.#start < CHUNK) return;

    this.#chunks.shift();
    if (this.#chunks.length === 0) this.#chunks.push([]);
    this.#start = 0;
  }
}
