import { withheld } from './misplaced-credentials.js';

const SANE = /^[A-Za-z0-9._~-]{8,64}$/;

/**
 * Whether a caller's own `X-Request-Id` is fit to be taken over: short, and of letters that need
 * no care in a log line, in JSON or in `error_description` (RFC 6749 §5.2); and nothing that looks
 * like a secret or a token.
 */
export function isRequestId(text: string): boolean {
  return SANE.test(text) && withheld(text) === text;
}
