import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits until something holds.
 *
 * @throws an Error, with the question in it, where it does not in this time
 */
export async function until(
  holds: () => boolean | Promise<boolean>,
  withinMs: number,
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not so in ${withinMs} ms: ${String(holds)}`);
    await delay(10);
  }
}
