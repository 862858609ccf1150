/**
 * A number for a test that can be repeated as often as one likes: the full one, or with
 * `TEST_LENGTH=short` (`.ci/run`) the short one.
 */
export function inFull(full: number, short: number): number {
  return process.env.TEST_LENGTH === 'short' ? short : full;
}
