import { getDecimals, isCurrencyCode, MOST_DECIMALS } from './currency.js';

describe('the currencies of ISO 4217', () => {
  it.each([
    ['EUR', 2],
    ['JPY', 0],
    ['KWD', 3],
    ['CLF', 4],
    ['UYW', 4],
  ])('%s has %i decimals', (code, decimals) => {
    expect(getDecimals(code)).toBe(decimals);
  });

  it.each([
    ['IQD', 3],
    ['AFN', 2],
    ['ALL', 2],
    ['HUF', 2],
    ['COP', 2],
    ['IDR', 2],
  ])('%s has the %i decimals of the standard, not those of CLDR', (code, decimals) => {
    expect(getDecimals(code)).toBe(decimals);
  });

  it.each(['HRK', 'BGN', 'ANG', 'CUC', 'SLL', 'ZWL', 'DEM'])('%s is withdrawn', (code) => {
    expect(isCurrencyCode(code)).toBe(false);
  });

  it.each(['XAU', 'XXX', 'XTS', 'XDR'])('%s has no minor unit, so no amount', (code) => {
    expect(isCurrencyCode(code)).toBe(false);
  });

  it.each([
    '',
    'eur',
    'EURO',
    ' EUR',
    'EUR\n',
    '978',
    '__proto__',
    'constructor',
    null,
    978,
    ['EUR'],
  ])('%j is no code', (value) => {
    expect(isCurrencyCode(value)).toBe(false);
  });

  it('are the 165 active codes with a minor unit, and no others', () => {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('');
    const all = letters.flatMap((a) => letters.flatMap((b) => letters.map((c) => a + b + c)));
    const known = all.filter(isCurrencyCode);
    expect(known).toHaveLength(165);
    expect(Math.max(...known.map(getDecimals))).toBe(MOST_DECIMALS);
    expect(() => getDecimals('ABC')).toThrow(RangeError);
  });
});
