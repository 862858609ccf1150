import { ValidateBy } from 'class-validator';
import {
  isScopeDescription,
  isScopeName,
  LONGEST_SCOPE_DESCRIPTION,
  LONGEST_SCOPE_NAME,
} from '../../domain/scope.js';

/** Checks for the name of a scope. */
export function IsScopeName(): PropertyDecorator {
  return ValidateBy({
    name: 'isScopeName',
    validator: {
      validate: (value) => isScopeName(value),
      defaultMessage: () =>
        `must be a string of 1 to ${LONGEST_SCOPE_NAME} printable ASCII characters without blank, quotation mark and backslash, and not just dots`,
    },
  });
}

/** Checks for the description of a scope. */
export function IsScopeDescription(): PropertyDecorator {
  return ValidateBy({
    name: 'isScopeDescription',
    validator: {
      validate: (value) => isScopeDescription(value),
      defaultMessage: () =>
        `must be a string of 1 to ${LONGEST_SCOPE_DESCRIPTION} characters, not blank, without control characters`,
    },
  });
}
