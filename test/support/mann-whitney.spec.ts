import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { effectSize, standardError, superiority } from './mann-whitney.js';

const values = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 30 });

describe('the effect size of Mann and Whitney', () => {
  it('is what counting all pairs gives', () => {
    fc.assert(
      fc.property(values, values, (one, other) => {
        const wins = one.flatMap((a) => other.map((b) => (a > b ? 1 : a === b ? 0.5 : 0)));
        const share = wins.reduce<number>((sum, win) => sum + win, 0) / wins.length;
        expect(superiority(one, other)).toBeCloseTo(share, 10);
        expect(effectSize(one, other)).toBeCloseTo(effectSize(other, one), 10);
      }),
    );
  });

  it('strays by its standard error among samples of one kind', () => {
    const sample = () => Array.from({ length: 200 }, () => Math.random());
    const strays = Array.from({ length: 400 }, () => superiority(sample(), sample()) - 0.5);
    const variance = strays.reduce((sum, stray) => sum + stray ** 2, 0) / strays.length;
    expect(Math.sqrt(variance) / standardError(200, 200)).toBeGreaterThan(0.75);
    expect(Math.sqrt(variance) / standardError(200, 200)).toBeLessThan(1.25);
  });
});
