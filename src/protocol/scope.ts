import { piecesOf } from './pieces.js';

const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** Whether a text can be the name of a scope (`scope-token`, RFC 6749 §3.3). */
export function isScopeToken(text: string): boolean {
  return SCOPE_TOKEN.test(text);
}

/**
 * Reads a space-separated scope list (RFC 6749 §3.3). Blanks are folded and repeats dropped,
 * which the RFC's grammar would refuse, because hand-written clients send both.
 *
 * @returns the names in the order sent; empty for an empty or blank text. The names are not
 *   checked: what no client may have is refused by comparing, not by spelling.
 */
export function parseScope(text: string): string[] {
  return [...new Set(piecesOf(text, ' ').filter((name) => name !== ''))];
}

/** Writes scope names as the wire has them: separated by one space (RFC 6749 §3.3). */
export function formatScope(scopes: readonly string[]): string {
  return scopes.join(' ');
}
