import { parseScope } from '../../protocol/scope.js';
import type { VerifiedToken } from '../token-verifier.js';

/**
 * What a JWT (RFC 9068 §2.2) and an introspection answer (RFC 7662 §2.2) say alike of a token.
 * No `scope` is none, and no `aud` is nobody: the guard lets neither pass for all.
 *
 * @returns undefined where `client_id`, `iat` or `exp` is missing, where a claim has another type
 *   than the RFC's, and where the token is bound to a key of its holder (`cnf`, RFC 7800 §3.1):
 *   taken as a bearer token it would be good for whoever stole it
 */
export function tokenOfClaims(
  claims: Readonly<Record<string, unknown>>,
): VerifiedToken | undefined {
  const { client_id: clientId, scope = '', aud = [], iat, exp, cnf } = claims;
  const audience = typeof aud === 'string' ? [aud] : aud;
  if (typeof clientId !== 'string' || clientId === '' || cnf !== undefined) return undefined;
  if (typeof scope !== 'string' || !isListOfTexts(audience)) return undefined;
  if (!isNumericDate(iat) || !isNumericDate(exp)) return undefined;
  return {
    clientId,
    scopes: parseScope(scope),
    audience,
    issuedAt: new Date(iat * 1000),
    expiresAt: new Date(exp * 1000),
  };
}

function isListOfTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** The last moment that a `Date` can tell, in seconds (RFC 7519 §2, `NumericDate`). */
const LAST_SECOND = 8.64e12;

function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= LAST_SECOND;
}
