/**
 * The second service with a real server of this project as its authorization server: built, in a
 * process of its own, on a real PostgreSQL. The service introspects, or checks JWTs by itself.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { administrator, credentialsIn, type Administrator } from '../support/administrator.js';
import type { StoredClient } from '../support/builders.js';
import { basic, getToken, postForm, send, type Answer } from '../support/http.js';
import { freePort, startServer, type TestServer } from '../support/server.js';
import { InstalledService, type RunningService } from './installed-service.js';

const AUDIENCE = 'https://notes.example.com';
const BUILT_WITHIN_MS = 120_000;
/** What the project promises: a killed token is refused everywhere within it. */
const REFUSED_WITHIN_MS = 1000;
const REVOCATIONS = 40;

let installed: InstalledService;
let server: TestServer;
let admin: Administrator;
let service: RunningService;

beforeAll(async () => {
  installed = await InstalledService.install();
  await installed.compile();
  const port = String(await freePort());
  const issuer = `http://127.0.0.1:${port}`;
  server = await startServer({
    PORT: port,
    PUBLIC_URL: issuer,
    KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  });
  admin = await administrator(server.baseUrl, server.admin);
  const { clientId, clientSecret } = await makeClient({
    client_name: 'The second service',
    scope: 'introspection',
    grant_types: [],
  });
  service = await installed.start({
    VERIFIER: 'introspection',
    ISSUER: issuer,
    AUDIENCE,
    CLIENT_ID: clientId,
    CLIENT_SECRET: clientSecret,
  });
}, BUILT_WITHIN_MS);

afterAll(async () => {
  await service.stop();
  await server.stop();
  installed.remove();
});

async function makeClient(body: Record<string, unknown>): Promise<StoredClient> {
  const made = await admin.call('POST', '/clients/', body);
  expect(made.status).toBe(201);
  return credentialsIn(made);
}

function write(token: string, to = service): Promise<Answer> {
  const headers = { Authorization: `Bearer ${token}` };
  return send(`${to.url}/notes`, { method: 'POST', headers });
}

/** Calls without a pause until a refusal; gives how long after now the last call went that got in. */
async function lastAccepted(token: string): Promise<number> {
  const killedAt = performance.now();
  let last = 0;
  for (;;) {
    const sentAt = performance.now();
    const { status } = await write(token);
    if (status === 401) return last;
    expect(status).toBe(201);
    last = sentAt - killedAt;
    if (last > 5 * REFUSED_WITHIN_MS) return last;
    await delay(5);
  }
}

