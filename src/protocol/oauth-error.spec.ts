import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { toErrorDescription } from './oauth-error.js';

const LETTERS = /^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/;

describe('an error description', () => {
  it('keeps the letters that it may have', () => {
    const allowed = Array.from({ length: 0x5f }, (_, index) => String.fromCharCode(0x20 + index))
      .join('')
      .replace(/["\\]/g, '');
    expect(toErrorDescription(allowed)).toBe(allowed);
  });

  it.each([
    ['a double quote', 'say "hi"', "say 'hi'"],
    ['a backslash', 'a\\b', "a'b"],
    ['a line break', 'a\r\nb', "a''b"],
    ['DEL', 'a\u007f', "a'"],
    ['a typographic apostrophe', 'the server’s', "the server's"],
    ['a letter beyond 16 bits', 'a😀', "a''"],
  ])('has no %s', (_what, text, described) => {
    expect(toErrorDescription(text)).toBe(described);
  });

  it('is within the letters of RFC 6749 §5.2, whatever the text, and keeps its length', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));
    fc.assert(
      fc.property(text, (given) => {
        const described = toErrorDescription(given);
        return (
          LETTERS.test(described) &&
          described.length === given.length &&
          toErrorDescription(described) === described
        );
      }),
      { numRuns: 1500 },
    );
  });
});
