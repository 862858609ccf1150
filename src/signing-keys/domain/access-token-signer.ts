import { Injectable } from '@nestjs/common';
import { SignJWT } from 'jose';
import { DomainError } from '../../errors/domain-error.js';
import { LONGEST_TOKEN } from '../../protocol/bearer-token.js';
import { formatScope } from '../../protocol/scope.js';
import { KeyRing } from './key-ring.js';

/** The type of a JWT access token, so that no other JWT is taken for one (RFC 9068 §2.1). */
export const ACCESS_TOKEN_TYPE = 'at+jwt';

/** What a JWT access token says. */
export interface AccessTokenClaims {
  readonly jti: string;
  /** The issuer: the server's own URL. */
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** The APIs that it is for; at least one. */
  readonly audience: readonly string[];
  /** Seconds since the epoch, by the clock of the database. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** Signs JWT access tokens (RFC 9068). */
@Injectable()
export class AccessTokenSigner {
  constructor(private readonly keys: KeyRing) {}

  /**
   * Signs a token with the present key. The client is its subject too, as there is no user
   * (RFC 9068 §2.2).
   *
   * @throws DomainError `invalid_target` where so many resources make it longer than any server
   *   takes; `temporarily_unavailable` where there is no key; what the store throws
   */
  async sign(claims: AccessTokenClaims): Promise<string> {
    const { kid, algorithm, privateKey } = await this.keys.signing();
    const token = await new SignJWT(payloadOf(claims))
      .setProtectedHeader({ typ: ACCESS_TOKEN_TYPE, alg: algorithm, kid })
      .sign(privateKey);
    if (token.length <= LONGEST_TOKEN) return token;
    throw new DomainError(
      'invalid_target',
      'The token would be too long to be sent. Ask for fewer resources or scopes.',
    );
  }
}

function payloadOf(claims: AccessTokenClaims) {
  const [only = '', ...others] = claims.audience;
  return {
    iss: claims.issuer,
    sub: claims.clientId,
    aud: others.length === 0 ? only : [...claims.audience],
    client_id: claims.clientId,
    scope: formatScope(claims.scopes),
    iat: claims.issuedAt,
    exp: claims.expiresAt,
    jti: claims.jti,
  };
}
