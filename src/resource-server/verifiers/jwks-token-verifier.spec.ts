/**
 * JWTs checked by their signature (RFC 9068 §4): the guard of a toy application over HTTP, with
 * keys that a real authorization server publishes over HTTP.
 */
import { createHmac } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Controller, Get, Post } from '@nestjs/common';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  AuthorizationServer,
  makeKey,
  sign,
  type Claims,
  type SigningKey,
} from '../../../test/support/authorization-server.js';
import { startToyApp, type ToyApp } from '../../../test/support/fakes.js';
import { send, sendRaw, type Answer } from '../../../test/support/http.js';
import {
  CurrentClient,
  JwksTokenVerifier,
  ResourceServerModule,
  Scopes,
  type JwksTokenVerifierOptions,
  type VerifiedToken,
} from '../index.js';

const AUDIENCE = 'https://notes.example.com';
const now = (): number => Math.floor(Date.now() / 1000);

@Controller('notes')
class NotesController {
  @Get()
  @Scopes('read')
  list(@CurrentClient() client: VerifiedToken): VerifiedToken {
    return client;
  }

  @Post()
  @Scopes('write')
  make(): string {
    return 'made';
  }
}

const started: ToyApp[] = [];
let server: AuthorizationServer;
let key: SigningKey;

beforeAll(async () => {
  key = await makeKey('current');
});

beforeEach(async () => {
  server = await new AuthorizationServer().start();
  server.keys = [key];
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((toy) => toy.close()));
  await server.stop();
});

async function serviceWith(options: Partial<JwksTokenVerifierOptions> = {}): Promise<ToyApp> {
  const verifier = new JwksTokenVerifier({ issuer: server.issuer, ...options });
  const toy = await startToyApp({
    imports: [ResourceServerModule.forRoot({ verifier, audience: AUDIENCE })],
    controllers: [NotesController],
  });
  started.push(toy);
  return toy;
}

function call(toy: ToyApp, token: string, method = 'GET'): Promise<Answer> {
  return send(`${toy.url}/notes`, { method, headers: { Authorization: `Bearer ${token}` } });
}

const good = (changes: Claims = {}): Claims => server.claims(AUDIENCE, changes);

describe('a good token', () => {
  it.each(['EdDSA', 'ES256', 'RS256'])('signed with %s lets its client in', async (alg) => {
    const other = await makeKey('other', alg);
    server.keys = [key, other];
    const toy = await serviceWith();
    const claims = good();
    const answer = await call(toy, await sign(claims, other));
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 200,
      body: {
        clientId: 'billing',
        scopes: ['read', 'write'],
        audience: [AUDIENCE],
        issuedAt: new Date(Number(claims.iat) * 1000).toISOString(),
        expiresAt: new Date(Number(claims.exp) * 1000).toISOString(),
      },
    });
  });

  it.each<[string, Claims, Record<string, unknown>]>([
    ['for several audiences', { aud: ['https://other.example.com', AUDIENCE] }, {}],
    ['expired for less than the tolerance', { exp: Date.now() / 1000 - 2 }, {}],
    ['valid from a moment that is less than it away', { nbf: Date.now() / 1000 + 4 }, {}],
    ['of the long media type', {}, { typ: 'application/at+jwt' }],
    ['that does not name its key', {}, { kid: undefined }],
  ])('%s is taken too', async (_what, claims, header) => {
    const toy = await serviceWith();
    const { status } = await call(toy, await sign(good(claims), key, header));
    expect(status).toBe(200);
  });

  it('without a scope has none', async () => {
    const answer = await call(await serviceWith(), await sign(good({ scope: undefined }), key));
    expect({ status: answer.status, error: answer.body.error }).toEqual({
      status: 403,
      error: 'insufficient_scope',
    });
  });

  it('is taken with the address of the keys alone, without metadata', async () => {
    const toy = await serviceWith({ jwksUri: `${server.issuer}/jwks` });
    expect((await call(toy, await sign(good(), key))).status).toBe(200);
    expect(server.asked).toEqual(['/jwks']);
  });
});

/** Base64url of JSON. */
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token whose header is the attacker's, and whose signature comes of a function. */
function forged(header: unknown, claims: Claims, signature: (signed: string) => string): string {
  const signed = `${part(header)}.${part(claims)}`;
  return `${signed}.${signature(signed)}`;
}

/** A token with one bit of its n-th part changed. */
function flipped(token: string, index: number): string {
  const parts = token.split('.');
  const bytes = Buffer.from(parts[index] ?? '', 'base64url');
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  return parts.with(index, bytes.toString('base64url')).join('.');
}

type Forge = (foreign: SigningKey) => string | Promise<string>;

