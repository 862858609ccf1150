import { parseAmount } from './amount.js';
import { isReference, orderDigest, type PaymentOrder } from './payment.js';

describe('a reference', () => {
  it.each([
    ['text', 'Invoice 2026-0042'],
    ['nothing', ''],
    ['140 characters', 'x'.repeat(140)],
    ['140 characters of two code units', '😀'.repeat(140)],
    ['letters of any script', '請求書 № 7 – Größe'],
  ])('may be %s', (_what, value) => {
    expect(isReference(value)).toBe(true);
  });

  it.each([
    ['141 characters', 'x'.repeat(141)],
    ['141 variation selectors, which validators like to skip', '\ufe0f'.repeat(141)],
    ['a NUL', 'a\0b'],
    ['a line break', 'a\nb'],
    ['a line break at the end', 'a\n'],
    ['DEL', 'a\u007f'],
    ['a C1 control', 'a\u0085'],
    ['a line separator', 'a\u2028b'],
    ['the first half of a pair', 'a\ud83d'],
    ['the second half of a pair', '\ude00a'],
    ['the halves in the wrong order', '\ude00\ud83d'],
    ['a number', 42],
    ['null', null],
  ])('may not be %s', (_what, value) => {
    expect(isReference(value)).toBe(false);
  });
});

describe('the digest of an order', () => {
  const order: PaymentOrder = {
    amount: parseAmount('12.50', 2),
    currency: 'EUR',
    reference: 'Invoice',
  };

  it('is the same for the same order, however it was written', () => {
    const written = { reference: 'Invoice', currency: 'EUR', amount: parseAmount('12.5', 2) };
    expect(orderDigest(written)).toBe(orderDigest(order));
  });

  it.each<Partial<PaymentOrder>>([
    { amount: parseAmount('12.51', 2) },
    { currency: 'USD' },
    { reference: 'invoice' },
  ])('is another with %j', (change) => {
    expect(orderDigest({ ...order, ...change })).not.toBe(orderDigest(order));
  });
});
