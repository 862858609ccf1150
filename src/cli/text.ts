/** Control characters, and marks that turn the direction of writing round or are not to be seen. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * A text as a terminal may show it. Ids in the audit trail are as strangers sent them: an escape
 * sequence in one could rewrite the lines above it.
 */
export function visible(text: string): string {
  return text.replace(UNSEEN, (mark) => `\\u{${mark.codePointAt(0)?.toString(16)}}`);
}

/** A text as one word of a shell. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A time without its fractions, or a word in its place. */
export function shownTime(time: string | null, none: string): string {
  return time === null ? none : time.replace(/\.\d+Z$/, 'Z');
}
