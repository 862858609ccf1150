/**
 * JWT access tokens (RFC 9068), issued, checked, revoked and attacked: against the whole application
 * with a controller of the test's own, over HTTP, on a real PostgreSQL. Opaque tokens and JWTs are
 * one code but for their form; what holds for both is tested with the opaque ones.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHmac, randomBytes } from 'node:crypto';
import {
  createRemoteJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  generateKeyPair,
  jwtVerify,
  SignJWT,
  type JWTPayload,
} from 'jose';
import { administrator, credentialsIn, type Administrator } from '../support/administrator.js';
import { aClient, type StoredClient } from '../support/builders.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { basic, getToken, postForm, send, sendRaw, type Answer } from '../support/http.js';
import { startProbeApp, type ProbeApp } from '../support/probe-app.js';

let database: TestDatabase;
let probe: ProbeApp;
let admin: Administrator;
let client: StoredClient;
let token: string;

beforeAll(async () => {
  database = await createDatabase();
  probe = await startProbeApp(database, { KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64') });
  const boss = await aClient(database, { scopes: ['read', 'write', 'admin'] });
  admin = await administrator(probe.baseUrl, boss);
  client = await aJwtClient();
  token = await getToken(probe.baseUrl, client, 'read');
});

afterAll(async () => {
  await probe.close();
  await database.drop();
});

async function aJwtClient(traits: Record<string, unknown> = {}): Promise<StoredClient> {
  const body = { client_name: 'J', scope: 'read write', access_token_format: 'jwt', ...traits };
  const made = await admin.call('POST', '/clients/', body);
  expect(made.status).toBe(201);
  return credentialsIn(made);
}

function call(bearer: string, path = '/probe'): Promise<Answer> {
  return send(`${probe.baseUrl}${path}`, { headers: { Authorization: `Bearer ${bearer}` } });
}

function form(route: string, fields: Record<string, string>, who = client): Promise<Answer> {
  return postForm(`${probe.baseUrl}/o/${route}/`, fields, { Authorization: basic(who) });
}

/** The refusal of a token of no use; the same for every cause, the request id aside. */
function expectRefused({ status, headers, body }: Answer): void {
  expect(status).toBe(401);
  expect(headers.get('www-authenticate')).toContain('error="invalid_token"');
  expect({ ...body, request_id: 'any', instance: 'any' }).toEqual({
    type: `${probe.baseUrl}/errors/invalid_token`,
    title: 'The token is not valid',
    status: 401,
    detail: 'The access token is not valid: it may have expired or been revoked. Get a new one.',
    instance: 'any',
    request_id: 'any',
    error: 'invalid_token',
  });
}

describe('a JWT access token', () => {
  it('is issued for an hour, and says what RFC 9068 §2.2 asks for', async () => {
    const { body } = await form('token', { grant_type: 'client_credentials' });
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: 'read write' });
    const issued = String(body.access_token);
    expect(decodeProtectedHeader(issued)).toMatchObject({ typ: 'at+jwt', alg: 'EdDSA' });
    const claims = decodeJwt(issued);
    expect(claims).toEqual({
      iss: probe.baseUrl,
      sub: client.clientId,
      aud: probe.baseUrl,
      client_id: client.clientId,
      scope: 'read write',
      iat: expect.any(Number),
      exp: Number(claims.iat) + 3600,
      jti: expect.stringMatching(/^[A-Za-z0-9]{24}$/),
    });
  });

  it('is checked by whoever knows the issuer alone', async () => {
    const discovery = `${probe.baseUrl}/.well-known/oauth-authorization-server`;
    const { issuer, jwks_uri: jwksUri } = (await send(discovery)).body;
    const keys = createRemoteJWKSet(new URL(String(jwksUri)));
    const options = { issuer: String(issuer), audience: probe.baseUrl, typ: 'at+jwt' };
    expect((await jwtVerify(token, keys, options)).payload.scope).toBe('read');
  });

  it('is let in where its scope is enough, and nowhere else', async () => {
    expect((await call(token)).body).toEqual({ clientId: client.clientId, scopes: ['read'] });
    expect((await call(token, '/probe/either')).status).toBe(403);
  });

  it('is introspected as an opaque one is, under its own name', async () => {
    const { body } = await form('introspect', { token });
    const { jti, iat, exp } = decodeJwt(token);
    expect(body).toMatchObject({ active: true, client_id: client.clientId, jti, iat, exp });
  });

  it('that was revoked is refused at once', async () => {
    const revoked = await getToken(probe.baseUrl, client);
    expect((await call(revoked)).status).toBe(200);
    expect((await form('revoke_token', { token: revoked })).text).toBe('{}');
    expectRefused(await call(revoked));
    expect((await form('introspect', { token: revoked })).text).toBe('{"active":false}');
  });

  it.each([
    ['disabled', 'PATCH', '', { enabled: false }],
    ['deleted', 'DELETE', '', undefined],
    ['rid of its tokens', 'DELETE', '/tokens', undefined],
  ])('of a client that was %s is refused at once', async (_what, method, path, body) => {
    const other = await aJwtClient();
    const theirs = await getToken(probe.baseUrl, other);
    expect((await call(theirs)).status).toBe(200);
    await admin.call(method, `/clients/${other.clientId}${path}`, body);
    expectRefused(await call(theirs));
  });

  it('loses a scope with its client', async () => {
    const other = await aJwtClient();
    const theirs = await getToken(probe.baseUrl, other, 'read write');
    await admin.call('PATCH', `/clients/${other.clientId}`, { scope: 'write' });
    expect((await call(theirs)).status).toBe(403);
  });

  it('is for the resources that were asked for, and this API takes its own alone', async () => {
    const other = await aJwtClient({ resources: ['https://a.example/', probe.baseUrl] });
    const asked = async (...resources: string[]): Promise<string> => {
      const body = new URLSearchParams({ grant_type: 'client_credentials' });
      for (const resource of resources) body.append('resource', resource);
      const answer = await postForm(`${probe.baseUrl}/o/token/`, String(body), {
        Authorization: basic(other),
      });
      return String(answer.body.access_token);
    };
    const [elsewhere, both] = [await asked('https://a.example/'), await asked()];
    expect(decodeJwt(elsewhere).aud).toBe('https://a.example/');
    expect(decodeJwt(both).aud).toEqual(['https://a.example/', probe.baseUrl]);
    expectRefused(await call(elsewhere));
    expect((await call(both)).status).toBe(200);
  });

  it('is nothing without its row, however well it is signed', async () => {
    await database.query('DELETE FROM oauth_access_token');
    expectRefused(await call(await removed()));
  });

  async function removed(): Promise<string> {
    const issued = await getToken(probe.baseUrl, client);
    await database.query('DELETE FROM oauth_access_token');
    return issued;
  }
});

