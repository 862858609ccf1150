import { describe, expect, it } from '@jest/globals';
import { randomLetters } from './random-letters.js';

describe('random letters', () => {
  it.each([0, 1, 12, 30, 34, 5000])('come in the number asked for: %i', (length) => {
    expect(randomLetters(length)).toMatch(new RegExp(`^[A-Za-z0-9]{${length}}$`));
  });

  it('are each of the 62 equally likely', () => {
    const drawn = 620_000;
    const counts = new Map<string, number>();
    for (const letter of randomLetters(drawn)) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    expect(counts.size).toBe(62);
    const expected = drawn / 62;
    const chiSquare = [...counts.values()].reduce(
      (sum, count) => sum + (count - expected) ** 2 / expected,
      0,
    );
    // 61 on average, above 140 once in thirty million; a modulo without a second draw gives thousands.
    expect(chiSquare).toBeLessThan(140);
  });

  it('do not come again, be it across a refill of the pool', () => {
    const drawn = Array.from({ length: 50_000 }, () => randomLetters(12));
    expect(new Set(drawn).size).toBe(drawn.length);
  });
});
