import { hash, timingSafeEqual } from 'node:crypto';

declare const kind: unique symbol;

/** SHA-256 of a client secret: 32 bytes. */
export type SecretDigest = Buffer & { readonly [kind]: 'secret' };

/** The first 160 bits of a token's SHA-256, as 40 hexadecimal digits: it is a key of maps, too. */
export type TokenDigest = string & { readonly [kind]: 'token' };

/**
 * The digest under which a client secret is stored and compared. One SHA-256 is enough because
 * every secret is random and long (200 bits, or 32 characters at least), so that there is nothing
 * to guess; a slow hash would only make each token request dear.
 */
export function secretDigest(secret: string): SecretDigest {
  // A third of the time that Node takes for the buffer itself.
  return Buffer.from(hash('sha256', secret, 'binary'), 'binary') as SecretDigest;
}

/**
 * The digest under which an access token is stored and looked up. Looking up by it, not by the
 * token, leaves no time to be measured that would lead to a live one.
 */
export function tokenDigest(token: string): TokenDigest {
  return hash('sha256', token, 'hex').slice(0, 40) as TokenDigest;
}

/** Compares two digests of secrets in constant time. */
export function sameSecret(one: SecretDigest, other: SecretDigest): boolean {
  return timingSafeEqual(one, other);
}
