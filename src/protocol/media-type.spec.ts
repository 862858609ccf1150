import { describe, expect, it } from '@jest/globals';
import { mediaType } from './media-type.js';

describe('The media type of a Content-Type header', () => {
  it.each([
    ['application/json', 'application/json'],
    ['Application/JSON', 'application/json'],
    ['application/json; charset=utf-8', 'application/json'],
    [' application/json ;a=";"', 'application/json'],
    [';', ''],
    ['', ''],
    [undefined, ''],
  ])('of %j is %j', (header, type) => {
    expect(mediaType(header)).toBe(type);
  });
});
