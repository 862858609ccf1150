import { crc32 } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { generateClientId, generateClientSecret, secretHint } from './client-secret.js';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** What a scanner does that has found something: read the last six letters as a number. */
function checksumOf(secret: string): number {
  return secret
    .slice(-6)
    .split('')
    .reduce((number, digit) => number * 62 + DIGITS.indexOf(digit), 0);
}

function holds(secret: string): boolean {
  return checksumOf(secret) === crc32(secret.slice(4, -6));
}

const secrets = Array.from({ length: 2000 }, generateClientSecret);

describe('a generated secret', () => {
  it('is pst_, 34 random letters and 6 of checksum', () => {
    expect(secrets.filter((secret) => !/^pst_[A-Za-z0-9]{34}[A-Za-z0-9]{6}$/.test(secret))).toEqual(
      [],
    );
  });

  it('has a checksum that a scanner can verify, and that no slip survives', () => {
    expect(secrets.filter((secret) => !holds(secret))).toEqual([]);
    const slipped = secrets.map(
      (secret) => `${secret.slice(0, 20)}${secret[20] === 'a' ? 'b' : 'a'}${secret.slice(21)}`,
    );
    expect(slipped.filter(holds)).toEqual([]);
  });

  it('never comes twice, and differs from another in its random part', () => {
    expect(new Set(secrets.map((secret) => secret.slice(4, 38))).size).toBe(secrets.length);
  });

  it('is accepted as a setting, and needs no encoding in Basic', () => {
    expect(secrets.every((secret) => /^[A-Za-z0-9._~-]{32,128}$/.test(secret))).toBe(true);
  });

  it('comes with a generated id and a colon to 57 bytes, which base64 leaves on one line', () => {
    const credentials = `${generateClientId()}:${generateClientSecret()}`;
    expect(Buffer.byteLength(credentials)).toBe(57);
    expect(Buffer.from(credentials).toString('base64')).toHaveLength(76);
  });

  it('is shown by its last four letters alone', () => {
    expect(secretHint('pst_abcdefgh')).toBe('efgh');
  });
});

describe('a generated id', () => {
  it('has 12 letters and digits, and never comes twice', () => {
    const ids = Array.from({ length: 2000 }, generateClientId);
    expect(ids.filter((id) => !/^[A-Za-z0-9]{12}$/.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
