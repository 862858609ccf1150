import { describe, expect, it } from '@jest/globals';
import { nextPauseMs } from './restart-pause.js';

/** The pauses before each replacement, where workers live for these times. */
function pausesAfter(lives: readonly number[]): number[] {
  let pause = 0;
  return lives.map((livedMs) => (pause = nextPauseMs(pause, livedMs)));
}

describe('the pause before a worker is replaced', () => {
  it('is short at first, and grows to 5 s where each ends soon', () => {
    expect(pausesAfter([5, 5, 5, 5, 5, 5, 5, 5, 5])).toEqual([
      100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000,
    ]);
  });

  it('is short again after one that has lived for a while', () => {
    expect(pausesAfter([5, 5, 9999, 10_000, 5])).toEqual([100, 200, 400, 100, 200]);
  });
});
