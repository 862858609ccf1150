import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { entityTag, parseIfMatch } from './if-match.decorator.js';

describe('If-Match', () => {
  it.each<[string | undefined, readonly number[] | undefined]>([
    [undefined, undefined],
    ['*', undefined],
    [' * ', undefined],
    [entityTag(12), [12]],
    ['"1", "2","3"', [1, 2, 3]],
    ['"a,b", "4"', [4]],
    ['W/"1"', []],
    ['W/"1", "2"', [2]],
    ['1', []],
    ['', []],
    ['"01"', []],
    ['"1e3"', []],
    ['"-1"', []],
    ['"99999999999999999999"', []],
    ['"*"', []],
    ['"1', []],
  ])('%j names the versions %j', (header, versions) => {
    expect(parseIfMatch(header)).toEqual(versions);
  });
});

describe('If-Match, whatever it is', () => {
  const versions = fc.array(fc.integer({ min: 1, max: 999_999_999 }), {
    minLength: 1,
    maxLength: 5,
  });

  it('names the versions whose tags it lists, in any spelling of the list', () => {
    const gaps = fc.constantFrom(',', ', ', ' ,', '\t,\t', ',,');
    fc.assert(
      fc.property(versions, gaps, (list, gap) => {
        expect(parseIfMatch(list.map(entityTag).join(gap))).toEqual(list);
        expect(parseIfMatch(list.map((one) => `W/${entityTag(one)}`).join(gap))).toEqual([]);
      }),
      { numRuns: 5000 },
    );
  });

  it('means any version for * alone, and else whole numbers that stand in it between quotes', () => {
    const taglike = fc.string({
      unit: fc.constantFrom('"', 'W/', '1', '0', '9', ',', ' ', '*', 'x'),
    });
    fc.assert(
      fc.property(fc.oneof(taglike, fc.string({ unit: 'binary' })), (header) => {
        const named = parseIfMatch(header);
        expect(named === undefined).toBe(header.trim() === '*');
        for (const version of named ?? []) {
          expect(Number.isSafeInteger(version) && version > 0).toBe(true);
          expect(header).toContain(entityTag(version));
        }
      }),
      { numRuns: 20_000 },
    );
  });
});