describe('a token of the real server', () => {
  let client: StoredClient;

  beforeEach(async () => {
    client = await makeClient({
      client_name: 'Billing',
      scope: 'read write',
      resources: [AUDIENCE],
    });
  });

  it('lets its client write, with the scope write', async () => {
    const { status, body } = await write(await getToken(server.baseUrl, client, 'read write'));
    expect({ status, body }).toEqual({ status: 201, body: { writtenBy: client.clientId } });
  });

  it('does not, with the scope read alone', async () => {
    const { status, body } = await write(await getToken(server.baseUrl, client, 'read'));
    expect({ status, error: body.error }).toEqual({ status: 403, error: 'insufficient_scope' });
  });

  it('is refused where it is for the API of the server itself', async () => {
    const token = await getToken(server.baseUrl, server.admin, 'write');
    const { status, body } = await write(token);
    expect({ status, error: body.error }).toEqual({ status: 401, error: 'invalid_token' });
  });

  const path = (): string => `/clients/${client.clientId}`;

  it.each<[string, (token: string) => Promise<Answer>]>([
    [
      'it is revoked',
      (token) =>
        postForm(`${server.baseUrl}/o/revoke_token/`, { token }, { Authorization: basic(client) }),
    ],
    ['its client is disabled', () => admin.call('PATCH', path(), { enabled: false })],
    ['its client is deleted', () => admin.call('DELETE', path())],
    ['all tokens of its client are revoked', () => admin.call('DELETE', `${path()}/tokens`)],
  ])('is refused within a second after %s', async (_what, kill) => {
    const token = await getToken(server.baseUrl, client, 'write');
    expect((await write(token)).status).toBe(201);
    expect([200, 204]).toContain((await kill(token)).status);
    expect(await lastAccepted(token)).toBeLessThan(REFUSED_WITHIN_MS);
  });

  it('lacks a scope within a second after its client has lost it', async () => {
    const token = await getToken(server.baseUrl, client, 'read write');
    expect((await write(token)).status).toBe(201);
    expect((await admin.call('PATCH', path(), { scope: 'read' })).status).toBe(200);
    await delay(REFUSED_WITHIN_MS);
    expect((await write(token)).status).toBe(403);
  });

  it('is refused in time however often one is revoked', async () => {
    const revoke = async (): Promise<number> => {
      const token = await getToken(server.baseUrl, client, 'write');
      await write(token);
      const Authorization = basic(client);
      await postForm(`${server.baseUrl}/o/revoke_token/`, { token }, { Authorization });
      return lastAccepted(token);
    };
    const delays: number[] = [];
    while (delays.length < REVOCATIONS) {
      delays.push(...(await Promise.all([revoke(), revoke(), revoke(), revoke()])));
    }
    expect(Math.max(...delays)).toBeLessThan(REFUSED_WITHIN_MS);
    // The cache is in use: without it, hardly a call would get in after the revocation.
    expect(Math.max(...delays)).toBeGreaterThan(100);
  });

  it('gets no verdict where its server is not found', async () => {
    const stranger = await installed.start({
      VERIFIER: 'introspection',
      ISSUER: `http://127.0.0.1:${await freePort()}`,
      AUDIENCE,
      CLIENT_ID: 'notes',
      CLIENT_SECRET: 'x',
    });
    const headers = { Authorization: `Bearer ${await getToken(server.baseUrl, client, 'write')}` };
    const answer = await send(`${stranger.url}/notes`, { method: 'POST', headers });
    await stranger.stop();
    expect({ status: answer.status, retry: answer.headers.get('retry-after') }).toEqual({
      status: 503,
      retry: '1',
    });
  });
});

describe('a JWT of the real server, checked by its published keys', () => {
  let checking: RunningService;
  let client: StoredClient;

  beforeAll(async () => {
    checking = await installed.start({ VERIFIER: 'jwks', ISSUER: server.baseUrl, AUDIENCE });
    client = await makeClient({
      client_name: 'Billing',
      scope: 'read write',
      resources: [AUDIENCE],
      access_token_format: 'jwt',
    });
  });

  afterAll(() => checking.stop());

  it('is let in by its scopes, without a question to the server', async () => {
    const token = await getToken(server.baseUrl, client, 'read write');
    const { status, body } = await write(token, checking);
    expect({ status, body }).toEqual({ status: 201, body: { writtenBy: client.clientId } });
    const reads = await getToken(server.baseUrl, client, 'read');
    expect((await write(reads, checking)).status).toBe(403);
  });

  it('stays good there until it expires, though it was revoked', async () => {
    const token = await getToken(server.baseUrl, client, 'write');
    const Authorization = basic(client);
    await postForm(`${server.baseUrl}/o/revoke_token/`, { token }, { Authorization });
    await delay(REFUSED_WITHIN_MS);
    expect((await write(token, checking)).status).toBe(201);
    // The service that asks the server knows.
    expect((await write(token)).status).toBe(401);
  });

  it('is the only kind that it takes', async () => {
    const opaque = await makeClient({
      client_name: 'Opaque',
      scope: 'write',
      resources: [AUDIENCE],
    });
    const token = await getToken(server.baseUrl, opaque);
    expect((await write(token, checking)).status).toBe(401);
    expect((await write(token)).status).toBe(201);
  });
});
