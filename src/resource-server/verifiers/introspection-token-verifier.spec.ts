/**
 * Tokens that the authorization server is asked about (RFC 7662): the guard of a toy application,
 * and a real server, over HTTP.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import { Controller, Get } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  AuthorizationServer,
  INTROSPECTOR,
  type Claims,
} from '../../../test/support/authorization-server.js';
import { startToyApp, type ToyApp } from '../../../test/support/fakes.js';
import { send, type Answer } from '../../../test/support/http.js';
import {
  CurrentClient,
  IntrospectionTokenVerifier,
  ResourceServerModule,
  Scopes,
  type IntrospectionTokenVerifierOptions,
  type VerifiedToken,
} from '../index.js';

const AUDIENCE = 'https://notes.example.com';
const TOKEN = 'opaqueTokenOfThirtyLettersABCD';

@Controller('notes')
class NotesController {
  @Get()
  @Scopes('read')
  list(@CurrentClient() client: VerifiedToken): VerifiedToken {
    return client;
  }
}

const started: ToyApp[] = [];
let server: AuthorizationServer;

beforeEach(async () => {
  server = await new AuthorizationServer().start();
  server.introspections.set(TOKEN, active());
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((toy) => toy.close()));
  await server.stop();
});

/** The answer about a live token, as RFC 7662 §2.2 has it. */
function active(changes: Claims = {}): Claims {
  return { active: true, token_type: 'Bearer', ...server.claims(AUDIENCE, changes) };
}

type Options = Partial<IntrospectionTokenVerifierOptions>;

function verifierWith(options: Options = {}): IntrospectionTokenVerifier {
  return new IntrospectionTokenVerifier({ issuer: server.issuer, ...INTROSPECTOR, ...options });
}

async function serviceWith(options: Options = {}): Promise<ToyApp> {
  const verifier = verifierWith(options);
  const toy = await startToyApp({
    imports: [ResourceServerModule.forRoot({ verifier, audience: AUDIENCE })],
    controllers: [NotesController],
  });
  started.push(toy);
  return toy;
}

function call(toy: ToyApp, token = TOKEN): Promise<Answer> {
  return send(`${toy.url}/notes`, { headers: { Authorization: `Bearer ${token}` } });
}

/** The endpoint is told, so that the first question goes out at once. */
const noMetadata = (): Options => ({ introspectionEndpoint: `${server.issuer}/introspect` });

const questions = (): number => server.count('/introspect');

describe('a token that is active', () => {
  it('lets its client in with what the answer says', async () => {
    const { iat, exp, ...claims } = active();
    server.introspections.set(TOKEN, { iat, exp, ...claims });
    const answer = await call(await serviceWith());
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 200,
      body: {
        clientId: 'billing',
        scopes: ['read', 'write'],
        audience: [AUDIENCE],
        issuedAt: new Date(Number(iat) * 1000).toISOString(),
        expiresAt: new Date(Number(exp) * 1000).toISOString(),
      },
    });
  });

  it.each<[string, Claims]>([
    ['without a type and an issuer', { token_type: undefined, iss: undefined }],
    ['of the type bearer, in small letters', { token_type: 'bearer' }],
    ['for several audiences', { aud: ['https://other.example.com', AUDIENCE] }],
  ])('%s is taken too', async (_what, changes) => {
    server.introspections.set(TOKEN, active(changes));
    expect((await call(await serviceWith())).status).toBe(200);
  });

  it('is asked about where the endpoint is told, without metadata', async () => {
    expect((await call(await serviceWith({ issuer: undefined, ...noMetadata() }))).status).toBe(
      200,
    );
    expect(server.asked).toEqual(['/introspect']);
  });

  it('without a scope has none', async () => {
    server.introspections.set(TOKEN, active({ scope: undefined }));
    expect((await call(await serviceWith())).status).toBe(403);
  });
});

