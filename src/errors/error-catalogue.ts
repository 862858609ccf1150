import type { OAuthErrorCode } from '../protocol/oauth-error.js';

/** Whose move it is after an error. */
export type ErrorOwner = 'the caller' | 'an administrator' | 'the team that runs the server';

/** What there is to say of one kind of refusal or failure, wherever it is told. */
export interface ErrorEntry {
  /** The HTTP status of its answers. */
  readonly status: number;
  /** The same at every occurrence (RFC 9457 §3.1.3). */
  readonly title: string;
  /** The code on the OAuth routes (RFC 6749 §5.2), where those can answer so. */
  readonly oauth: OAuthErrorCode;
  /** The code on a protected route (RFC 6750 §3.1), where the refusal is about the token. */
  readonly bearer?: 'invalid_request' | 'invalid_token' | 'insufficient_scope';
  readonly meaning: string;
  /** The most likely first. */
  readonly causes: readonly string[];
  readonly remedies: readonly string[];
  readonly owner: ErrorOwner;
  /**
   * `problem`: a problem document on the OAuth routes too. For refusals that come after a client
   * has been let in, and that RFC 6749 has no words for.
   */
  readonly form?: 'problem';
}

const entry = (fields: ErrorEntry): ErrorEntry => fields;

/**
 * Every error that this server tells, once: the filter answers from it, and the pages under
 * `/errors/` are made from it, so that neither can say what the other does not.
 */
