const IAC = 255;
const SB = 250;
const SE = 240;
const WILL = 251;
const DONT = 254;
const WONT = 252;
const ECHO = 1;

const BACKSPACE = 8;
const LF = 10;
const CR = 13;
const DELETE = 127;

const MAX_LINE_BYTES = 1024;

/** Makes the client stop showing what is typed, since the server claims to do it (RFC 857). */
export const HIDE_TYPING: Uint8Array = Uint8Array.of(IAC, WILL, ECHO);
export const SHOW_TYPING: Uint8Array = Uint8Array.of(IAC, WONT, ECHO);

/**
 * From the bytes of a telnet client to lines of text (RFC 854). Commands and options that the
 * client sends are passed over; those that nobody answers stay off.
 */
export class TelnetDecoder {
  #state: 'text' | 'command' | 'option' | 'subnegotiation' | 'subnegotiation-command' = 'text';
  #line: number[] = [];
  #isAfterCr = false;

  /** The lines that end in this chunk; `null` for one that was too long to keep. */
  *decode(chunk: Uint8Array): Generator<string | null> {
    for (const byte of chunk) {
      if (!this.#isText(byte)) continue;

      const endsLine = byte === CR || (byte === LF && !this.#isAfterCr);
      if (endsLine) yield this.#takeLine();
      else this.#add(byte);
      this.#isAfterCr = byte === CR;
    }
  }

  #isText(byte: number): boolean {
    switch (this.#state) {
      case 'text':
        if (byte === IAC) this.#state = 'command';
        return byte !== IAC;
      case 'command':
        if (byte === SB) this.#state = 'subnegotiation';
        else this.#state = byte >= WILL && byte <= DONT ? 'option' : 'text';
        return false;
      case 'option':
        this.#state = 'text';
        return false;
      case 'subnegotiation':
        if (byte === IAC) this.#state = 'subnegotiation-command';
        return false;
      case 'subnegotiation-command':
        this.#state = byte === SE ? 'text' : 'subnegotiation';
        return false;
    }
  }

  #add(byte: number): void {
    if (byte === BACKSPACE || byte === DELETE) this.#rubOut();
    // One more than is allowed tells that the line was too long; the rest need not be kept.
    else if (byte !== LF && byte !== 0 && this.#line.length <= MAX_LINE_BYTES) this.#line.push(byte);
  }

  // A character is its last byte and, in UTF-8, the continuation bytes up to its first.
  #rubOut(): void {
    while (((this.#line.pop() ?? 0) & 0xc0) === 0x80);
  }

  #takeLine(): string | null {
    const line = this.#line;
    this.#line = [];

    return line.length > MAX_LINE_BYTES ? null : Buffer.from(line).toString('utf8');
  }
}
