import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { isCompactJws } from './compact-jws.js';

describe('the form of a compact JWS', () => {
  it.each(['e30.e30.QQ', 'e30.e30.QUE', 'e30.e30.QUJD'])('has %s', (text) => {
    expect(isCompactJws(text)).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['two parts', 'e30.e30'],
    ['four parts', 'e30.e30.QQ.QQ'],
    ['an empty part', 'e30.e30.'],
    ['a letter of base64 alone', 'e30.e30.Q+'],
    ['padding', 'e30.e30.QQ=='],
    ['bits that stand for nothing', 'e30.e30.QR'],
    ['a length that no bytes have', 'e30.e30.Q'],
    ['letters beyond ASCII', 'e30.e30.QÉ'],
  ])('has not: %s', (_what, text) => {
    expect(isCompactJws(text)).toBe(false);
  });
});

describe('the form of a compact JWS, whatever the text', () => {
  const part = fc.uint8Array({ minLength: 1, maxLength: 9 }).map((bytes) => {
    return Buffer.from(bytes).toString('base64url');
  });

  it('is that of three encodings joined by dots', () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
        expect(isCompactJws(parts.join('.'))).toBe(parts.length === 3);
      }),
      { numRuns: 5000 },
    );
  });

  it('is lost by changing the last letter for one that decodes to the same bytes', () => {
    const letter = fc.constantFrom(
      ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.split(''),
    );
    fc.assert(
      fc.property(part, part, part, letter, (one, two, three, other) => {
        const changed = three.slice(0, -1) + other;
        if (changed === three) return;
        const sameBytes = Buffer.from(changed, 'base64url').equals(Buffer.from(three, 'base64url'));
        if (sameBytes) expect(isCompactJws(`${one}.${two}.${changed}`)).toBe(false);
      }),
      { numRuns: 5000 },
    );
  });

  it('is by the grammar of RFC 7515 §2: the alphabet, no padding, no length of one beyond four', () => {
    const jwslike = fc.string({
      unit: fc.constantFrom(...'AQz09-_.+/= é'.split('')),
      maxLength: 16,
    });
    fc.assert(
      fc.property(fc.oneof(jwslike, fc.string({ unit: 'binary' })), (text) => {
        const parts = text.split('.');
        const spelled = parts.every((one) => /^[A-Za-z0-9_-]+$/.test(one) && one.length % 4 !== 1);
        // The last letter has two or four bits that stand for nothing, and have to be 0.
        const exact = parts.every(
          (one) =>
            (one.length % 4 !== 2 || /[AQgw]$/.test(one)) &&
            (one.length % 4 !== 3 || /[AEIMQUYcgkosw048]$/.test(one)),
        );
        expect(isCompactJws(text)).toBe(parts.length === 3 && spelled && exact);
      }),
      { numRuns: 20_000 },
    );
  });
});
