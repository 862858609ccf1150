import { createHash } from 'node:crypto';

/**
 * A load: the text before the token, the text after it, and the tokens, which are taken in turn.
 *
 * @typedef {{ before: string, after?: string, tokens?: string[] | TokenRange }} Load
 * @typedef {{ first: number, count: number }} TokenRange tokens that {@link numberedToken} gives
 */

/** The token of a number; the database is filled with the same, by the same rule. */
export function numberedToken(number) {
  return createHash('md5').update(String(number)).digest('hex').slice(0, 30);
}

const made = new Map();

/**
 * A function that gives the next request's text. It goes on where the slice before has stopped: a
 * token comes again only when all others had their turn.
 */
export function requestsOf(load) {
  const key = JSON.stringify(load);
  if (!made.has(key)) made.set(key, inTurn(load));
  return made.get(key);
}

function inTurn({ before, after = '', tokens }) {
  if (tokens === undefined) return () => before;
  const all = Array.isArray(tokens)
    ? tokens
    : Array.from({ length: tokens.count }, (_, index) => numberedToken(tokens.first + index));
  let used = 0;
  return () => {
    used += 1;
    return before + all[used % all.length] + after;
  };
}
