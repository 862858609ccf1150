import { ValidateBy } from 'class-validator';

const INSTANT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/i;

/**
 * Reads a time as RFC 3339 has it, or a day, which begins at midnight UTC.
 *
 * @returns undefined where it is none; a time without a zone is none, since nobody can know when
 *   it is
 */
export function parseInstant(text: string): Date | undefined {
  if (!INSTANT.test(text)) return undefined;
  const instant = new Date(text.toUpperCase());
  // Date rolls the 31st of a short month over into the next one; such a day is a mistake.
  const day = Number(text.slice(8, 10));
  const last = new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0));
  return Number.isNaN(instant.getTime()) || day > last.getUTCDate() ? undefined : instant;
}

/** Checks for a text that {@link parseInstant} can read. */
export function IsInstant(): PropertyDecorator {
  return ValidateBy({
    name: 'isInstant',
    validator: {
      validate: (value) => typeof value === 'string' && parseInstant(value) !== undefined,
      defaultMessage: () =>
        'must be a time with its zone, such as 2026-12-31T12:00:00Z, or a day, such as 2026-12-31',
    },
  });
}
