import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { compactDecrypt, decodeProtectedHeader, exportJWK } from 'jose';
import { aKeyEncryptionKey } from '../../../test/support/signing-keys.js';
import { SettingsError } from '../../config/settings.js';
import { drawSigningKey, unsealed } from './sealed-key.js';
import { SIGNING_ALGORITHMS } from './signing-key.js';

/** Members that only private keys have (RFC 7518 §6, RFC 8037 §2), and symmetric ones. */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

describe.each(SIGNING_ALGORITHMS)('a drawn key for %s', (algorithm) => {
  it('is named by its thumbprint, and shows public members alone', async () => {
    const key = await drawSigningKey(algorithm, aKeyEncryptionKey());
    expect(key.kid).toMatch(/^[\w-]{43}$/);
    const members = Object.keys(key.publicJwk);
    expect(members.filter((name) => PRIVATE_MEMBERS.includes(name))).toEqual([]);
    expect(members.length).toBeGreaterThanOrEqual(3);
  });

  it('is sealed as a JWE that holds the private half, and is no clear text', async () => {
    const key = await drawSigningKey(algorithm, aKeyEncryptionKey());
    expect(decodeProtectedHeader(key.sealed)).toEqual({ alg: 'dir', enc: 'A256GCM' });
    const { plaintext } = await compactDecrypt(key.sealed, aKeyEncryptionKey());
    const { d } = JSON.parse(Buffer.from(plaintext).toString()) as { d: string };
    expect(d.length).toBeGreaterThan(40);
    expect(inspect(key)).not.toContain(d);
    expect(Buffer.from(key.sealed, 'base64').toString('latin1')).not.toContain(d);
  });

  it('is opened into a key that signs and can not be read out', async () => {
    const key = await drawSigningKey(algorithm, aKeyEncryptionKey());
    const opened = await unsealed(key, aKeyEncryptionKey());
    expect(opened.usages).toEqual(['sign']);
    await expect(exportJWK(opened)).rejects.toThrow('extractable');
  });
});

describe('a sealed key', () => {
  it('is opened by no other key, and the refusal names the setting and has no trace of either', async () => {
    const key = await drawSigningKey('EdDSA', aKeyEncryptionKey(1));
    const failure: unknown = await unsealed(key, aKeyEncryptionKey(2)).catch((error) => error);
    expect(failure).toBeInstanceOf(SettingsError);
    expect((failure as SettingsError).lines).toEqual([
      expect.stringMatching(/^KEY_ENCRYPTION_KEY /),
    ]);
    expect((failure as SettingsError).cause).toBeUndefined();
  });

  it('signs nothing in the row of another key, or cut, or gone', async () => {
    const one = await drawSigningKey('EdDSA', aKeyEncryptionKey());
    const other = await drawSigningKey('EdDSA', aKeyEncryptionKey());
    for (const sealed of [other.sealed, one.sealed.slice(0, -2), '', null]) {
      await expect(unsealed({ ...one, sealed }, aKeyEncryptionKey())).rejects.toThrow(
        SettingsError,
      );
    }
  });
});
