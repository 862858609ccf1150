import { InvalidArgumentError } from 'commander';
import { parseInstant } from '../http/instant.js';

/** The word that puts a setting back: Commander turns the null that is meant into an empty text. */
export const DEFAULT = 'default';
export type Default = typeof DEFAULT;

/** The value that an option stands for: null for the default. */
export function valueOf<Value>(given: Value | Default | undefined): Value | null | undefined {
  return given === DEFAULT ? null : given;
}

/** Reads a time or a day. */
export function instant(text: string): Date {
  const found = parseInstant(text);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(
    'It must be a time with its zone, such as 2026-12-31T12:00:00Z, or a day, such as 2026-12-31.',
  );
}

/** Reads a whole number. */
export function wholeNumber(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}

/** Reads how many items a list may have. */
export function limit(text: string): number {
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= 200) return count;
  throw new InvalidArgumentError('It must be a whole number from 1 to 200.');
}

/** Reads a whole number, or the word that puts the setting back to its default. */
export function wholeNumberOrDefault(text: string): number | Default {
  return text === DEFAULT ? DEFAULT : wholeNumber(text);
}

/** Reads `true` or `false`. */
export function trueOrFalse(text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new InvalidArgumentError('It must be true or false.');
}

/** Reads a list separated by commas; an empty text is an empty list. */
export function commaList(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