describe('a token that is of no use', () => {
  it.each<[string, () => unknown]>([
    ['not active', () => ({ active: false })],
    ['not active, though all else is said', () => active({ active: false })],
    ['of another issuer', () => active({ iss: 'https://evil.example.com' })],
    ['for another audience', () => active({ aud: 'https://other.example.com' })],
    ['for no audience', () => active({ aud: undefined })],
    ['a refresh token', () => active({ token_type: 'refresh_token' })],
    ['bound to a key of its holder', () => active({ cnf: { jkt: 'abc' } })],
    ['expired for longer than clocks differ', () => active({ exp: Date.now() / 1000 - 6 })],
  ])('(%s) gets 401 invalid_token', async (_what, answer) => {
    server.introspections.set(TOKEN, answer());
    const { status, headers } = await call(await serviceWith());
    expect({ status, challenge: headers.get('www-authenticate') }).toEqual({
      status: 401,
      challenge: 'Bearer realm="api", error="invalid_token"',
    });
  });
});

describe('an answer that tells nothing', () => {
  it.each<[string, () => unknown]>([
    ['without active', () => ({ client_id: 'billing' })],
    ['with active as a text', () => active({ active: 'true' })],
    ['without client_id', () => active({ client_id: undefined })],
    ['without exp', () => active({ exp: undefined })],
    ['without iat', () => active({ iat: undefined })],
    ['with a list as scope', () => active({ scope: ['read'] })],
    ['that is a list', () => [active()]],
    ['that is null', () => 'null'],
  ])('(%s) is no verdict: 503', async (_what, answer) => {
    server.introspections.set(TOKEN, answer());
    const { status, headers } = await call(await serviceWith());
    expect({ status, retry: headers.get('retry-after') }).toEqual({ status: 503, retry: '1' });
  });
});

describe('where the authorization server can not be asked', () => {
  it.each<[string, Options, () => void]>([
    ['it fails', {}, () => (server.broken = 500)],
    ['it is too slow', {}, () => (server.delayMs = 1000)],
    ['it says that it has too much to do', {}, () => (server.broken = 429)],
    ['its metadata names no endpoint', {}, () => (server.metadata = { introspection_endpoint: 5 })],
  ])('(%s) the answer is 503, and all is well soon after', async (_what, options, disturb) => {
    const toy = await serviceWith({ timeoutMs: 200, ...options });
    disturb();
    const { status, headers, body } = await call(toy);
    expect({ status, retry: headers.get('retry-after'), error: body.error }).toEqual({
      status: 503,
      retry: '1',
      error: undefined,
    });
    server.broken = undefined;
    server.delayMs = 0;
    server.metadata = {};
    expect((await call(toy)).status).toBe(200);
  });

  it('as it does not know our own secret, the caller is not to blame, and the log says it', async () => {
    const verifier = verifierWith({ clientSecret: 'wr0ng' });
    const failure = await verifier.verify(TOKEN).catch((error: unknown) => error);
    expect(failure).toEqual(
      new Error(
        `${server.issuer}/introspect answered 401: the secret of client my service is not accepted`,
      ),
    );
    expect((await call(await serviceWith({ clientSecret: 'wr0ng' }))).status).toBe(503);
  });

  it('and sends us elsewhere, our secret does not go there', async () => {
    const other = await new AuthorizationServer().start();
    server.redirect = `${other.issuer}/introspect`;
    expect((await call(await serviceWith())).status).toBe(503);
    expect(other.asked).toEqual([]);
    await other.stop();
  });
});

