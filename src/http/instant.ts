import { ValidateBy } from 'class-validator';

const DAY = /\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])/.source;
const TIME = /(?:[01]\d|2[0-3]):[0-5]\d/.source;
/** Exact to the last number: what is out of range, Date may read by rules of its own. */
const INSTANT = new RegExp(`^${DAY}(T${TIME}(:[0-5]\\d(\\.\\d{1,9})?)?(Z|[+-]${TIME}))?$`, 'i');

/**
 * Reads a time as RFC 3339 has it, or a day, which begins at midnight UTC.
 *
 * @returns undefined where it is none; a time without a zone is none, since nobody can know when
 *   it is
 */
export function parseInstant(text: string): Date | undefined {
  if (!INSTANT.test(text)) return undefined;
  // Date rolls the 31st of a short month over into the next one; such a day is a mistake.
  const day = text.slice(0, 10);
  const isOfTheCalendar = new Date(day).toISOString().startsWith(day);
  if (!isOfTheCalendar) return undefined;
  const instant = new Date(text.toUpperCase());
  return isOfFourDigits(instant.getUTCFullYear()) ? instant : undefined;
}

/** In UTC too, as which it is stored and written: a zone may carry it past the last year, and PostgreSQL has no year 0. */
function isOfFourDigits(year: number): boolean {
  return year >= 1 && year <= 9999;
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
