import * as fc from 'fast-check';
import { isAmount, parseAmount } from './amount.js';

const decimals = fc.integer({ min: 0, max: 4 });
const digits = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), minLength, maxLength });

/** An amount counted in its smallest unit, the slow and plain way. */
function smallestUnits(text: string, places: number): bigint {
  const [integer = '', fraction = ''] = text.split('.');
  return BigInt(integer + fraction.padEnd(places, '0'));
}

describe('an amount', () => {
  it.each([
    ['12.5', 2, '12.50'],
    ['12.50', 2, '12.50'],
    ['12', 2, '12.00'],
    ['0.01', 2, '0.01'],
    ['1250', 0, '1250'],
    ['1.5', 3, '1.500'],
    ['0.0001', 4, '0.0001'],
    ['999999999999999.9999', 4, '999999999999999.9999'],
  ])('%s with %i decimals is %s', (text, places, canonical) => {
    expect(parseAmount(text, places)).toBe(canonical);
  });

  it.each([
    ['nothing', '', 2],
    ['zero', '0', 2],
    ['zero with decimals', '0.00', 2],
    ['one decimal too many', '12.505', 2],
    ['one decimal too many, though a zero', '12.500', 2],
    ['a decimal where there is none', '1250.0', 0],
    ['a digit too many', '1000000000000000', 2],
    ['a minus', '-1.00', 2],
    ['a plus', '+1.00', 2],
    ['an exponent', '1e3', 2],
    ['hexadecimal', '0x10', 2],
    ['a leading zero', '012.50', 2],
    ['no integer part', '.50', 2],
    ['a bare point', '12.', 2],
    ['a comma', '12,50', 2],
    ['separators', '1,250.00', 2],
    ['an underscore', '1_250', 2],
    ['a blank before', ' 12.50', 2],
    ['a line break behind', '12.50\n', 2],
    ['a NUL', '12.50\0', 2],
    ['other digits', '１２.５０', 2],
    ['NaN', 'NaN', 2],
    ['infinity', 'Infinity', 2],
    ['a number', 12.5, 2],
    ['a list', ['12.50'], 2],
    ['null', null, 2],
  ])('is refused: %s', (_why, value, places) => {
    expect(isAmount(value, places)).toBe(false);
  });

  it('parses to the same value, in one form', () => {
    fc.assert(
      fc.property(digits(1, 15), digits(0, 4), decimals, (integer, fraction, places) => {
        const text = fraction === '' ? integer : `${integer}.${fraction}`;
        fc.pre(isAmount(text, places));
        const amount = parseAmount(text, places);
        expect(smallestUnits(amount, places)).toBe(smallestUnits(text, places));
        expect(amount.split('.')[1] ?? '').toHaveLength(places);
        expect(parseAmount(amount, places)).toBe(amount);
      }),
    );
  });

  it('is parsed exactly where it is accepted, whatever the text', () => {
    const numberlike = fc.string({ unit: fc.constantFrom(...'0123456789.-+eE, '.split('')) });
    fc.assert(
      fc.property(fc.oneof(fc.string(), numberlike), decimals, (text, places) => {
        expect(parsed(text, places) !== undefined).toBe(isAmount(text, places));
      }),
      { numRuns: 10_000 },
    );
  });
});

function parsed(text: string, places: number): string | undefined {
  try {
    return parseAmount(text, places);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
