import { MalformedRequestError } from '../../protocol/malformed-request.js';
import type { FormParameters } from '../../protocol/form-parameters.js';

/**
 * The token that a request is about (RFC 7009 §2.1, RFC 7662 §2.1).
 *
 * @throws MalformedRequestError (`invalid_request`) where there is none
 */
export function presentedToken(form: FormParameters): string {
  const token = form.get('token');
  if (token !== undefined) return token;
  throw new MalformedRequestError('The parameter token is missing. Send token=<the access token>.');
}
