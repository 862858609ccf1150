import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { sameSecret, secretDigest, tokenDigest } from './digests.js';

describe('a digest', () => {
  it('of a secret is its SHA-256', () => {
    expect(secretDigest('abc').toString('hex')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    expect(secretDigest('ä')).toEqual(createHash('sha256').update(Buffer.from('ä')).digest());
  });

  it('of a token is the first 20 bytes of it', () => {
    expect(tokenDigest('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a3');
  });

  it('is the same for the same secret alone', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        return sameSecret(secretDigest(one), secretDigest(other)) === (one === other);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) =>
        sameSecret(secretDigest(text), secretDigest(text)),
      ),
    );
  });
});