const BAD_TOKENS: readonly [string, Forge][] = [
  ['alg none, unsigned', () => forged({ alg: 'none', typ: 'at+jwt' }, good(), () => '')],
  ['alg None, unsigned', () => forged({ ...key.header, alg: 'None' }, good(), () => '')],
  [
    'alg none, with the old signature',
    async () => {
      const [, , signature = ''] = (await sign(good(), key)).split('.');
      return forged({ ...key.header, alg: 'none' }, good(), () => signature);
    },
  ],
  ...['x', 'jwk'].map((form): [string, Forge] => [
    `HS256 with the public key (${form}) as the secret`,
    () => {
      const secret =
        form === 'x'
          ? Buffer.from(key.publicJwk.x ?? '', 'base64url')
          : JSON.stringify(key.publicJwk);
      const mac = (signed: string): string =>
        createHmac('sha256', secret).update(signed).digest('base64url');
      return forged({ ...key.header, alg: 'HS256' }, good(), mac);
    },
  ]),
  ...['ES256', 'RS256', 'Ed25519', 'PS256'].map((alg): [string, Forge] => [
    `the algorithm swapped for ${alg}`,
    async () => {
      const [, , signature = ''] = (await sign(good(), key)).split('.');
      return forged({ ...key.header, alg }, good(), () => signature);
    },
  ]),
  ['a foreign key under our kid', (foreign) => sign(good(), foreign)],
  ['a foreign key under its own kid', (foreign) => sign(good(), foreign, { kid: 'foreign' })],
  ['a foreign key and no kid', (foreign) => sign(good(), foreign, { kid: undefined })],
  ['a foreign key, sent along', (foreign) => sign(good(), foreign, { jwk: foreign.publicJwk })],
  [
    'a foreign key, at an address',
    (foreign) => sign(good(), foreign, { jku: `${server.issuer}/evil` }),
  ],
  ['the typ of an ID token', () => sign(good(), key, { typ: 'JWT' })],
  ['no typ', () => sign(good(), key, { typ: undefined })],
  ['another issuer', () => sign(good({ iss: 'https://evil.example.com' }), key)],
  ['an issuer that only begins alike', () => sign(good({ iss: `${server.issuer}/` }), key)],
  ['another audience', () => sign(good({ aud: 'https://other.example.com' }), key)],
  ['an empty list of audiences', () => sign(good({ aud: [] }), key)],
  ['an audience that is a number', () => sign(good({ aud: 5 }), key)],
  ['an exp in the past', () => sign(good({ exp: now() - 6 }), key)],
  ['an exp that is a text', () => sign(good({ exp: String(now() + 60) }), key)],
  ['an exp beyond all time', () => sign(good({ exp: 1e300 }), key)],
  ['an nbf in the future', () => sign(good({ nbf: now() + 7 }), key)],
  ['a scope that is a list', () => sign(good({ scope: ['read'] }), key)],
  ['a client_id that is empty', () => sign(good({ client_id: '' }), key)],
  ['a key of its holder', () => sign(good({ cnf: { jkt: 'abc' } }), key)],
  [
    'a critical extension that nobody knows',
    () =>
      sign(good(), key).then((token) => {
        const [, claims = '', signature = ''] = token.split('.');
        return `${part({ ...key.header, crit: ['http://x'], 'http://x': 1 })}.${claims}.${signature}`;
      }),
  ],
  ...['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'].map((claim): [string, Forge] => [
    `no ${claim}`,
    () => sign(good({ [claim]: undefined }), key),
  ]),
  ...[0, 1, 2].map((index): [string, Forge] => [
    `one bit of part ${index} changed`,
    async () => flipped(await sign(good(), key), index),
  ]),
  ['two parts', async () => (await sign(good(), key)).split('.').slice(0, 2).join('.')],
  ['a part more', async () => `${await sign(good(), key)}.x`],
  ['five parts, as if encrypted', () => `${part({ alg: 'dir', enc: 'A256GCM' })}.a.b.c.d`],
  ['a header that is no JSON', () => 'bm90IGpzb24.e30.c2ln'],
  ['a header that is null', () => `${part(null)}.e30.c2ln`],
  ['the form of an opaque token', () => 'a'.repeat(30)],
  ['dots alone', () => '..'],
  ['10,000 characters', () => 'a'.repeat(10_000)],
  ['10,000 characters, as a JWT', () => sign(good({ filler: 'x'.repeat(7500) }), key)],
  ['letters that are not ASCII', () => 'Ωñ'.normalize()],
  ['nothing behind Bearer', () => ''],
];

