import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { pathOf, resourceMetadataUrl, WELL_KNOWN, wellKnownUrl } from './well-known.js';

describe('the address of a metadata document', () => {
  it.each([
    ['https://example.com', 'https://example.com/.well-known/x'],
    ['https://example.com/', 'https://example.com/.well-known/x'],
    ['https://example.com/api', 'https://example.com/.well-known/x/api'],
    ['https://example.com/api/', 'https://example.com/.well-known/x/api'],
    ['https://example.com:8443/a/b', 'https://example.com:8443/.well-known/x/a/b'],
    ['https://example.com/api?query', 'https://example.com/.well-known/x/api'],
  ])('of %s is %s', (identifier, url) => {
    expect(wellKnownUrl(identifier, 'x')).toBe(url);
  });

  it('lies at the same origin, with the identifier’s path at its end, for every identifier', () => {
    fc.assert(
      fc.property(fc.webUrl(), (identifier) => {
        const url = new URL(wellKnownUrl(identifier, 'x'));
        expect(url.origin).toBe(new URL(identifier).origin);
        expect(url.pathname).toBe(`/.well-known/x${pathOf(identifier)}`);
      }),
    );
  });
});

describe('the path of an identifier', () => {
  it.each([
    ['https://example.com', ''],
    ['https://example.com/', ''],
    ['https://example.com/a/', '/a'],
    ['https://example.com/a/b?c#d', '/a/b'],
  ])('of %s is "%s"', (identifier, path) => {
    expect(pathOf(identifier)).toBe(path);
  });
});

describe('the metadata of an API', () => {
  it.each([
    ['is the server itself', 'https://example.com', 'https://example.com', ''],
    ['has a path on the server', 'https://example.com', 'https://example.com/api', '/api'],
    ['is the server with a path', 'https://example.com/gate', 'https://example.com/gate', '/gate'],
    ['lies elsewhere', 'https://example.com/gate', 'https://api.example.com/v1', '/gate'],
    ['lies at another port', 'https://example.com', 'https://example.com:8443/v1', ''],
    ['has a name that is no address', 'https://example.com', 'urn:example:api', ''],
  ])('that %s are at this server', (_what, publicUrl, audience, path) => {
    expect(resourceMetadataUrl(publicUrl, audience)).toBe(
      `https://example.com/.well-known/oauth-protected-resource${path}`,
    );
  });

  it('have the registered names', () => {
    expect(WELL_KNOWN).toEqual({
      authorizationServer: 'oauth-authorization-server',
      openidConfiguration: 'openid-configuration',
      protectedResource: 'oauth-protected-resource',
    });
  });
});
