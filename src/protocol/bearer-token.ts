import { MalformedRequestError } from './malformed-request.js';
import { headerValues } from './raw-headers.js';

/** Longer than any token that a server of this kind hands out; what is longer is not looked at. */
export const LONGEST_TOKEN = 8192;
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
const BEARER = /^bearer( |$)/i;

/** What a request to a protected route says about its token. */
export type PresentedToken =
  | { readonly kind: 'none' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'token'; readonly token: string };

/**
 * Finds the bearer token of a request in its `Authorization` header, the only place where it is
 * taken from (RFC 6750 §2.1; §2.2 and §2.3 are not offered, RFC 9700 §4.3.2).
 *
 * @param rawHeaders names and values in turn, as `http.IncomingMessage.rawHeaders` has them:
 *   Node's `headers` silently drops a second `Authorization`
 * @param target the request target, with its query
 * @throws MalformedRequestError for two `Authorization` headers, or a second token in the query
 */
export function presentedToken(rawHeaders: readonly string[], target: string): PresentedToken {
  const authorization = singleAuthorization(rawHeaders);
  if (authorization === undefined || !isBearer(authorization)) return { kind: 'none' };
  if (hasQueryParameter(target, 'access_token')) {
    throw new MalformedRequestError(
      'The access token was sent twice, in the header and in the query. Send it in the Authorization header alone.',
    );
  }
  const token = authorization.slice('Bearer'.length).trim();
  return token.length <= LONGEST_TOKEN && B64TOKEN.test(token)
    ? { kind: 'token', token }
    : { kind: 'malformed' };
}

/** Whether the value of an `Authorization` header is of the scheme `Bearer`, in any case (RFC 9110 §11.1). */
export function isBearer(authorization: string): boolean {
  return BEARER.test(authorization);
}

/**
 * Gives the one `Authorization` header of a request.
 *
 * @param rawHeaders names and values in turn (`http.IncomingMessage.rawHeaders`)
 * @returns the value, or undefined where there is none
 * @throws MalformedRequestError where there are two: Node would drop one in silence, and a
 *   proxy may have decided by the other (RFC 6750 §3.1, `invalid_request`)
 */
export function singleAuthorization(rawHeaders: readonly string[]): string | undefined {
  const values = headerValues(rawHeaders, 'authorization');
  if (values.length <= 1) return values[0];
  throw new MalformedRequestError(
    'The request has two Authorization headers. Send one (a proxy or a library may be adding its own).',
  );
}

/**
 * Whether the query of a request target has a parameter, however its name is escaped; an empty one
 * counts as left out.
 */
export function hasQueryParameter(target: string, name: string): boolean {
  const start = target.indexOf('?');
  if (start === -1) return false;
  return new URLSearchParams(target.slice(start + 1)).getAll(name).some((value) => value !== '');
}
