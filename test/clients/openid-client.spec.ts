/**
 * openid-client 6 against the built server on a real PostgreSQL. It is given the server's address
 * and the credentials, and finds all else by discovery (RFC 8414).
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  allowInsecureRequests,
  clientCredentialsGrant,
  ClientSecretBasic,
  ClientSecretPost,
  discovery,
  fetchProtectedResource,
  ResponseBodyError,
  tokenIntrospection,
  tokenRevocation,
  WWWAuthenticateChallengeError,
  type ClientAuth,
  type Configuration,
} from 'openid-client';
import { aClient, type StoredClient } from '../support/builders.js';
import { startNodes, type Nodes } from './nodes.js';

let nodes: Nodes;
let client: StoredClient;

beforeAll(async () => {
  nodes = await startNodes();
  client = await aClient(nodes.server.database);
});

afterAll(() => nodes.stop());

const METHODS: [string, (secret: string) => ClientAuth][] = [
  ['ClientSecretBasic', ClientSecretBasic],
  ['ClientSecretPost', ClientSecretPost],
];

function discovered(
  authentication: ClientAuth,
  algorithm: 'oauth2' | 'oidc' = 'oauth2',
): Promise<Configuration> {
  return discovery(new URL(nodes.server.baseUrl), client.clientId, undefined, authentication, {
    algorithm,
    execute: [allowInsecureRequests],
  });
}

describe('openid-client', () => {
  it.each(['oauth2', 'oidc'] as const)(
    'sets itself up from the address alone (%s)',
    async (algorithm) => {
      const config = await discovered(ClientSecretBasic(client.clientSecret), algorithm);
      expect(config.serverMetadata()).toMatchObject({
        issuer: nodes.server.baseUrl,
        token_endpoint: `${nodes.server.baseUrl}/o/token/`,
        grant_types_supported: ['client_credentials'],
      });
    },
  );

  it.each(METHODS)('gets a token by %s that a guarded route takes', async (_name, method) => {
    const config = await discovered(method(client.clientSecret));
    const tokens = await clientCredentialsGrant(config, { scope: 'read write' });
    expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 36000, scope: 'read write' });
    expect(tokens.expiresIn()).toBeGreaterThan(35_990);
    const answer = await fetchProtectedResource(
      config,
      tokens.access_token,
      new URL(nodes.guardedUrl),
      'GET',
    );
    expect({ status: answer.status, body: await answer.json() }).toEqual({
      status: 200,
      body: { clientId: client.clientId, scopes: ['read', 'write'] },
    });
  });

  it.each(METHODS)('tells a wrong secret by %s apart', async (_name, method) => {
    const config = await discovered(method(`${client.clientSecret}x`));
    const error: unknown = await clientCredentialsGrant(config).catch((thrown: unknown) => thrown);
    // It looks at the challenge first, and leaves the body for whoever wants to read it.
    expect(error).toBeInstanceOf(WWWAuthenticateChallengeError);
    const { status, cause, response } = error as WWWAuthenticateChallengeError;
    expect(status).toBe(401);
    expect(cause).toEqual([{ scheme: 'basic', parameters: { realm: 'oauth' } }]);
    expect(await response.json()).toMatchObject({ error: 'invalid_client' });
  });

  it('asks about a token and revokes it', async () => {
    const config = await discovered(ClientSecretPost(client.clientSecret));
    const { access_token: accessToken } = await clientCredentialsGrant(config);
    const { active, scope } = await tokenIntrospection(config, accessToken);
    expect({ active, scope }).toEqual({ active: true, scope: 'read write' });
    await tokenRevocation(config, accessToken);
    expect(await tokenIntrospection(config, accessToken)).toEqual({ active: false });
  });

  it('gives the error and its description for a scope that the client may not have', async () => {
    const config = await discovered(ClientSecretBasic(client.clientSecret));
    const error: unknown = await clientCredentialsGrant(config, { scope: 'admin' }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ResponseBodyError);
    expect(error).toMatchObject({
      status: 400,
      error: 'invalid_scope',
      error_description: expect.stringMatching(/scope.*Request id: [\w-]{36}$/),
    });
  });

  it('gives the challenge of a guarded route to a token that is not valid', async () => {
    const config = await discovered(ClientSecretBasic(client.clientSecret));
    const call = fetchProtectedResource(config, 'made-up', new URL(nodes.guardedUrl), 'GET');
    const error: unknown = await call.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WWWAuthenticateChallengeError);
    expect((error as WWWAuthenticateChallengeError).cause).toEqual([
      {
        scheme: 'bearer',
        parameters: {
          realm: 'api',
          error: 'invalid_token',
          resource_metadata: `${nodes.server.baseUrl}/.well-known/oauth-protected-resource`,
        },
      },
    ]);
  });
});
