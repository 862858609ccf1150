import {
  IntrospectionTokenVerifier,
  JwksTokenVerifier,
  type TokenVerifier,
} from 'postern/resource-server';

/** Reads a setting. @throws an Error where there is none */
export function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set`);
  return value;
}

/** Makes the verifier that the environment asks for: `VERIFIER` is `jwks` or `introspection`. */
export function verifierOfEnvironment(): TokenVerifier {
  const issuer = setting('ISSUER');
  switch (setting('VERIFIER')) {
    case 'jwks':
      return new JwksTokenVerifier({ issuer });
    case 'introspection':
      return new IntrospectionTokenVerifier({
        issuer,
        clientId: setting('CLIENT_ID'),
        clientSecret: setting('CLIENT_SECRET'),
      });
    default:
      throw new Error('VERIFIER must be jwks or introspection');
  }
}
