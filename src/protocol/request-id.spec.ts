import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { toErrorDescription } from './oauth-error.js';
import { isRequestId } from './request-id.js';

describe('a caller’s request id', () => {
  it.each([
    ['eight letters', 'abcdefgh'],
    ['64 letters', 'x'.repeat(64)],
    ['a UUID', '0b6a1a2e-5c0d-4a3e-9d7e-1b2c3d4e5f60'],
    ['marks', 'a.b_c~d-e'],
  ])('may be %s', (_what, text) => {
    expect(isRequestId(text)).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['seven letters', 'abcdefg'],
    ['65 letters', 'x'.repeat(65)],
    ['a blank', 'abcdefgh i'],
    ['a line break at the end', 'abcdefgh\n'],
    ['a quote', 'abcdefgh"'],
    ['a percent sign', 'abcdefgh%0a'],
    ['letters outside ASCII', 'äbcdefgh'],
    ['two ids joined by a comma', 'abcdefgh, abcdefgh'],
    ['a client secret', `pst_${'x'.repeat(40)}`],
    ['what may be an access token', 'N0body'.repeat(5)],
  ])('may not be %s', (_what, text) => {
    expect(isRequestId(text)).toBe(false);
  });

  it('that is taken needs no care in a description, a log line or a header', () => {
    const idlike = fc.string({
      unit: fc.constantFrom(...'abAB01._~-"\\\n %'.split('')),
      maxLength: 70,
    });
    fc.assert(
      fc.property(fc.oneof(idlike, fc.string({ unit: 'binary', maxLength: 70 })), (text) => {
        const unharmed = toErrorDescription(text) === text && encodeURIComponent(text) === text;
        return unharmed || !isRequestId(text);
      }),
      { numRuns: 8000 },
    );
  });
});
