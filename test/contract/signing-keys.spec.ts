/**
 * The published keys and the clients that get JWTs, against processes of the built server on a real
 * PostgreSQL (RFC 7517, RFC 9068).
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { administrator, type Administrator } from '../support/administrator.js';
import { aClient } from '../support/builders.js';
import { send, type Answer } from '../support/http.js';
import {
  freePort,
  spawnServer,
  startProcess,
  startServer,
  type TestServer,
} from '../support/server.js';
import { cleanUpAfterEach } from '../support/clean-up.js';

const JWKS = '/o/.well-known/jwks.json';
const aKey = (): string => randomBytes(32).toString('base64');

const cleanUp = cleanUpAfterEach();

function keysIn({ body }: Answer): Record<string, unknown>[] {
  return body.keys as Record<string, unknown>[];
}

/** Runs a server that is to end by itself; gives its lines and its exit status. */
async function refused(environment: Record<string, string>) {
  const server = spawnServer({ PORT: String(await freePort()), ...environment });
  cleanUp(() => server.stop('SIGKILL'));
  await once(server.process, 'close');
  return { status: server.process.exitCode, lines: server.output().trim().split('\n') };
}

describe('a server with a KEY_ENCRYPTION_KEY', () => {
  let server: TestServer;
  let admin: Administrator;
  const settings = { KEY_ENCRYPTION_KEY: aKey(), JWT_ALGORITHM: 'RS256' };
  const billing = { client_name: 'Billing', scope: 'read write', access_token_format: 'jwt' };

  beforeAll(async () => {
    server = await startServer(settings);
    admin = await administrator(server.baseUrl, server.admin);
  });

  afterAll(() => server.stop());

  it('publishes the key that signs and the next one, their public members alone', async () => {
    const answer = await send(`${server.baseUrl}${JWKS}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=300');
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(Object.keys(answer.body)).toEqual(['keys']);
    const one = {
      kty: 'RSA',
      use: 'sig',
      alg: 'RS256',
      e: 'AQAB',
      kid: expect.stringMatching(/^[\w-]{43}$/),
      n: expect.any(String),
    };
    expect(keysIn(answer)).toEqual([one, one]);
  });

  it('answers with the slash too, and to GET alone, as all under /o/', async () => {
    expect((await send(`${server.baseUrl}${JWKS}/`)).status).toBe(200);
    const posted = await send(`${server.baseUrl}${JWKS}`, { method: 'POST' });
    expect(posted.status).toBe(405);
    expect(posted.headers.get('allow')).toContain('GET');
    expect(posted.body.error).toBe('invalid_request');
  });

  it('has the same keys on its other nodes', async () => {
    const other = await startProcess({ DATABASE_URL: server.database.url, ...settings });
    cleanUp(() => other.stop());
    const [one, two] = await Promise.all([
      send(`${server.baseUrl}${JWKS}`),
      send(`${other.baseUrl}${JWKS}`),
    ]);
    expect(two.text).toBe(one.text);
  });

  it('takes a client that gets JWTs, which live for an hour', async () => {
    const { status, body } = await admin.call('POST', '/clients/', billing);
    expect(status).toBe(201);
    expect(body).toMatchObject({ access_token_format: 'jwt', access_token_ttl: 3600 });
    const path = `/clients/${String(body.client_id)}`;
    const back = await admin.call('PATCH', path, { access_token_format: null });
    expect(back.body).toMatchObject({ access_token_format: 'opaque', access_token_ttl: 36_000 });
  });

  it.each([
    [3600, 201],
    [3601, 422],
  ])('takes %i seconds as the life of a JWT with %i', async (access_token_ttl, status) => {
    const answer = await admin.call('POST', '/clients/', { ...billing, access_token_ttl });
    expect(answer.status).toBe(status);
    const pointers = status === 201 ? undefined : [{ pointer: '/access_token_ttl' }];
    if (pointers !== undefined) expect(answer.body.errors).toMatchObject(pointers);
  });

  it('keeps no private key where it could be seen', async () => {
    const rows = await server.database.query(`SELECT * FROM oauth_signing_key`);
    expect(JSON.stringify(rows)).not.toMatch(/"(d|p|q|dp|dq|qi)"/);
    expect(server.output()).not.toMatch(/"(d|p|q|dp|dq|qi)"|BEGIN|eyJ/);
  });

  it('does not start with another one, and says so in one line', async () => {
    const wrong = aKey();
    const environment = { DATABASE_URL: server.database.url, KEY_ENCRYPTION_KEY: wrong };
    const { status, lines } = await refused(environment);
    expect(status).toBe(1);
    expect(lines).toEqual([expect.stringMatching(/^KEY_ENCRYPTION_KEY is not the one /)]);
    expect(lines[0]).not.toContain(wrong);
  });
});

describe('a server whose tokens live for less than an hour', () => {
  it('gives a JWT no longer life', async () => {
    const server = await startServer({ KEY_ENCRYPTION_KEY: aKey(), ACCESS_TOKEN_TTL: '600' });
    cleanUp(() => server.stop());
    const { clientId } = await aClient(server.database, { accessTokenFormat: 'jwt' });
    const admin = await administrator(server.baseUrl, server.admin);
    const { body } = await admin.call('GET', `/clients/${clientId}`);
    expect(body).toMatchObject({ access_token_format: 'jwt', access_token_ttl: 600 });
  });
});

describe('an external database without a KEY_ENCRYPTION_KEY', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer();
  });

  afterAll(() => server.stop());

  it('has an empty set of keys', async () => {
    expect((await send(`${server.baseUrl}${JWKS}`)).body).toEqual({ keys: [] });
  });

  it('takes no client that gets JWTs, and says what to set', async () => {
    const admin = await administrator(server.baseUrl, server.admin);
    const { clientId } = await aClient(server.database);
    const change = { access_token_format: 'jwt' };
    for (const answer of [
      await admin.call('POST', '/clients/', { client_name: 'x', scope: 'read', ...change }),
      await admin.call('PATCH', `/clients/${clientId}`, change),
    ]) {
      expect(answer.status).toBe(422);
      expect(answer.body.errors).toEqual([
        {
          pointer: '/access_token_format',
          detail: expect.stringContaining('KEY_ENCRYPTION_KEY'),
        },
      ]);
    }
  });

  it('does not start where there is one, names the setting, and leaves what else it can do', async () => {
    const { clientId } = await aClient(server.database, { accessTokenFormat: 'jwt' });
    const { status, lines } = await refused({ DATABASE_URL: server.database.url });
    expect(status).toBe(1);
    expect(lines).toEqual([expect.stringMatching(/^KEY_ENCRYPTION_KEY is not set, /)]);
    // The client can still be stopped, or taken back to opaque tokens.
    const admin = await administrator(server.baseUrl, server.admin);
    const disabled = await admin.call('PATCH', `/clients/${clientId}`, { enabled: false });
    expect(disabled.status).toBe(200);
    const change = { access_token_format: 'opaque' };
    expect((await admin.call('PATCH', `/clients/${clientId}`, change)).status).toBe(200);
    const again = await startProcess({ DATABASE_URL: server.database.url });
    expect(await again.stop()).toBe(0);
  });
});

describe('the embedded database', () => {
  it('keeps its key in DATA_DIR, readable by its owner alone, for all its processes', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'postern-keys-'));
    cleanUp(() => rmSync(dir, { recursive: true, force: true }));
    const file = join(dir, 'key-encryption-key');
    const one = await startProcess({ DATA_DIR: dir, SHUTDOWN_DRAIN_MS: '0' });
    cleanUp(() => one.stop());
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const kept = readFileSync(file, 'utf8');
    expect(kept).toMatch(/^[A-Za-z0-9+/]{43}=\n$/);
    expect(one.output()).not.toContain(kept.trim());
    const published = await send(`${one.baseUrl}${JWKS}`);
    expect(keysIn(published)).toHaveLength(2);
    const two = await startProcess({ DATA_DIR: dir, SHUTDOWN_DRAIN_MS: '0' });
    cleanUp(() => two.stop());
    expect((await send(`${two.baseUrl}${JWKS}`)).text).toBe(published.text);
    expect(readFileSync(file, 'utf8')).toBe(kept);
  });

  it('is not served with a kept key that was spoilt', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'postern-keys-'));
    cleanUp(() => rmSync(dir, { recursive: true, force: true }));
    writeFileSync(join(dir, 'key-encryption-key'), 'spoilt\n');
    const { status, lines } = await refused({ DATA_DIR: dir });
    expect(status).toBe(1);
    expect(lines.at(-1)).toMatch(/key-encryption-key does not hold 32 bytes in base64/);
  });
});
