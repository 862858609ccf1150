/**
 * The error codes of the OAuth endpoints: RFC 6749 §5.2 and §4.1.2.1, RFC 8707 §2; the two of
 * RFC 6750 §3.1 where the endpoint takes a bearer token (RFC 7662 §2.3).
 */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'invalid_scope'
  | 'invalid_target'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'temporarily_unavailable'
  | 'server_error';

/** The body of an OAuth error answer (RFC 6749 §5.2), on the wire's own names. */
export interface OAuthErrorBody {
  readonly error: OAuthErrorCode;
  readonly error_description: string;
  readonly error_uri: string;
}

const OUTSIDE_DESCRIPTION = /[^\x20-\x21\x23-\x5b\x5d-\x7e]/g;

/**
 * Brings a text into the letters that `error_description` may have (RFC 6749 §5.2):
 * printable ASCII without `"` and `\`.
 */
export function toErrorDescription(text: string): string {
  return text.replace(OUTSIDE_DESCRIPTION, "'");
}
