import { describe, expect, it } from 'vitest';
import { TelnetDecoder } from '../../demo/telnet-decoder.ts';

const MAX_LINE_BYTES = 1024;

describe('TelnetDecoder', () => {
  it.each([
    ['CR LF', 'look\r\nwho\r\n'],
    ['LF alone', 'look\nwho\n'],
    ['CR NUL', 'look\r\0who\r\0'],
  ])('ends a line at %s', (_name, text) => {
    expect(linesOf(text)).toEqual(['look', 'who']);
  });

  it('keeps empty lines', () => {
    expect(linesOf('\r\n\r\n')).toEqual(['', '']);
  });

  it.each([
    ['an option', 'lo\xff\xfd\x01ok\r\n'],
    ['a command without one', 'lo\xff\xf1ok\r\n'],
    ['a subnegotiation with line ends and an escaped IAC', 'lo\xff\xfa\x18\r\n\xff\xff\x01\xff\xf0ok\r\n'],
  ])('passes over %s', (_name, text) => {
    expect(linesOf(text)).toEqual(['look']);
  });

  it('gives the same lines wherever the stream is cut', () => {
    const text = 'lo\xff\xfd\x01ok\r\n\xff\xfa\x18a\xff\xf0gr\xc3\xbc\xc3\x9f\r\n';
    const decoder = new TelnetDecoder();

    const lines: (string | null)[] = [];
    for (const byte of Buffer.from(text, 'latin1')) lines.push(...decoder.decode(Uint8Array.of(byte)));

    expect(lines).toEqual(['look', 'grüß']);
  });

  it('rubs out whole characters', () => {
    expect(linesOf('loX\x7f\xc3\xbc\x08ok\r\n\x7fwho\r\n')).toEqual(['look', 'who']);
  });

  it('takes a line of the greatest length, and drops one that is a byte longer', () => {
    const longest = 'x'.repeat(MAX_LINE_BYTES);

    expect(linesOf(`${longest}\r\n${longest}x\r\nlook\r\n`)).toEqual([longest, null, 'look']);
  });
});

function linesOf(text: string): (string | null)[] {
  return [...new TelnetDecoder().decode(Buffer.from(text, 'latin1'))];
}
