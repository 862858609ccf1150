/** A worker that has lived for so long did not fail at its start. */
const STEADY_MS = 10_000;

const LEAST_MS = 100;
const MOST_MS = 5000;

/**
 * How long to wait before a worker is replaced: hardly at all, but longer each time where one after
 * the other ends soon, so that a fault that stays does not take up the machine.
 *
 * @param beforeMs the pause before, 0 at first
 * @param livedMs how long the worker has lived
 */
export function nextPauseMs(beforeMs: number, livedMs: number): number {
  if (beforeMs === 0 || livedMs >= STEADY_MS) return LEAST_MS;
  return Math.min(2 * beforeMs, MOST_MS);
}
