/**
 * What the clients 1 to `size` hold, made before anything is timed. All of it lies in one buffer: a
 * million strings would be work for the garbage collector, and a server gets a new string at each
 * request anyway.
 */
export class Credentials {
  readonly #bytes: Buffer;
  /** Where the credential of number `n` begins; that of number `n + 1` begins where it ends. */
  readonly #starts: Float64Array;

  constructor(size: number, make: (n: number) => string) {
    const starts = new Float64Array(size + 2);
    let bytes: Buffer = Buffer.allocUnsafe(size * make(1).length);
    let end = 0;

    for (let n = 1; n <= size; n++) {
      const credential = make(n);
      if (end + credential.length > bytes.length) bytes = grown(bytes, credential.length);
      starts[n] = end;
      end += bytes.write(credential, end, 'latin1');
    }
    starts[size + 1] = end;

    this.#bytes = bytes;
    this.#starts = starts;
  }

  of(n: number): string {
    return this.#bytes.toString('latin1', this.#starts[n], this.#starts[n + 1]);
  }
}

function grown(bytes: Buffer, room: number): Buffer {
  const larger = Buffer.allocUnsafe(bytes.length + (bytes.length >> 3) + room);
  bytes.copy(larger);

  return larger;
}
