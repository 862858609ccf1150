/**
 * What a test takes that can be repeated as often as one likes: the full one, or with
 * `TEST_LENGTH=short` (`.ci/run`) the short one.
 */
export function inFull<Value>(full: Value, short: Value): Value {
  return process.env.TEST_LENGTH === 'short' ? short : full;
}
