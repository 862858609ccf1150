import { describe, expect, it } from '@jest/globals';
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
