import { describe, expect, it } from '@jest/globals';
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
