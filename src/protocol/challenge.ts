/**
 * Builds a `WWW-Authenticate` challenge (RFC 9110 §11.6.1), every value a quoted string.
 *
 * @param scheme the authentication scheme: `Basic` (RFC 7617) or `Bearer` (RFC 6750 §3)
 * @param parameters in the order in which they are to stand; undefined ones are left out
 * @example challenge('Bearer', { realm: 'api', error: 'invalid_token' })
 *   // Bearer realm="api", error="invalid_token"
 */
export function challenge(
  scheme: 'Basic' | 'Bearer',
  parameters: Readonly<Record<string, string | undefined>>,
): string {
  const pairs = Object.entries(parameters)
    .filter((pair): pair is [string, string] => pair[1] !== undefined)
    .map(([name, value]) => `${name}="${value.replace(/["\\]/g, '\\$&')}"`);
  return `${scheme} ${pairs.join(', ')}`;
}
