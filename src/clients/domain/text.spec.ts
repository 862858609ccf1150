import { describe, expect, it } from '@jest/globals';
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