describe('an answer', () => {
  it('is used again for the stated time, and no longer', async () => {
    const verifier = verifierWith({ cacheSeconds: 0.2 });
    await verifier.verify(TOKEN);
    await verifier.verify(TOKEN);
    expect(questions()).toBe(1);
    server.introspections.delete(TOKEN);
    expect(await verifier.verify(TOKEN)).toBeDefined();
    await delay(210);
    expect(await verifier.verify(TOKEN)).toBeUndefined();
    expect(questions()).toBe(2);
  });

  it('counts its time from the sending of the question', async () => {
    const verifier = verifierWith({ cacheSeconds: 0.2, ...noMetadata() });
    server.delayMs = 150;
    await verifier.verify(TOKEN);
    server.introspections.delete(TOKEN);
    await delay(60);
    expect(await verifier.verify(TOKEN)).toBeUndefined();
  });

  it('is shared by all who ask together', async () => {
    const verifier = verifierWith();
    server.delayMs = 50;
    const all = await Promise.all(Array.from({ length: 100 }, () => verifier.verify(TOKEN)));
    expect(new Set(all.map((token) => token?.clientId))).toEqual(new Set(['billing']));
    expect(questions()).toBe(1);
  });

  it('is not shared with who asks later than the stated time: it may be older than a kill', async () => {
    const verifier = verifierWith({ cacheSeconds: 0.1, ...noMetadata() });
    server.delayMs = 300;
    const early = verifier.verify(TOKEN);
    await delay(50);
    server.introspections.delete(TOKEN); // the first question is judged already
    await delay(100);
    server.delayMs = 0;
    expect(await verifier.verify(TOKEN)).toBeUndefined();
    expect(await early).toBeDefined();
    expect(await verifier.verify(TOKEN)).toBeUndefined();
  });

  it('of another token is another', async () => {
    const verifier = verifierWith();
    await verifier.verify(TOKEN);
    expect(await verifier.verify(`${TOKEN}x`)).toBeUndefined();
  });

  it('is kept for as many tokens as stated', async () => {
    const verifier = verifierWith({ cacheSize: 2, cacheSeconds: 60 });
    for (const token of [TOKEN, 'second', 'third', TOKEN]) await verifier.verify(token);
    expect(questions()).toBe(4);
  });

  it('that failed is not kept', async () => {
    const verifier = verifierWith({ cacheSeconds: 60 });
    server.broken = 500;
    await expect(verifier.verify(TOKEN)).rejects.toThrow(/answered 500/);
    server.broken = undefined;
    expect(await verifier.verify(TOKEN)).toBeDefined();
  });

  it('is not kept at all where the time is 0', async () => {
    const verifier = verifierWith({ cacheSeconds: 0 });
    await Promise.all([verifier.verify(TOKEN), verifier.verify(TOKEN)]);
    expect(questions()).toBe(2);
  });

  it('does not outlive its token, however long it is kept', async () => {
    const verifier = verifierWith({ cacheSeconds: 60 });
    server.introspections.set(TOKEN, active({ exp: Date.now() / 1000 - 4.9 }));
    expect(await verifier.verify(TOKEN)).toBeDefined();
    await delay(150);
    expect(await verifier.verify(TOKEN)).toBeUndefined();
    expect(questions()).toBe(1);
  });
});

describe('the verifier', () => {
  it('has no more questions under way than stated', async () => {
    const verifier = verifierWith({ maxConcurrent: 2 });
    server.delayMs = 50;
    const all = ['a', 'b', 'c'].map((token) => verifier.verify(token));
    const outcomes = (await Promise.allSettled(all)).map(({ status }) => status);
    expect(outcomes).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(questions()).toBe(2);
    expect(await verifier.verify('c')).toBeUndefined();
  });

  it('shows its secret and the tokens to nobody who prints it', async () => {
    const verifier = verifierWith();
    await verifier.verify(TOKEN);
    const printed = inspect(verifier, { depth: 9, showHidden: true }) + JSON.stringify(verifier);
    expect(printed).toContain(server.issuer);
    const secret = Buffer.from('my+service:se%25cret%3A%2B%2F').toString('base64');
    for (const hidden of [INTROSPECTOR.clientSecret, secret, TOKEN]) {
      expect(printed).not.toContain(hidden);
    }
  });

  it.each<[string, Options, RegExp]>([
    ['neither issuer nor endpoint', { issuer: undefined }, /needs the issuer or/],
    ['an endpoint that is no URL', { introspectionEndpoint: '/o/introspect' }, /Invalid URL/],
    ['a time before now', { cacheSeconds: -1 }, /cacheSeconds/],
    ['a time that is no number', { cacheSeconds: Number.NaN }, /cacheSeconds/],
  ])('does not start with %s', (_what, options, message) => {
    expect(() => verifierWith(options)).toThrow(message);
  });
});
