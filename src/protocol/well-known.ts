/** The registered names under `/.well-known/`: RFC 8414 §3, OpenID Connect Discovery §4, RFC 9728 §3. */
export const WELL_KNOWN = {
  authorizationServer: 'oauth-authorization-server',
  openidConfiguration: 'openid-configuration',
  protectedResource: 'oauth-protected-resource',
} as const;

/**
 * The address of a metadata document: the well-known part stands between the host and the
 * identifier's own path (RFC 8414 §3.1, RFC 9728 §3.1).
 *
 * @example wellKnownUrl('https://example.com/api', 'oauth-protected-resource')
 *   // https://example.com/.well-known/oauth-protected-resource/api
 */
export function wellKnownUrl(identifier: string, name: string): string {
  const { origin } = new URL(identifier);
  return `${origin}/.well-known/${name}${pathOf(identifier)}`;
}

/** The path of an issuer or resource identifier without its last slash: empty for a bare host. */
export function pathOf(identifier: string): string {
  return new URL(identifier).pathname.replace(/\/$/, '');
}

/**
 * Where the metadata of an API is (RFC 9728 §3): at the API's own identifier, where that is an
 * address of this very server; else at the server's.
 */
export function resourceMetadataUrl(publicUrl: string, audience: string): string {
  const sameServer = new URL(audience).origin === new URL(publicUrl).origin;
  return wellKnownUrl(sameServer ? audience : publicUrl, WELL_KNOWN.protectedResource);
}

/** Where the public keys are (RFC 8414 §2 `jwks_uri`): below the token endpoint's own folder. */
export const JWKS_PATH = 'o/.well-known/jwks.json';
