/**
 * Brings a resource indicator (RFC 8707 §2) into the form in which two of them are compared:
 * that of the WHATWG URL standard.
 *
 * @returns undefined where the text is no absolute URI or has a fragment
 */
export function normalizedResource(text: string): string | undefined {
  // The standard's parser would drop blanks and line breaks in silence; no URI has any.
  if (/[#\s\p{Cc}]/u.test(text) || !URL.canParse(text)) return undefined;
  return new URL(text).href;
}
