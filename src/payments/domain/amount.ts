declare const canonical: unique symbol;

/**
 * A decimal above 0 with exactly the decimals of its currency, such as `12.50`: two amounts of one
 * currency are equal where their texts are. It is a text because a binary floating-point number
 * has no 0.1; it never becomes one, here or in the database (`numeric`).
 */
export type Amount = string & { readonly [canonical]: true };

/** Before the point: more than any payment needs, in any currency. */
export const MOST_INTEGER_DIGITS = 15;

// No sign, no exponent, no blanks, no separators, no leading zero: one way to write a number, so
// that nobody reads `1.000` as a thousand or `010` as eight.
const DECIMAL = /^(?<integer>0|[1-9]\d*)(?:\.(?<fraction>\d+))?$/;

/**
 * Whether a value is an amount above 0 in plain decimal notation.
 *
 * @param decimals the most that it may have: those of its currency; fewer are fine
 */
export function isAmount(value: unknown, decimals: number): value is string {
  const parts = typeof value === 'string' ? DECIMAL.exec(value)?.groups : undefined;
  if (parts === undefined) return false;
  const { integer = '', fraction = '' } = parts;
  return (
    integer.length <= MOST_INTEGER_DIGITS &&
    fraction.length <= decimals &&
    /[1-9]/.test(integer + fraction)
  );
}

/**
 * Brings an amount into its one canonical form: `12.5` of a currency with two decimals becomes
 * `12.50`.
 *
 * @param decimals those of its currency
 * @throws RangeError for what {@link isAmount} refuses
 */
export function parseAmount(text: string, decimals: number): Amount {
  if (!isAmount(text, decimals)) throw new RangeError('not an amount of this currency');
  const [integer = '', fraction = ''] = text.split('.');
  const padded = fraction.padEnd(decimals, '0');
  return (padded === '' ? integer : `${integer}.${padded}`) as Amount;
}
