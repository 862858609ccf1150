/**
 * oauth4webapi 3 against the built server on a real PostgreSQL: every answer passes its checks, and
 * a client that knows nothing but the API finds the way to a token (RFC 9728, RFC 8414).
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  allowInsecureRequests,
  clientCredentialsGrantRequest,
  ClientSecretBasic,
  ClientSecretPost,
  discoveryRequest,
  introspectionRequest,
  processClientCredentialsResponse,
  processDiscoveryResponse,
  processIntrospectionResponse,
  processResourceDiscoveryResponse,
  processRevocationResponse,
  protectedResourceRequest,
  resourceDiscoveryRequest,
  ResponseBodyError,
  revocationRequest,
  WWWAuthenticateChallengeError,
  type AuthorizationServer,
  type ClientAuth,
  type TokenEndpointResponse,
} from 'oauth4webapi';
import { aClient, type StoredClient } from '../support/builders.js';
import { startNodes, type Nodes } from './nodes.js';

const INSECURE = { [allowInsecureRequests]: true };

let nodes: Nodes;
let client: StoredClient;

beforeAll(async () => {
  nodes = await startNodes();
  client = await aClient(nodes.server.database);
});

afterAll(() => nodes.stop());

async function discovered(issuer = new URL(nodes.server.baseUrl)): Promise<AuthorizationServer> {
  const answer = await discoveryRequest(issuer, { algorithm: 'oauth2', ...INSECURE });
  return processDiscoveryResponse(issuer, answer);
}

async function token(
  server: AuthorizationServer,
  authentication: ClientAuth,
  parameters: Record<string, string> = {},
): Promise<TokenEndpointResponse> {
  const who = { client_id: client.clientId };
  const answer = await clientCredentialsGrantRequest(
    server,
    who,
    authentication,
    parameters,
    INSECURE,
  );
  return processClientCredentialsResponse(server, who, answer);
}

async function thrownBy(attempt: Promise<unknown>): Promise<unknown> {
  return attempt.then(
    () => undefined,
    (error: unknown) => error,
  );
}

function call(accessToken: string): Promise<Response> {
  const url = new URL(nodes.guardedUrl);
  return protectedResourceRequest(accessToken, 'GET', url, undefined, undefined, INSECURE);
}

describe('oauth4webapi', () => {
  it.each([
    ['ClientSecretBasic', ClientSecretBasic],
    ['ClientSecretPost', ClientSecretPost],
  ])('gets a token by %s that a guarded route takes', async (_name, method) => {
    const issued = await token(await discovered(), method(client.clientSecret), { scope: 'read' });
    expect(issued).toMatchObject({ token_type: 'bearer', expires_in: 36000, scope: 'read' });
    const answer = await call(issued.access_token);
    expect({ status: answer.status, body: await answer.json() }).toEqual({
      status: 200,
      body: { clientId: client.clientId, scopes: ['read'] },
    });
  });

  it.each([
    ['ClientSecretBasic', ClientSecretBasic],
    ['ClientSecretPost', ClientSecretPost],
  ])('tells a wrong secret by %s apart', async (_name, method) => {
    const error = await thrownBy(token(await discovered(), method('wrong')));
    expect(error).toBeInstanceOf(WWWAuthenticateChallengeError);
    const { cause, response } = error as WWWAuthenticateChallengeError;
    expect(cause).toEqual([{ scheme: 'basic', parameters: { realm: 'oauth' } }]);
    expect(await response.json()).toMatchObject({ error: 'invalid_client' });
  });

  it('gives the error of RFC 6749 §5.2 for a scope that the client may not have', async () => {
    const server = await discovered();
    const asked = token(server, ClientSecretBasic(client.clientSecret), { scope: 'admin' });
    const error = await thrownBy(asked);
    expect(error).toBeInstanceOf(ResponseBodyError);
    expect(error).toMatchObject({ status: 400, error: 'invalid_scope' });
  });

  it('asks about a token, revokes it, and is told that it is of no use', async () => {
    const [server, who] = [await discovered(), { client_id: client.clientId }];
    const authentication = ClientSecretBasic(client.clientSecret);
    const { access_token: accessToken } = await token(server, authentication);
    const introspected = async () =>
      processIntrospectionResponse(
        server,
        who,
        await introspectionRequest(server, who, authentication, accessToken, INSECURE),
      );
    expect(await introspected()).toMatchObject({ active: true, client_id: client.clientId });
    await processRevocationResponse(
      await revocationRequest(server, who, authentication, accessToken, INSECURE),
    );
    expect(await introspected()).toEqual({ active: false });
  });

  it('finds the metadata of the API at its identifier', async () => {
    const api = new URL(nodes.server.baseUrl);
    const answer = await resourceDiscoveryRequest(api, INSECURE);
    expect(await processResourceDiscoveryResponse(api, answer)).toMatchObject({
      resource: nodes.server.baseUrl,
      authorization_servers: [nodes.server.baseUrl],
      bearer_methods_supported: ['header'],
    });
  });

  it('finds the way from a refused call to a token that is let in', async () => {
    const refused = await thrownBy(call('made-up'));
    expect(refused).toBeInstanceOf(WWWAuthenticateChallengeError);
    const [challenge] = (refused as WWWAuthenticateChallengeError).cause;
    expect(challenge).toMatchObject({ scheme: 'bearer', parameters: { error: 'invalid_token' } });

    const metadataUrl = String(challenge?.parameters.resource_metadata);
    const resource = await processResourceDiscoveryResponse(
      new URL(nodes.server.baseUrl),
      await fetch(metadataUrl),
    );
    const [issuer = ''] = resource.authorization_servers ?? [];
    const server = await discovered(new URL(issuer));
    const issued = await token(server, ClientSecretBasic(client.clientSecret), {
      resource: resource.resource,
    });
    expect((await call(issued.access_token)).status).toBe(200);
  });
});