export const ERROR_CATALOGUE = {
  invalid_request: entry({
    status: 400,
    title: 'The request is malformed',
    oauth: 'invalid_request',
    bearer: 'invalid_request',
    meaning: 'The form of the request is wrong, whoever sent it. Nothing was done.',
    causes: [
      'The body is JSON or multipart; the OAuth routes take application/x-www-form-urlencoded.',
      'A required parameter such as grant_type is missing, or one was sent twice.',
      'The client secret was sent both in the Authorization header and in the body.',
      'The credentials were put into the query, or the Basic header is not base64 of id:secret.',
      'The token was sent both in the header and in the query, or there are two Authorization headers.',
    ],
    remedies: [
      'Read error_description or detail: it names the mistake.',
      'Compare with: curl -u "$CLIENT_ID:$CLIENT_SECRET" -d grant_type=client_credentials …/o/token/',
    ],
    owner: 'the caller',
  }),
  invalid_client: entry({
    status: 401,
    title: 'Client authentication failed',
    oauth: 'invalid_client',
    meaning:
      'The client could not be authenticated. The answer is the same for every cause, so that it tells nothing to a guesser.',
    causes: [
      'The client id or the secret is mistyped, or still a placeholder.',
      'The secret has expired or was replaced.',
      'The client is switched off.',
      'The client may only authenticate in another way (header instead of body, or the reverse).',
      'The request comes from an address that the client is not allowed to use.',
    ],
    remedies: [
      'Check id and secret once more, for blanks and line breaks too.',
      'Give the request id to an administrator, who can look up the true reason.',
    ],
    owner: 'the caller',
  }),
  too_many_attempts: entry({
    status: 429,
    title: 'Too many different wrong secrets',
    oauth: 'temporarily_unavailable',
    meaning:
      'Ten different wrong secrets were tried for this client id from this address within five minutes. The right secret is still accepted at once.',
    causes: [
      'A script is walking through a list of secrets.',
      'Someone is guessing from behind the same address.',
    ],
    remedies: [
      'Send the right secret: it always passes.',
      'If you do not have it, ask an administrator for a new one instead of trying further.',
    ],
    owner: 'the caller',
  }),
  unauthorized_client: entry({
    status: 400,
    title: 'The client may not do this',
    oauth: 'unauthorized_client',
    meaning: 'The client is known, but it is not set up for what it asked.',
    causes: [
      'The client was made for introspection only and has no grant.',
      'The token that it wants to revoke was issued to another client.',
    ],
    remedies: [
      'Ask an administrator to add the grant client_credentials to the client.',
      'Revoke the token as the client that it was issued to.',
    ],
    owner: 'an administrator',
  }),
  unsupported_grant_type: entry({
    status: 400,
    title: 'The grant type is not supported',
    oauth: 'unsupported_grant_type',
    meaning: 'This server gives tokens to machines alone, by the grant client_credentials.',
    causes: [
      'grant_type is misspelt; it is client_credentials, with an underscore.',
      'A library is set to a flow for people (authorization_code, password, refresh_token).',
    ],
    remedies: ['Send grant_type=client_credentials.'],
    owner: 'the caller',
  }),
  invalid_scope: entry({
    status: 400,
    title: 'The scope can not be granted',
    oauth: 'invalid_scope',
    meaning: 'At least one scope asked for does not exist, or this client may not have it.',
    causes: [
      'The scopes are separated by commas; they are separated by blanks.',
      'The client was never given this scope, or has lost it.',
      'No scope was asked for, and the client has no default scope.',
    ],
    remedies: [
      'Ask for fewer scopes, or leave the parameter out to get the default ones.',
      'Ask an administrator to give the client the scope.',
    ],
    owner: 'the caller',
  }),
  invalid_target: entry({
    status: 400,
    title: 'The resource can not be granted',
    oauth: 'invalid_target',
    meaning:
      'The parameter resource (or audience) names something that this client can get no token for (RFC 8707).',
    causes: [
      'It is not an absolute URI, or it has a fragment.',
      'The client is not set up for this resource.',
    ],
    remedies: [
      'Leave the parameter out to get the usual audience.',
      'Ask an administrator to add the resource to the client.',
    ],
    owner: 'the caller',
  }),
  quota_exceeded: entry({
    status: 429,
    title: 'The token quota is used up',
    oauth: 'temporarily_unavailable',
    meaning: 'This client has been given all the tokens that it may have in this hour.',
    causes: ['A program asks for a new token at every call instead of keeping the one it has.'],
    remedies: [
      'Keep a token and use it again until shortly before expires_in has passed.',
      'Wait for the time in Retry-After, or ask an administrator for a larger quota.',
    ],
    owner: 'the caller',
  }),
  temporarily_unavailable: entry({
    status: 503,
    title: 'Temporarily unavailable',
    oauth: 'temporarily_unavailable',
    meaning: 'The server can not answer truthfully at the moment. Nothing was done.',
    causes: ['The database can not be reached.', 'More requests wait than the server lets wait.'],
    remedies: ['Try again after the time in Retry-After, waiting longer after each failure.'],
    owner: 'the team that runs the server',
  }),
  missing_token: entry({
    status: 401,
    title: 'A token is needed',
    oauth: 'invalid_request',
    meaning: 'The route is protected, and the request carried no bearer token.',
    causes: [
      'The Authorization header is missing, misspelt (Authentication) or was dropped by a proxy.',
      'The token was sent in the query or in the body; it is taken from the header alone.',
      'The scheme is not Bearer.',
    ],
    remedies: ['Get a token at /o/token/ and send it as: Authorization: Bearer <the token>'],
    owner: 'the caller',
  }),
  invalid_token: entry({
    status: 401,
    title: 'The token is not valid',
    oauth: 'invalid_token',
    bearer: 'invalid_token',
    meaning: 'The token is of no use here. Which of the causes it is, is not told.',
    causes: [
      'It has expired.',
      'It was revoked, or its client was switched off or deleted.',
      'It was cut short or altered on the way, or the word Bearer was sent twice.',
      'It was issued for another API (its audience).',
    ],
    remedies: ['Get a new token at /o/token/ and try again, once.'],
    owner: 'the caller',
  }),
  insufficient_scope: entry({
    status: 403,
    title: 'The token lacks a scope',
    oauth: 'insufficient_scope',
    bearer: 'insufficient_scope',
    meaning: 'The token is good, but it does not carry the scope that this route needs.',
    causes: [
      'The token was asked for without this scope: it is not among the default ones.',
      'The client may not have this scope, or has lost it since.',
    ],
    remedies: [
      'Ask for a token with the scope named in WWW-Authenticate.',
      'If that is refused, ask an administrator to give the client the scope.',
    ],
    owner: 'the caller',
  }),
  not_found: entry({
    status: 404,
    title: 'Not found',
    oauth: 'invalid_request',
    meaning: 'There is nothing at this address that this token may see.',
    causes: ['The path or the id is mistyped.', 'It belongs to another client, or is gone.'],
    remedies: ['Compare the path with /docs.'],
    owner: 'the caller',
  }),
  method_not_allowed: entry({
    status: 405,
    title: 'The method is not allowed here',
    oauth: 'invalid_request',
    meaning: 'The address exists, but not with this method.',
    causes: ['A token was asked for with GET; /o/token/ takes POST alone.'],
    remedies: ['Use a method that the Allow header names.'],
    owner: 'the caller',
  }),
  conflict: entry({
    status: 409,
    title: 'It conflicts with what is there',
    oauth: 'invalid_request',
    meaning: 'The request is fine by itself, but not beside what exists or runs now.',
    causes: ['The same thing was made before, or is being made by another request.'],
    remedies: ['Read the present state, then decide.'],
    owner: 'the caller',
    form: 'problem',
  }),
  precondition_failed: entry({
    status: 412,
    title: 'It was changed meanwhile',
    oauth: 'invalid_request',
    meaning:
      'The request was to hold for one version (If-Match), and there is another one now. Nothing was done.',
    causes: [
      'Somebody else changed it since it was read.',
      'The ETag was sent without its quotes, or as a weak one (W/).',
    ],
    remedies: ['Read it again, look at what is different, and send the change with the new ETag.'],
    owner: 'the caller',
  }),
  self_rotation_not_allowed: entry({
    status: 403,
    title: 'The client may not rotate its own secret',
    oauth: 'unauthorized_client',
    meaning: 'The client was authenticated, but only an administrator may give it a new secret.',
    causes: ['The client was made without self_rotation, which is the default.'],
    remedies: ['Ask an administrator for a new secret, or to set self_rotation of the client.'],
    owner: 'an administrator',
    form: 'problem',
  }),
  payload_too_large: entry({
    status: 413,
    title: 'The body is too large',
    oauth: 'invalid_request',
    meaning:
      'The body is longer than this route reads: 16 KiB on the OAuth routes, 64 KiB elsewhere.',
    causes: ['A file or a token of another kind was sent by mistake.'],
    remedies: ['Send only the fields that the route knows.'],
    owner: 'the caller',
  }),
  uri_too_long: entry({
    status: 414,
    title: 'The address is too long',
    oauth: 'invalid_request',
    meaning: 'The target of the request, with its query, is longer than 8,000 bytes.',
    causes: ['Parameters that belong into the body were put into the query.'],
    remedies: ['Send parameters in the body, and filters one request at a time.'],
    owner: 'the caller',
  }),
  unsupported_media_type: entry({
    status: 415,
    title: 'The content type is not supported',
    oauth: 'invalid_request',
    meaning: 'The route reads JSON, uncompressed.',
    causes: ['The Content-Type header is missing or names another type.'],
    remedies: ['Send Content-Type: application/json, and no Content-Encoding.'],
    owner: 'the caller',
  }),
  malformed_json: entry({
    status: 400,
    title: 'The body is not JSON',
    oauth: 'invalid_request',
    meaning: 'The body was announced as JSON but does not parse as it.',
    causes: ['A quote or comma is missing, or the text was cut short.', 'It is not UTF-8.'],
    remedies: ['Let a JSON library write the body.'],
    owner: 'the caller',
  }),
  invalid_parameter: entry({
    status: 400,
    title: 'A parameter is out of range',
    oauth: 'invalid_request',
    meaning: 'A value in the query, the path or a header is not one that the route takes.',
    causes: ['A number is too large or too small, or a cursor was altered.'],
    remedies: ['Read detail: it names the parameter and what it takes.'],
    owner: 'the caller',
  }),
  validation_failed: entry({
    status: 422,
    title: 'The content is not valid',
    oauth: 'invalid_request',
    meaning:
      'The body is JSON, but a value in it is not one that the route takes. Nothing was changed.',
    causes: ['A field is missing, misspelt, of the wrong type or out of range.'],
    remedies: ['Read errors: each entry points at a field and says what it takes.'],
    owner: 'the caller',
    form: 'problem',
  }),
  idempotency_key_reused: entry({
    status: 422,
    title: 'The idempotency key was used for another request',
    oauth: 'invalid_request',
    meaning: 'This Idempotency-Key came before, with another body. Nothing was done.',
    causes: ['The key is made from something that repeats.'],
    remedies: ['Make a fresh random key for each new request; keep it only when trying again.'],
    owner: 'the caller',
  }),
  internal_error: entry({
    status: 500,
    title: 'The server failed',
    oauth: 'server_error',
    meaning: 'Something went wrong that should not, and not because of the request.',
    causes: ['A defect. It is logged with the request id.'],
    remedies: ['Tell the request id to the team that runs the server.'],
    owner: 'the team that runs the server',
  }),
} satisfies Record<string, ErrorEntry>;

/** The code of an entry of the catalogue: the name of its page and, mostly, of the error itself. */
export type ErrorCode = keyof typeof ERROR_CATALOGUE;

/** The entry of a code. */
export function errorEntry(code: ErrorCode): ErrorEntry {
  return ERROR_CATALOGUE[code];
}
