import { ValidateBy, type ValidationArguments } from 'class-validator';
import { PROPERTY_RULES, type PropertyName } from '../../domain/client-properties.js';

/** Checks a property by the domain's own rule for it. */
export function Fits(name: PropertyName): PropertyDecorator {
  const rule = PROPERTY_RULES[name];
  return ValidateBy({
    name: 'fits',
    validator: {
      validate: (value) => rule.fits(value),
      defaultMessage: (args?: ValidationArguments) => rule.detail(args?.value),
    },
  });
}

/** Refuses a property that a caller can read but not set. */
export function IsReadOnly(): PropertyDecorator {
  return ValidateBy({
    name: 'isReadOnly',
    validator: {
      validate: (value) => value === undefined,
      defaultMessage: () => 'can be read, not set',
    },
  });
}
