/**
 * What the server says of itself (RFC 8414, RFC 9728) and its health, against processes of the
 * built server on a real PostgreSQL.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getToken, postForm, send } from '../support/http.js';
import { freePort, startServer, type TestServer } from '../support/server.js';

describe('a server without a path', () => {
  let server: TestServer;
  let publicUrl: string;

  beforeAll(async () => {
    const port = String(await freePort());
    publicUrl = `http://127.0.0.1:${port}`;
    server = await startServer({ PORT: port, PUBLIC_URL: publicUrl });
  });

  afterAll(() => server.stop());

  it.each(['oauth-authorization-server', 'openid-configuration'])(
    'describes its authorization server at %s, truly',
    async (name) => {
      const { status, headers, body } = await send(`${publicUrl}/.well-known/${name}`);
      expect(status).toBe(200);
      expect(headers.get('cache-control')).toBe('public, max-age=300');
      expect(body).toEqual({
        issuer: publicUrl,
        token_endpoint: `${publicUrl}/o/token/`,
        jwks_uri: `${publicUrl}/o/.well-known/jwks.json`,
        token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
        revocation_endpoint: `${publicUrl}/o/revoke_token/`,
        revocation_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
        introspection_endpoint: `${publicUrl}/o/introspect/`,
        introspection_endpoint_auth_methods_supported: [
          'client_secret_basic',
          'client_secret_post',
          'Bearer',
        ],
        grant_types_supported: ['client_credentials'],
        response_types_supported: [],
        scopes_supported: ['read', 'write', 'admin', 'introspection'],
        service_documentation: `${publicUrl}/docs`,
      });
    },
  );

  it.each(['oauth-authorization-server', 'openid-configuration', 'oauth-protected-resource'])(
    'says of %s that it is still the same, until it is not',
    async (name) => {
      const url = `${publicUrl}/.well-known/${name}`;
      const etag = String((await send(url)).headers.get('etag'));
      expect(etag).toMatch(/^"[\w-]{22}"$/);
      const again = await send(url, { headers: { 'If-None-Match': etag } });
      expect({ status: again.status, text: again.text }).toEqual({ status: 304, text: '' });
      expect(again.headers.get('cache-control')).toBe('public, max-age=300');
      const other = await send(url, { headers: { 'If-None-Match': '"another"' } });
      expect(other.status).toBe(200);
    },
  );

  it('takes what the metadata promises', async () => {
    const { body } = await send(`${publicUrl}/.well-known/oauth-authorization-server`);
    const { clientId, clientSecret } = server.admin;
    const answer = await postForm(String(body.token_endpoint), {
      grant_type: String((body.grant_types_supported as string[])[0]),
      client_id: clientId,
      client_secret: clientSecret,
      scope: 'read write admin',
    });
    expect(answer.status).toBe(200);
    const about = {
      token: String(answer.body.access_token),
      client_id: clientId,
      client_secret: clientSecret,
    };
    const introspected = await postForm(String(body.introspection_endpoint), about);
    expect(introspected.body).toMatchObject({ active: true, iss: body.issuer });
    expect((await postForm(String(body.revocation_endpoint), about)).status).toBe(200);
    expect((await send(String(body.service_documentation))).status).toBe(200);
  });

  it('describes this API where the challenges point', async () => {
    const { status, body } = await send(`${publicUrl}/.well-known/oauth-protected-resource`);
    expect(status).toBe(200);
    expect(body).toEqual({
      resource: publicUrl,
      authorization_servers: [publicUrl],
      bearer_methods_supported: ['header'],
      scopes_supported: ['read', 'write', 'admin', 'introspection'],
      resource_documentation: `${publicUrl}/docs`,
    });
  });

  it('knows no other well-known name', async () => {
    for (const path of ['nothing', 'oauth-authorization-server/elsewhere', 'nothing/at/all']) {
      expect((await send(`${publicUrl}/.well-known/${path}`)).status).toBe(404);
    }
  });

  it('is alive and ready, with and without the slash', async () => {
    for (const path of ['/health/live', '/health/live/', '/health/ready', '/health/ready/']) {
      const { status, headers, body } = await send(`${publicUrl}${path}`);
      expect({ path, status, told: body.status }).toEqual({ path, status: 200, told: 'ok' });
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });

  it('answers no preflight, as no origin is set', async () => {
    const answer = await send(`${publicUrl}/o/token/`, {
      method: 'OPTIONS',
      headers: { Origin: 'https://app.example', 'Access-Control-Request-Method': 'POST' },
    });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('a server with a path, behind proxies, for pages of one origin', () => {
  let server: TestServer;
  const publicUrl = 'https://api.example.com/v1';

  beforeAll(async () => {
    server = await startServer({
      PUBLIC_URL: publicUrl,
      TRUST_PROXY: '127.0.0.1',
      CORS_ORIGINS: 'https://app.example',
    });
  });

  afterAll(() => server.stop());

  it.each([
    ['oauth-authorization-server/v1', 'issuer', publicUrl],
    ['openid-configuration/v1', 'issuer', publicUrl],
    ['oauth-protected-resource/v1', 'resource', publicUrl],
    ['oauth-authorization-server', 'issuer', publicUrl],
  ])('serves %s', async (path, field, value) => {
    const { status, body } = await send(`${server.baseUrl}/.well-known/${path}`);
    expect({ status, value: body[field] }).toEqual({ status: 200, value });
  });

  it('believes the trusted proxy about the address, and nobody further', async () => {
    const headers = { 'X-Forwarded-For': '203.0.113.9, 198.51.100.7', 'X-Request-Id': 'forwarded' };
    await postForm(`${server.baseUrl}/o/token/`, 'grant_type=client_credentials', headers);
    expect(await server.logLine('"forwarded"')).toContain('"address":"198.51.100.7"');
  });

  it('answers the preflight of that origin alone', async () => {
    const preflight = (origin: string) =>
      send(`${server.baseUrl}/o/token/`, {
        method: 'OPTIONS',
        headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' },
      });
    const good = await preflight('https://app.example');
    expect(good.status).toBe(204);
    expect(good.headers.get('access-control-allow-origin')).toBe('https://app.example');
    const bad = await preflight('https://evil.example');
    expect(bad.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('the metrics', () => {
  it('count what happens, and name no client', async () => {
    const server = await startServer();
    for (let count = 0; count < 3; count += 1) await getToken(server.baseUrl, server.admin);
    const wrong = {
      client_id: 'nobody-at-all',
      client_secret: 'x',
      grant_type: 'client_credentials',
    };
    await postForm(`${server.baseUrl}/o/token/`, wrong);
    const { status, headers, text } = await send(`${server.baseUrl}/metrics`);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(text).toMatch(/^postern_tokens_issued_total 3$/m);
    expect(text).toMatch(/^postern_authentication_failures_total 1$/m);
    expect(text).toMatch(/^process_resident_memory_bytes \d+/m);
    expect(text).not.toMatch(/nobody-at-all|test-admin/);
    await server.stop();
  });

  it('show who asks for a new token at every call', async () => {
    const server = await startServer();
    for (let count = 0; count < 61; count += 1) await getToken(server.baseUrl, server.admin);
    const end = performance.now() + 4000;
    const churning = async (): Promise<boolean> =>
      /^postern_churning_clients 1$/m.test((await send(`${server.baseUrl}/metrics`)).text);
    while (!(await churning()) && performance.now() < end);
    expect(await churning()).toBe(true);
    const token = await getToken(server.baseUrl, server.admin, 'admin');
    const client = await send(`${server.baseUrl}/clients/${server.admin.clientId}`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    expect(client.body.tokens_this_hour).toBeGreaterThanOrEqual(61);
    await server.stop();
  });
});
