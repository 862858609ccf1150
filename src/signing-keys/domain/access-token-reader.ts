import { Inject, Injectable } from '@nestjs/common';
import { jwtVerify, type JWTHeaderParameters, type JWTPayload } from 'jose';
import { SETTINGS } from '../../config/settings.module.js';
import type { Settings } from '../../config/settings.js';
import { LONGEST_TOKEN } from '../../protocol/bearer-token.js';
import { isCompactJws } from '../../protocol/compact-jws.js';
import { ACCESS_TOKEN_TYPE } from './access-token-signer.js';
import { KeyRing, type KeyToVerify } from './key-ring.js';
import { SIGNING_ALGORITHMS } from './signing-key.js';

/** How far clocks may differ. */
const LEEWAY_SECONDS = 5;

/** What a good token leads to: its row. */
export interface ReadAccessToken {
  readonly jti: string;
  /** Seconds since the epoch (`exp`). */
  readonly expiresAt: number;
}

/** Checks the JWT access tokens of this server (RFC 9068 §4, RFC 8725 §3). */
@Injectable()
export class AccessTokenReader {
  constructor(
    private readonly keys: KeyRing,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'publicUrl'>,
  ) {}

  /**
   * Checks everything that the token itself shows: form, type, signature, issuer and times. Whether
   * it was revoked is in its row alone, and whom it is for is the guard's to judge.
   *
   * @returns undefined for whatever is wrong with it
   * @throws what the store throws, where the keys can't be had
   */
  async read(token: string): Promise<ReadAccessToken | undefined> {
    if (token.length > LONGEST_TOKEN || !isCompactJws(token)) return undefined;
    const key = await this.keyOf(token);
    return key && this.verified(token, key);
  }

  private async keyOf(token: string): Promise<KeyToVerify | undefined> {
    const { kid, alg } = headerOf(token);
    if (typeof kid !== 'string') return undefined;
    const key = await this.keys.verifying(kid);
    // The key decides how it is used, never the token (RFC 8725 §3.1).
    return key !== undefined && key.algorithm === alg ? key : undefined;
  }

  private async verified(
    token: string,
    { publicKey, algorithm }: KeyToVerify,
  ): Promise<ReadAccessToken | undefined> {
    try {
      const { payload } = await jwtVerify(token, publicKey, {
        algorithms: SIGNING_ALGORITHMS.filter((allowed) => allowed === algorithm),
        typ: ACCESS_TOKEN_TYPE,
        issuer: this.settings.publicUrl,
        clockTolerance: LEEWAY_SECONDS,
        requiredClaims: ['iss', 'sub', 'aud', 'client_id', 'iat', 'exp', 'jti'],
      });
      const { jti, exp = 0 } = payload;
      return typeof jti === 'string' && jti !== '' && !isFromTheFuture(payload)
        ? { jti, expiresAt: exp }
        : undefined;
    } catch {
      // The key is at hand, so whatever fails is the token's fault.
      return undefined;
    }
  }
}

/** The header as the token has it: believed in nothing yet. */
function headerOf(token: string): Partial<JWTHeaderParameters> {
  const [encoded = ''] = token.split('.', 1);
  try {
    const header: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString());
    return typeof header === 'object' && header !== null ? header : {};
  } catch {
    return {};
  }
}

function isFromTheFuture({ iat = Infinity }: JWTPayload): boolean {
  return iat > Date.now() / 1000 + LEEWAY_SECONDS;
}