describe('a bad token', () => {
  let toy: ToyApp;
  let foreign: SigningKey;

  beforeAll(async () => {
    foreign = await makeKey('current');
  });

  beforeEach(async () => {
    toy = await serviceWith();
  });

  /** As the wire has it: `fetch` sends no letters beyond Latin-1. */
  async function refusal(token: string): Promise<{ head: string; body: string }> {
    const request = `GET /notes HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\n\r\n`;
    const [head = '', body = ''] = (await sendRaw(toy.url, Buffer.from(request))).split('\r\n\r\n');
    return { head, body: body.replace(/"request_id":"[^"]+"/, '"request_id":"…"') };
  }

  it.each(BAD_TOKENS)('(%s) gets the one answer that all get', async (_what, forge) => {
    const { head, body } = await refusal(await forge(foreign));
    expect(head).toMatch(/^HTTP\/1\.1 401 /);
    expect(head).toContain('WWW-Authenticate: Bearer realm="api", error="invalid_token"\r\n');
    expect(JSON.parse(body)).toEqual({
      type: 'about:blank',
      title: 'The token is not valid',
      status: 401,
      detail: 'The access token is not valid: it may have expired or been revoked. Get a new one.',
      instance: '/notes',
      request_id: '…',
      error: 'invalid_token',
    });
  });

  it('is what each of these is, but for the one fault', async () => {
    expect((await refusal(await sign(good(), key))).head).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('makes us fetch nothing where its form alone shows it', async () => {
    for (const [, forge] of BAD_TOKENS.slice(0, 5)) await refusal(await forge(foreign));
    await refusal('a'.repeat(30));
    expect(server.asked).toEqual([]);
  });
});

describe('the keys', () => {
  it('are fetched once for many tokens, also where they come together', async () => {
    const toy = await serviceWith();
    const token = await sign(good(), key);
    await Promise.all(Array.from({ length: 20 }, () => call(toy, token)));
    await call(toy, token);
    expect(server.asked).toEqual(['/.well-known/oauth-authorization-server', '/jwks']);
  });

  it('are fetched again for a kid that is not known, but not more often than stated', async () => {
    const toy = await serviceWith({ keysCooldownSeconds: 0.3 });
    expect((await call(toy, await sign(good(), key))).status).toBe(200);
    const next = await makeKey('next');
    server.keys = [key, next];
    const unknown = await makeKey('unknown');
    for (let count = 0; count < 5; count += 1) {
      expect((await call(toy, await sign(good(), unknown))).status).toBe(401);
    }
    expect(server.count('/jwks')).toBe(1);
    await delay(310);
    expect((await call(toy, await sign(good(), next))).status).toBe(200);
    expect(server.count('/jwks')).toBe(2);
  });

  it('are not tried in turn for a token that names none of several', async () => {
    server.keys = [await makeKey('other'), key];
    const token = await sign(good(), key, { kid: undefined });
    expect((await call(await serviceWith(), token)).status).toBe(401);
  });

  it('that are no longer published are dead once the fetched ones are too old', async () => {
    const toy = await serviceWith({ keysMaxAgeSeconds: 0.2 });
    const token = await sign(good(), key);
    expect((await call(toy, token)).status).toBe(200);
    server.keys = [await makeKey('next')];
    await delay(210);
    expect((await call(toy, token)).status).toBe(401);
  });
});

describe('where the authorization server can not be asked', () => {
  async function expectUnavailable(toy: ToyApp, token: string): Promise<void> {
    const { status, headers, body } = await call(toy, token);
    expect({ status, retry: headers.get('retry-after'), error: body.error }).toEqual({
      status: 503,
      retry: '1',
      error: undefined,
    });
    expect(headers.get('www-authenticate')).toBeNull();
  }

  it.each<[string, () => void]>([
    ['it fails', () => (server.broken = 500)],
    ['it is too slow', () => (server.delayMs = 1000)],
    ['its metadata is another issuer’s', () => (server.metadata = { issuer: 'https://x.example' })],
    ['its metadata names no keys', () => (server.metadata = { jwks_uri: undefined })],
    ['its keys are no keys', () => (server.keySet = { keys: 'none' })],
  ])('(%s) nobody is judged, and soon after it can, all is well', async (_what, disturb) => {
    const toy = await serviceWith({ timeoutMs: 200 });
    const token = await sign(good(), key);
    disturb();
    await expectUnavailable(toy, token);
    server.broken = undefined;
    server.delayMs = 0;
    server.metadata = {};
    server.keySet = undefined;
    expect((await call(toy, token)).status).toBe(200);
  });

  it('the known keys go on, and a token with another key gets no verdict', async () => {
    const toy = await serviceWith({ keysCooldownSeconds: 0, timeoutMs: 200 });
    const token = await sign(good(), key);
    expect((await call(toy, token)).status).toBe(200);
    server.broken = 503;
    expect((await call(toy, token)).status).toBe(200);
    await expectUnavailable(toy, await sign(good(), await makeKey('next')));
  });
});

describe('options that can not be meant', () => {
  const issuer = 'https://auth.example.com';

  it.each<[string, JwksTokenVerifierOptions, RegExp]>([
    ['an issuer that is no URL', { issuer: 'auth' }, /Invalid URL/],
    ['an address that is no URL', { issuer, jwksUri: 'jwks' }, /Invalid URL/],
    ['an algorithm with a shared secret', { issuer, algorithms: ['HS256'] }, /HS256 is no/],
    ['no signature', { issuer, algorithms: ['none'] }, /none is no/],
    ['a tolerance of a minute', { issuer, clockToleranceSeconds: 60 }, /between 0 and 5/],
  ])('(%s) stop the start', (_what, options, message) => {
    expect(() => new JwksTokenVerifier(options)).toThrow(message);
  });
});
