import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { isLine } from './text.js';

describe('one line of text', () => {
  it.each([
    ['nothing', ''],
    ['letters of any script', 'Zü 請求書 \u05d0'],
    ['ten emoji, which count as ten', '😀'.repeat(10)],
    ['marks that turn the direction: they are text', '\u202e\u200f\u200e'],
  ])('may be %s', (_what, text) => {
    expect(isLine(text, 10)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['longer', 'x'.repeat(11)],
    ['longer by an emoji', '😀'.repeat(11)],
    ['a NUL', 'a\0'],
    ['a tab', 'a\tb'],
    ['a line break', 'a\n'],
    ['an escape', '\u001b[31m'],
    ['a C1 control', '\u0085'],
    ['a line separator', '\u2028'],
    ['half a pair', '\ud800'],
    ['the other half', 'a\udc00b'],
    ['a number', 7],
    ['an object that would be text', { toString: () => 'x' }],
    ['null', null],
  ])('is not %s', (_what, value) => {
    expect(isLine(value, 10)).toBe(false);
  });
});

describe('one line, whatever the value', () => {
  it('is text that survives UTF-8, has no line breaks, and as many code points at most', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.string({ unit: fc.constantFrom('a', '😀', '\ud83d', '\ude00', '\n', '\u2029', 'é') }),
    );
    fc.assert(
      fc.property(text, fc.nat(12), (value, most) => {
        const whole = Buffer.from(value).toString() === value;
        const letters = Array.from(value);
        const plain = letters.every((one) => {
          const code = one.codePointAt(0) ?? 0;
          const control = code < 0x20 || (code >= 0x7f && code < 0xa0);
          return !control && code !== 0x2028 && code !== 0x2029;
        });
        expect(isLine(value, most)).toBe(whole && plain && letters.length <= most);
      }),
      { numRuns: 10_000 },
    );
  });

  it('is never anything but a string', () => {
    fc.assert(
      fc.property(
        fc.anything().filter((value) => typeof value !== 'string'),
        (value) => !isLine(value, 1000),
      ),
      { numRuns: 5000 },
    );
  });
});
