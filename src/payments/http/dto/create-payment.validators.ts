import { ValidateBy, type ValidationArguments } from 'class-validator';
import { isAmount, MOST_INTEGER_DIGITS } from '../../domain/amount.js';
import { getDecimals, isCurrencyCode, MOST_DECIMALS } from '../../domain/currency.js';
import { isReference, LONGEST_REFERENCE } from '../../domain/payment.js';

/** Checks an amount against the currency in the field `currency` beside it. */
export function IsAmount(): PropertyDecorator {
  return ValidateBy({
    name: 'isAmount',
    validator: {
      validate: (value, args) => isAmount(value, decimalsBeside(args)),
      defaultMessage: (args) =>
        `must be a decimal string above 0 with at most ${MOST_INTEGER_DIGITS} digits before the point and ${decimalsBeside(args)} after it`,
    },
  });
}

/** Where the currency itself is wrong, only the form of the amount is judged. */
function decimalsBeside(args: ValidationArguments | undefined): number {
  const { currency } = (args?.object ?? {}) as { currency?: unknown };
  return isCurrencyCode(currency) ? getDecimals(currency) : MOST_DECIMALS;
}

/** Checks for an active alphabetic code of ISO 4217. */
export function IsCurrencyCode(): PropertyDecorator {
  return ValidateBy({
    name: 'isCurrencyCode',
    validator: {
      validate: (value) => isCurrencyCode(value),
      defaultMessage: () => 'must be an active currency code of ISO 4217, such as EUR',
    },
  });
}

/**
 * Checks a payment's reference. Not with `@MaxLength`: that does not count variation selectors, so
 * that a text of any length could pass.
 */
export function IsReference(): PropertyDecorator {
  return ValidateBy({
    name: 'isReference',
    validator: {
      validate: (value) => isReference(value),
      defaultMessage: () =>
        `must be a string of at most ${LONGEST_REFERENCE} characters, without control characters`,
    },
  });
}
