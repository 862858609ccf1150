/** How far the clocks of two servers may differ, at most and by default, in seconds. */
export const MOST_CLOCK_TOLERANCE_SECONDS = 5;

/**
 * Checks a tolerance that a service chose.
 *
 * @throws a RangeError for what is not between 0 and {@link MOST_CLOCK_TOLERANCE_SECONDS}
 */
export function checkedClockTolerance(seconds = MOST_CLOCK_TOLERANCE_SECONDS): number {
  if (seconds >= 0 && seconds <= MOST_CLOCK_TOLERANCE_SECONDS) return seconds;
  throw new RangeError(
    `clockToleranceSeconds must be between 0 and ${MOST_CLOCK_TOLERANCE_SECONDS}`,
  );
}
