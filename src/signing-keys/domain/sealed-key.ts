import type { KeyObject } from 'node:crypto';
import {
  calculateJwkThumbprint,
  compactDecrypt,
  CompactEncrypt,
  exportJWK,
  generateKeyPair,
  importJWK,
  type CryptoKey,
  type JWK,
} from 'jose';
import { SettingsError } from '../../config/settings.js';
import type { NewSigningKey, SigningAlgorithm, SigningKey } from './signing-key.js';

/** The members of a public key (RFC 7518 §6, RFC 8037 §2); all others stay where they are. */
const PUBLIC_MEMBERS = ['kty', 'crv', 'x', 'y', 'n', 'e'] as const;

/**
 * Draws a signing key. The private half leaves this function encrypted only, as a JWE (RFC 7516).
 *
 * @param keyEncryptionKey 32 bytes
 */
export async function drawSigningKey(
  algorithm: SigningAlgorithm,
  keyEncryptionKey: KeyObject,
): Promise<NewSigningKey> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const privateJwk = await exportJWK(privateKey);
  const publicJwk = publicMembersOf(privateJwk);
  const sealed = await new CompactEncrypt(Buffer.from(JSON.stringify(privateJwk)))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .encrypt(keyEncryptionKey);
  return { kid: await calculateJwkThumbprint(publicJwk), algorithm, publicJwk, sealed };
}

/**
 * Decrypts the private half of a key, into a form that can sign but not be read out.
 *
 * @throws SettingsError where it was encrypted under another key; it has no trace of either
 */
export async function unsealed(
  { kid, algorithm, sealed }: Pick<SigningKey, 'kid' | 'algorithm' | 'sealed'>,
  keyEncryptionKey: KeyObject,
): Promise<CryptoKey> {
  try {
    const { plaintext } = await compactDecrypt(sealed ?? '', keyEncryptionKey, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    const jwk = JSON.parse(Buffer.from(plaintext).toString()) as JWK;
    // The kid names the key itself: one that was put into another's row signs nothing.
    if ((await calculateJwkThumbprint(jwk)) !== kid) throw new Error('another key');
    return (await importJWK(jwk, algorithm)) as CryptoKey;
  } catch {
    throw new SettingsError([
      'KEY_ENCRYPTION_KEY is not the one that the signing keys in the database are encrypted under: set that one. Where it is lost, docs/deploying.md says how to begin with new keys.',
    ]);
  }
}

/** What a key shows to the world, by a list of what may be shown. */
export function publicMembersOf(jwk: JWK): JWK {
  return Object.fromEntries(
    PUBLIC_MEMBERS.filter((name) => jwk[name] !== undefined).map((name) => [name, jwk[name]]),
  ) as JWK;
}