describe('what only looks like one of ours', () => {
  let good: string;
  let claims: JWTPayload;

  beforeAll(async () => {
    good = await getToken(probe.baseUrl, client);
    claims = decodeJwt(good);
    expect((await call(good)).status).toBe(200);
  });

  const encode = (value: unknown): string =>
    Buffer.from(JSON.stringify(value)).toString('base64url');
  const [header, payload, signature] = [0, 1, 2].map((part) => () => good.split('.')[part] ?? '');

  async function foreign(more: JWTPayload, typ = 'at+jwt'): Promise<string> {
    const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
    const { kid } = decodeProtectedHeader(good);
    return new SignJWT({ ...claims, ...more })
      .setProtectedHeader({ alg: 'EdDSA', typ, kid: String(kid) })
      .sign(privateKey);
  }

  async function byHmac(): Promise<string> {
    const { kid } = decodeProtectedHeader(good);
    const { body } = await send(`${probe.baseUrl}/o/.well-known/jwks.json`);
    const [key] = body.keys as { x: string }[];
    const signed = `${encode({ alg: 'HS256', typ: 'at+jwt', kid })}.${payload?.()}`;
    const secret = Buffer.from(key?.x ?? '', 'base64url');
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
  }

  it.each<[string, () => string | Promise<string>]>([
    ['its name alone', () => String(claims.jti)],
    ['alg none', () => `${encode({ alg: 'none', typ: 'at+jwt' })}.${payload?.()}.`],
    [
      'alg none with the old signature',
      () => `${encode({ alg: 'none' })}.${payload?.()}.${signature?.()}`,
    ],
    ['the public key as the secret of HS256', byHmac],
    ['another key under our kid', () => foreign({})],
    ['another key under our kid, typ JWT', () => foreign({}, 'JWT')],
    [
      'a payload with more scopes',
      () => `${header?.()}.${encode({ ...claims, scope: 'admin' })}.${signature?.()}`,
    ],
    ['no signature', () => `${header?.()}.${payload?.()}.`],
    ['two parts', () => `${header?.()}.${payload?.()}`],
    ['five parts', () => `${good}.a.b`],
    ['one bit changed in the signature', () => flipped(good, good.length - 20)],
    ['one bit changed in the payload', () => flipped(good, good.indexOf('.') + 10)],
    ['the last letter changed within its unused bits', () => flipped(good, good.length - 1)],
    ['10,000 letters', () => 'e'.repeat(10_000)],
    ['10,000 letters with dots', () => `${'e'.repeat(5000)}.${'e'.repeat(4998)}.`],
    ['a header that is no JSON', () => `e30x.${payload?.()}.${signature?.()}`],
    ['a header that is null', () => `${encode(null)}.${payload?.()}.${signature?.()}`],
    ['dots alone', () => '..'],
    ['Bearer twice', () => `Bearer ${good}`],
  ])('is refused: %s', async (_what, made) => {
    expectRefused(await call(await made()));
  });

  it('is refused: not ASCII', async () => {
    const request = `GET /probe HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${good}\xe9\r\n\r\n`;
    const answer = await sendRaw(probe.baseUrl, Buffer.from(request, 'latin1'));
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(answer).toContain('error="invalid_token"');
  });
});

/** The text with one bit of a letter of base64url changed. */
function flipped(text: string, index: number): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const letter = letters[letters.indexOf(text[index] ?? '') ^ 1] ?? '';
  return text.slice(0, index) + letter + text.slice(index + 1);
}
