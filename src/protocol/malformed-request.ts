/**
 * A request whose form alone is wrong: OAuth's `invalid_request` (RFC 6749 §5.2).
 *
 * The message goes to the caller as `error_description`, so it keeps to the letters of
 * RFC 6749 §5.2 and never repeats what was sent.
 */
export class MalformedRequestError extends Error {
  override readonly name = 'MalformedRequestError';
}
