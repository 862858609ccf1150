/**
 * Whether a value is one line of text of at most so many characters.
 *
 * Control characters and line separators would break the lines of a log or a header, PostgreSQL
 * refuses NUL, and half of a surrogate pair is no text at all.
 *
 * @param most as people and PostgreSQL count them: an emoji is one
 */
export function isLine(value: unknown, most: number): value is string {
  return (
    typeof value === 'string' &&
    // Cheap first: no text is counted that is far too long. A character is two units at most.
    value.length <= 2 * most &&
    !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(value) &&
    Array.from(value).length <= most
  );
}
