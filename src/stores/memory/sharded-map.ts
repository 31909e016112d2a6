/** A `Map` grows and shrinks by copying itself: with so many, each copies a small part at a time. */
const SHARDS = 256;

/** So many characters at the end of a key are looked at: all of them, of any usual id. */
const MAX_HASHED = 64;

/**
 * A map for a million entries that never stops the process to copy them all. It is not ordered: an
 * entry that comes during a walk may be met or not.
 */
export class ShardedMap<Value> {
  readonly #shards: readonly Map<string, Value>[] = Array.from({ length: SHARDS }, () => new Map());
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: string): Value | undefined {
    return this.#shardOf(key).get(key);
  }

  set(key: string, value: Value): void {
    const shard = this.#shardOf(key);
    const before = shard.size;
    shard.set(key, value);
    this.#size += shard.size - before;
  }

  delete(key: string): void {
    if (this.#shardOf(key).delete(key)) this.#size -= 1;
  }

  *values(): Generator<Value, undefined> {
    for (const shard of this.#shards) yield* shard.values();
  }

  // FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/. Some ids differ at their ends, others, such as
  // addresses, before them.
  #shardOf(key: string): Map<string, Value> {
    let hash = 0x811c9dc5;
    for (let index = Math.max(0, key.length - MAX_HASHED); index < key.length; index += 1) {
      hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
    }

    // There is one for each of these numbers.
    return this.#shards[(hash ^ (hash >>> 16)) & (SHARDS - 1)] as Map<string, Value>;
  }
}
