import { describe, expect, it } from '@jest/globals';
import { drawAccessToken, isOpaqueToken } from './access-token.js';

describe('an access token', () => {
  it('has 30 letters and digits, and is never the same twice', () => {
    const drawn = Array.from({ length: 20_000 }, drawAccessToken);
    expect(drawn.filter((token) => !/^[A-Za-z0-9]{30}$/.test(token))).toEqual([]);
    expect(new Set(drawn).size).toBe(drawn.length);
    expect(drawn.every(isOpaqueToken)).toBe(true);
  });

  it('favours no letter at any place', () => {
    const draws = 20_000;
    const counts = Array.from({ length: 30 }, () => new Map<string, number>());
    for (let draw = 0; draw < draws; draw += 1) {
      drawAccessToken()
        .split('')
        .forEach((letter, place) => {
          counts[place]?.set(letter, (counts[place].get(letter) ?? 0) + 1);
        });
    }
    const worst = Math.max(...counts.map((count) => chiSquare(count, draws / 62)));
    // 61 degrees of freedom: 61 on average, above 140 once in ten million. A modulo of a byte over
    // 62 letters would come to some 190.
    expect(worst).toBeLessThan(140);
  });

  it.each([
    '',
    'a'.repeat(29),
    'a'.repeat(31),
    `${'a'.repeat(29)}-`,
    `${'a'.repeat(30)}\n`,
    `${'a'.repeat(29)}é`,
  ])('is not %j', (text) => {
    expect(isOpaqueToken(text)).toBe(false);
  });
});

function chiSquare(counts: ReadonlyMap<string, number>, expected: number): number {
  const missing = 62 - counts.size;
  return [...counts.values(), ...Array<number>(missing).fill(0)].reduce(
    (sum, count) => sum + (count - expected) ** 2 / expected,
    0,
  );
}
