import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { piecesOf } from './pieces.js';

describe('the pieces of a text', () => {
  it('are what split gives', () => {
    const texts = fc.string({ unit: fc.constantFrom('&', ' ', 'a', 'é', '\u{1f511}') });
    fc.assert(
      fc.property(texts, fc.constantFrom('&', ' '), (text, separator) => {
        expect(piecesOf(text, separator)).toEqual(text.split(separator));
      }),
    );
  });
});
