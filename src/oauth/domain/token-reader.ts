import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Awaitable } from '../../resource-server/index.js';
import { tokenDigest, type TokenDigest } from '../../secrets/digests.js';
import { AccessTokenReader } from '../../signing-keys/domain/access-token-reader.js';
import { isOpaqueToken } from './access-token.js';

/** A token as it was presented, once it is found to be of this server's making. */
export interface ReadToken {
  /** Under which it is stored. */
  readonly digest: TokenDigest;
  /** What a JWT calls itself (RFC 7519 §4.1.7). */
  readonly jti?: string;
}

/**
 * The name of a token, which gives nobody access (`jti`, RFC 7662 §2.2): that of a JWT is its own, an
 * opaque one is named by what it is stored under.
 */
export function nameOf({ digest, jti }: ReadToken): string {
  return jti ?? Buffer.from(digest, 'hex').toString('base64url');
}

/** JWTs whose signature is not checked again; some 15 MB. */
const MOST_JWTS = 50_000;

interface CheckedJwt extends ReadToken {
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

/**
 * Turns what a caller presents as a token into what it is stored under. Whether it is good is said
 * by its row alone, so a signature that was good once need not be checked again.
 */
@Injectable()
export class TokenReader {
  private readonly checked = new LRUCache<string, CheckedJwt>({ max: MOST_JWTS });

  constructor(private readonly jwts: AccessTokenReader) {}

  /**
   * @returns undefined for what can't be a token of this server, so that it need not be looked up
   * @throws what the store throws, where the keys of JWTs can't be had
   */
  read(token: string): Awaitable<ReadToken | undefined> {
    // Of a JWT too it is the digest that is remembered: no token is to lie about in memory for long.
    const digest = tokenDigest(token);
    if (isOpaqueToken(token)) return { digest };
    const known = this.checked.get(digest);
    if (known !== undefined && Date.now() < known.expiresAt * 1000) return known;
    return this.readJwt(token, digest);
  }

  private async readJwt(token: string, key: TokenDigest): Promise<ReadToken | undefined> {
    const read = await this.jwts.read(token);
    if (read === undefined) return undefined;
    const { jti, expiresAt } = read;
    const checked = { digest: tokenDigest(jti), jti, expiresAt };
    this.checked.set(key, checked);
    return checked;
  }
}
