import { afterEach } from '@jest/globals';

/**
 * Lets each test of a file say what is to be undone after it: the last step first, one after the
 * other. To be called once, at the top.
 */
export function cleanUpAfterEach(): (step: () => unknown) => void {
  const steps: (() => unknown)[] = [];
  afterEach(async () => {
    for (const step of steps.splice(0).toReversed()) await step();
  });
  return (step) => {
    steps.push(step);
  };
}
