/** Values of a query as the validation takes them; what is none of theirs stays as it came. */

/** A parameter without a value counts as left out, as a form that is not filled in sends it. */
export function unlessEmpty(value: unknown): unknown {
  return value === '' ? undefined : value;
}

export function trueOrFalse(value: unknown): unknown {
  if (value === 'true') return true;
  return value === 'false' ? false : unlessEmpty(value);
}

/** `Number` alone would also take blanks, `0x10` and `1e1`. */
export function wholeNumber(value: unknown): unknown {
  return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : unlessEmpty(value);
}
