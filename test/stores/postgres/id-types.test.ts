import { describe, expect, it } from 'vitest';
import { idTypes } from '../../../src/stores/postgres/id-types.ts';

const UUID = '0190f7a1-7c1e-7b1a-9c1e-0123456789ab';

describe('a host id', () => {
  describe.each([
    ['integer', ['0', '1', '-1', '2147483647', '-2147483648'], ['2147483648', '-2147483649']],
    ['bigint', ['0', '2147483648', '9223372036854775807', '-9223372036854775808'], ['9223372036854775808']],
    [
      'uuid',
      [UUID, '00000000-0000-0000-0000-000000000000'],
      [UUID.toUpperCase(), `{${UUID}}`, UUID.slice(1)],
    ],
    ['text', ['', ' ', 'alice', '🐉', '1', 'x'.repeat(255)], ['x'.repeat(256), 'a\0b', '\uD800', '\uDC00a']],
  ] as const)('of type %s', (type, fitting, others) => {
    it.each(fitting)('may be %j', (id) => {
      expect(idTypes[type].fits(id)).toBe(true);
    });

    it.each(others)('cannot be %j', (id) => {
      expect(idTypes[type].fits(id)).toBe(false);
    });
  });

  it.each(['', ' 1', '1 ', '01', '-0', '+1', '1.0', '1e3', '0x1', '1n', '١', '1\n', '1;', 'NaN'])(
    'has one form, that in which Postgres prints it: no number is %j',
    (id) => {
      expect(idTypes.integer.fits(id)).toBe(false);
      expect(idTypes.bigint.fits(id)).toBe(false);
    },
  );

  it('is no number of a million digits', () => {
    expect(idTypes.bigint.fits('9'.repeat(1_000_000))).toBe(false);
  });
});
