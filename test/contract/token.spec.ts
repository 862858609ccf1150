/**
 * The token endpoint, row by row of the contract (RFC 6749 §2.3, §3.2, §4.4, §5; RFC 8707): over
 * HTTP, against a process of the built server on a real PostgreSQL.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { aClient, type StoredClient } from '../support/builders.js';
import { basic, postForm, send, sendRaw, type Answer } from '../support/http.js';
import { startServer, type TestServer } from '../support/server.js';

const GRANT = 'grant_type=client_credentials';
const DESCRIPTION = /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/;

let server: TestServer;
let client: StoredClient;

beforeAll(async () => {
  server = await startServer();
  client = await aClient(server.database);
});

afterAll(() => server.stop());

const tokenUrl = (): string => `${server.baseUrl}/o/token/`;

function request(
  form: string | Record<string, string>,
  headers?: Record<string, string>,
): Promise<Answer> {
  return postForm(tokenUrl(), form, headers);
}

function asClient(form: string, who: StoredClient = client): Promise<Answer> {
  return request(form, { Authorization: basic(who) });
}

/** What holds for every answer of this route. */
function expectUncacheableJson({ headers }: Answer): void {
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('pragma')).toBe('no-cache');
  expect(headers.get('content-type')).toMatch(/^application\/json(; charset=utf-8)?$/);
  expect(headers.get('x-request-id')).toMatch(/^[A-Za-z0-9._~-]{8,64}$/);
}

function expectError(answer: Answer, status: number, error: string): void {
  expect({ status: answer.status, error: answer.body.error }).toEqual({ status, error });
  expectUncacheableJson(answer);
  const description = String(answer.body.error_description);
  expect(description).toMatch(DESCRIPTION);
  expect(description.endsWith(String(answer.headers.get('x-request-id')))).toBe(true);
  expect(String(answer.body.error_uri)).toMatch(/^http:\/\/localhost:\d+\/errors\/[a-z_]+$/);
  expect(Object.keys(answer.body).toSorted()).toEqual(['error', 'error_description', 'error_uri']);
}

describe('a good token request', () => {
  it('answers as RFC 6749 §5.1 says, with what the contract promises', async () => {
    const answer = await asClient(`${GRANT}&scope=read+write`);
    expect(answer.status).toBe(200);
    expectUncacheableJson(answer);
    expect(answer.body).toEqual({
      access_token: expect.stringMatching(/^[A-Za-z0-9]{30}$/),
      token_type: 'Bearer',
      expires_in: 36000,
      scope: 'read write',
    });
  });

  it.each([
    ['by Basic', () => asClient(GRANT)],
    [
      'by Basic, the scheme in capitals',
      () => request(GRANT, { Authorization: basic(client).replace('Basic', 'BASIC') }),
    ],
    [
      'in the body',
      () => request(`${GRANT}&client_id=${client.clientId}&client_secret=${client.clientSecret}`),
    ],
    [
      'by Basic, the same client_id in the body',
      () => asClient(`${GRANT}&client_id=${client.clientId}`),
    ],
    ['by Basic, an empty client_secret in the body', () => asClient(`${GRANT}&client_secret=`)],
    [
      'in the body, beside a stray Bearer',
      () =>
        request(`${GRANT}&client_id=${client.clientId}&client_secret=${client.clientSecret}`, {
          Authorization: 'Bearer something-old',
        }),
    ],
  ])('takes credentials %s', async (_how, attempt) => {
    expect((await attempt()).status).toBe(200);
  });

  it.each([
    ['without its trailing slash', '/o/token'],
    ['with a query that says nothing of credentials', '/o/token/?scope=admin'],
  ])('is answered %s', async (_how, path) => {
    const answer = await postForm(`${server.baseUrl}${path}`, GRANT, {
      Authorization: basic(client),
    });
    expect(answer.status).toBe(200);
    expect(answer.body.scope).toBe('read write');
  });

  it.each([
    ['a charset', { 'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8' }],
    ['a type in capitals', { 'Content-Type': 'Application/X-WWW-Form-Urlencoded' }],
  ])('takes %s', async (_what, headers) => {
    expect((await request(GRANT, { Authorization: basic(client), ...headers })).status).toBe(200);
  });

  it.each([
    ['the scopes in another order', 'scope=write+read', 'read write'],
    ['a repeated scope', 'scope=read+read', 'read'],
    ['stray blanks', 'scope=++read+++write+', 'read write'],
    ['a raw blank', 'scope=read write', 'read write'],
    ['blanks alone', 'scope=+++', 'read write'],
    ['an empty scope', 'scope=', 'read write'],
    ['no scope', '', 'read write'],
    ['a single scope', 'scope=read', 'read'],
    ['an unknown parameter', 'colour=blue', 'read write'],
  ])('folds %s', async (_what, parameters, granted) => {
    const answer = await asClient(`${GRANT}&${parameters}`);
    expect({ status: answer.status, scope: answer.body.scope }).toEqual({
      status: 200,
      scope: granted,
    });
  });

  it('gives what the client says of the lifetime', async () => {
    const short = await aClient(server.database, { accessTokenTtl: 60 });
    expect((await asClient(GRANT, short)).body.expires_in).toBe(60);
  });

  it('decodes each half of Basic as a form, and takes an imported client raw as well', async () => {
    const odd = await aClient(server.database, {
      clientId: 'odd client+1',
      clientSecret: 'p%ss wörd: with everything that is hard',
    });
    const encoded = {
      clientId: encodeURIComponent(odd.clientId),
      clientSecret: encodeURIComponent(odd.clientSecret),
    };
    expect((await asClient(GRANT, encoded)).status).toBe(200);
    expect((await asClient(GRANT, odd)).status).toBe(200);
  });

  it('takes over a sane request id, and makes its own in place of another', async () => {
    const sane = await request(GRANT, { 'X-Request-Id': 'partner-42.7' });
    expect(sane.headers.get('x-request-id')).toBe('partner-42.7');
    const long = await request(GRANT, { 'X-Request-Id': 'x'.repeat(65) });
    expect(long.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('another method than POST', () => {
  it.each(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s gets 405', async (method) => {
    const answer = await send(tokenUrl(), { method });
    expectError(answer, 405, 'invalid_request');
    expect(answer.headers.get('allow')).toBe('POST');
  });

  it('HEAD gets 405 without a body', async () => {
    const { status, headers, text } = await send(tokenUrl(), { method: 'HEAD' });
    expect({ status, allow: headers.get('allow'), text }).toEqual({
      status: 405,
      allow: 'POST',
      text: '',
    });
  });
});

describe('a body over 16 KiB', () => {
  it('gets 413, and one of exactly 16 KiB is read', async () => {
    const padded = (length: number): string => `${GRANT}&pad=`.padEnd(length, 'x');
    expectError(await asClient(padded(16 * 1024 + 1)), 413, 'invalid_request');
    expect((await asClient(padded(16 * 1024))).status).toBe(200);
  });

  it('gets 413 where its length is not announced', async () => {
    const chunk = 'x'.repeat(1024);
    const chunks = `400\r\n${chunk}\r\n`.repeat(17);
    const answer = await sendRaw(
      server.baseUrl,
      `POST /o/token/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n${chunks}0\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('comes before the wrong content type', async () => {
    const answer = await request('x'.repeat(20_000), { 'Content-Type': 'application/json' });
    expectError(answer, 413, 'invalid_request');
  });
});

describe('a malformed request', () => {
  const form = 'application/x-www-form-urlencoded';
  const auth = (): Record<string, string> => ({ Authorization: basic(client) });

  it.each<[string, () => Promise<Answer>, RegExp]>([
    ['no grant_type', () => asClient('scope=read'), /grant_type/],
    ['an empty grant_type', () => asClient('grant_type='), /grant_type/],
    ['an empty body', () => asClient(''), /empty.*x-www-form-urlencoded/],
    [
      'a JSON body',
      () =>
        request('{"grant_type":"client_credentials"}', {
          ...auth(),
          'Content-Type': 'application/json',
        }),
      /Content-Type: application\/x-www-form-urlencoded.*JSON/,
    ],
    [
      'a multipart body',
      () => request('--x\r\n', { ...auth(), 'Content-Type': 'multipart/form-data; boundary=x' }),
      /application\/x-www-form-urlencoded.*multipart/,
    ],
    [
      'no content type',
      () =>
        send(tokenUrl(), {
          method: 'POST',
          headers: auth(),
          body: new Uint8Array(Buffer.from(GRANT)),
        }),
      /application\/x-www-form-urlencoded/,
    ],
    ['grant_type sent twice', () => asClient(`${GRANT}&${GRANT}`), /twice/],
    ['scope sent twice', () => asClient(`${GRANT}&scope=read&scope=write`), /twice/],
    ['an unknown parameter sent twice', () => asClient(`${GRANT}&x=1&x=1`), /twice/],
    ['broken percent-encoding', () => asClient(`${GRANT}&scope=%zz`), /percent-encoding/],
    ['percent-encoding cut short', () => asClient(`${GRANT}&scope=%4`), /percent-encoding/],
    [
      'percent-encoded bytes that are no UTF-8',
      () => asClient(`${GRANT}&scope=%ff`),
      /percent-encoding/,
    ],
    ['an encoded surrogate', () => asClient(`${GRANT}&scope=%ed%a0%80`), /percent-encoding/],
    ['a NUL', () => asClient(`${GRANT}&scope=read%00`), /control character/],
    ['a tab', () => asClient(`${GRANT}&scope=read%09write`), /control character/],
    ['a control character in a name', () => asClient(`${GRANT}&a%01b=1`), /control character/],
    ['a trailing line break', () => asClient(`${GRANT}\n`), /line break/],
    [
      'a Content-Encoding',
      () =>
        send(tokenUrl(), {
          method: 'POST',
          headers: { ...auth(), 'Content-Type': form, 'Content-Encoding': 'gzip' },
          body: new Uint8Array(gzipSync(GRANT)),
        }),
      /Content-Encoding/,
    ],
    [
      'client_secret in the query',
      () => postForm(`${tokenUrl()}?client_id=a&client_secret=b`, GRANT),
      /query/,
    ],
    [
      'client_id in the query',
      () => postForm(`${tokenUrl()}?client%5Fid=a`, GRANT, auth()),
      /query/,
    ],
    ['Basic that is not base64', () => request(GRANT, { Authorization: 'Basic a:b' }), /base64/],
    ['Basic without a value', () => request(GRANT, { Authorization: 'Basic' }), /base64/],
    [
      'Basic without a colon',
      () => request(GRANT, { Authorization: `Basic ${btoa('no-colon')}` }),
      /colon/,
    ],
    [
      'Basic with a trailing line break',
      () => request(GRANT, { Authorization: `Basic ${btoa('id:secret\n')}` }),
      /echo -n/,
    ],
    [
      'Basic with a NUL',
      () => request(GRANT, { Authorization: `Basic ${btoa('id:sec\0ret')}` }),
      /control character/,
    ],
    [
      'Basic that is no UTF-8',
      () => request(GRANT, { Authorization: `Basic ${btoa('id:\xff')}` }),
      /UTF-8/,
    ],
    [
      'a secret in both places',
      () => asClient(`${GRANT}&client_secret=${client.clientSecret}`),
      /twice.*header.*body/,
    ],
    ['two different client ids', () => asClient(`${GRANT}&client_id=another`), /another client/],
  ])('%s gets invalid_request', async (_what, attempt, told) => {
    const answer = await attempt();
    expectError(answer, 400, 'invalid_request');
    expect(answer.body.error_description).toMatch(told);
    expect(answer.text).not.toContain(client.clientSecret);
  });

  it('with raw bytes that are no UTF-8 gets invalid_request', async () => {
    const answer = await send(tokenUrl(), {
      method: 'POST',
      headers: { ...auth(), 'Content-Type': form },
      body: new Uint8Array([...Buffer.from(`${GRANT}&scope=`), 0xff]),
    });
    expectError(answer, 400, 'invalid_request');
    expect(answer.body.error_description).toMatch(/UTF-8/);
  });

  it('with two Authorization headers gets invalid_request', async () => {
    const answer = await sendRaw(
      server.baseUrl,
      `POST /o/token/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: ${form}\r\nAuthorization: ${basic(client)}\r\nAuthorization: ${basic(client)}\r\nContent-Length: ${GRANT.length}\r\n\r\n${GRANT}`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('two Authorization headers');
  });

  it('is told before an unknown grant and before a wrong secret', async () => {
    expectError(await request('grant_type=x&grant_type=y'), 400, 'invalid_request');
    expectError(
      await request(`grant_type=password&scope=%zz`, { Authorization: `Basic ${btoa('a:b')}` }),
      400,
      'invalid_request',
    );
  });
});

describe('another grant', () => {
  it.each(['password', 'refresh_token', 'CLIENT_CREDENTIALS', 'client-credentials'])(
    '%s gets unsupported_grant_type, whoever asks',
    async (grant) => {
      expectError(await asClient(`grant_type=${grant}`), 400, 'unsupported_grant_type');
      expectError(await request(`grant_type=${grant}`), 400, 'unsupported_grant_type');
      const wrong = { ...client, clientSecret: 'wrong' };
      expectError(await asClient(`grant_type=${grant}`, wrong), 400, 'unsupported_grant_type');
    },
  );
});

describe('a client that is not authenticated', () => {
  it('gets 401 with no credentials at all', async () => {
    const answer = await request(GRANT);
    expectError(answer, 401, 'invalid_client');
    expect(answer.headers.get('www-authenticate')).toBe('Basic realm="oauth"');
  });

  it.each([
    ['an id without a secret', 'client_id=x'],
    ['a secret without an id', 'client_secret=x'],
  ])('gets 401 with %s', async (_what, parameters) => {
    expectError(await request(`${GRANT}&${parameters}`), 401, 'invalid_client');
  });

  it('gets the same bytes whatever the cause, and the log has the reason', async () => {
    const make = (traits: Parameters<typeof aClient>[1]) => aClient(server.database, traits);
    const wrong = (who: StoredClient): StoredClient => ({
      ...who,
      clientSecret: `${who.clientSecret}x`,
    });
    const past = new Date(Date.now() - 1000);
    const causes: [string, StoredClient, RegExp][] = [
      ['unknown', { clientId: 'nobody', clientSecret: 'x' }, /unknown client/],
      ['a long id', { clientId: 'x'.repeat(5000), clientSecret: 'x' }, /unknown client/],
      ['wrong secret', wrong(await make({})), /wrong secret/],
      ['expired secret', await make({ expiresAt: past }), /secret …\w{4} expired at 20/],
      ['disabled', await make({ enabled: false }), /disabled/],
      [
        'wrong method',
        await make({ tokenEndpointAuthMethod: 'client_secret_post' }),
        /may only use client_secret_post/,
      ],
      ['wrong address', await make({ allowedIps: ['192.0.2.0/24'] }), /address 127\.0\.0\.1/],
    ];
    const bodies = new Set<string>();
    const headers = new Set<string>();
    for (const [cause, who, reason] of causes) {
      const answer = await asClient(GRANT, who);
      expectError(answer, 401, 'invalid_client');
      const id = String(answer.headers.get('x-request-id'));
      bodies.add(answer.text.replace(id, ''));
      headers.add(
        JSON.stringify(
          [...answer.headers].filter(([name]) => !['x-request-id', 'date'].includes(name)),
        ),
      );
      const line = await server.logLine(id);
      expect({ cause, line }).toEqual({ cause, line: expect.stringMatching(reason) });
      expect(line).not.toContain(who.clientSecret.length > 1 ? who.clientSecret : 'no secret');
    }
    expect(bodies.size).toBe(1);
    expect(headers.size).toBe(1);
  });

  it('is told where a placeholder of an example was left in', async () => {
    const answer = await request(
      `${GRANT}&client_id=your_client_id&client_secret=your_client_secret`,
    );
    expectError(answer, 401, 'invalid_client');
    expect(answer.body.error_description).toMatch(/placeholder/);
  });

  it('is not let in by the stored digest of its secret', async () => {
    const [row] = await server.database.query<{ hex: string }>(
      `SELECT encode(s.digest, 'hex') AS hex FROM oauth_client_secret s
       JOIN oauth_client c ON c.id = s.client WHERE c.client_id = $1`,
      [client.clientId],
    );
    const answer = await asClient(GRANT, { ...client, clientSecret: String(row?.hex) });
    expectError(answer, 401, 'invalid_client');
  });

  it('is let in by the method and from the address that are set for it', async () => {
    const post = await aClient(server.database, {
      tokenEndpointAuthMethod: 'client_secret_post',
      allowedIps: ['127.0.0.0/8', '::1'],
    });
    const answer = await request(
      `${GRANT}&client_id=${post.clientId}&client_secret=${post.clientSecret}`,
    );
    expect(answer.status).toBe(200);
  });
});

describe('many different wrong secrets', () => {
  it('get 429 past ten, while the right one and a stale one are answered as ever', async () => {
    const victim = await aClient(server.database);
    const attempt = (clientSecret: string) => asClient(GRANT, { ...victim, clientSecret });
    for (let guess = 0; guess < 10; guess += 1) {
      expectError(await attempt(`guess-${guess}`), 401, 'invalid_client');
    }
    const eleventh = await attempt('guess-10');
    expectError(eleventh, 429, 'temporarily_unavailable');
    expect(Number(eleventh.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(eleventh.headers.get('retry-after'))).toBeLessThanOrEqual(300);
    expectError(await attempt('guess-3'), 401, 'invalid_client');
    expect((await attempt(victim.clientSecret)).status).toBe(200);
  });

  it('are counted for an unknown client alike', async () => {
    const attempt = (guess: number) =>
      asClient(GRANT, { clientId: 'no-such-client', clientSecret: `guess-${guess}` });
    for (let guess = 0; guess < 10; guess += 1) expect((await attempt(guess)).status).toBe(401);
    expectError(await attempt(10), 429, 'temporarily_unavailable');
  });
});

describe('what this client may not have', () => {
  it('a grant: unauthorized_client', async () => {
    const introspector = await aClient(server.database, { grantTypes: [] });
    expectError(await asClient(GRANT, introspector), 400, 'unauthorized_client');
  });

  it.each([
    ['one that does not exist', 'scope=read+nonsense', /does not exist/],
    ['one that it may not have', 'scope=admin', /may not have/],
    ['a comma between two', 'scope=read,write', /comma/],
    ['one in other letters', 'scope=READ', /does not exist/],
    ['letters beyond ASCII', 'scope=l%C3%A9ger', /does not exist/],
  ])('a scope, %s: invalid_scope', async (_what, parameters, told) => {
    const answer = await asClient(`${GRANT}&${parameters}`);
    expectError(answer, 400, 'invalid_scope');
    expect(answer.body.error_description).toMatch(told);
  });

  it('no scope where there is no default one: invalid_scope', async () => {
    const bare = await aClient(server.database, { defaultScopes: [] });
    expectError(await asClient(GRANT, bare), 400, 'invalid_scope');
    expect((await asClient(`${GRANT}&scope=read`, bare)).status).toBe(200);
  });

  it('2,500 scopes are refused as fast as one', async () => {
    const many = Array.from({ length: 2500 }, (_, index) => `s${index}`).join('+');
    expectError(await asClient(`${GRANT}&scope=${many}`), 400, 'invalid_scope');
  });

  it.each([
    ['no absolute URI', 'resource=payments'],
    ['one with a fragment', 'resource=http://localhost/%23part'],
    ['one that it may not have', 'resource=https://elsewhere.example'],
    ['an audience that it may not have', 'audience=https://elsewhere.example'],
    ['one good and one bad', 'resource=https://a.example/x&resource=https://elsewhere.example'],
  ])('a resource, %s: invalid_target', async (_what, parameters) => {
    const two = await aClient(server.database, {
      resources: ['https://a.example/x', 'https://b.example'],
    });
    expectError(await asClient(`${GRANT}&${parameters}`, two), 400, 'invalid_target');
  });

  it('a resource that it may have is granted, in any spelling and more than once', async () => {
    const two = await aClient(server.database, {
      resources: ['https://a.example/x', 'https://b.example'],
    });
    const form = `${GRANT}&resource=HTTPS://A.example:443/x&audience=https://b.example/`;
    expect((await asClient(form, two)).status).toBe(200);
    const [row] = await server.database.query<{ audience: string }>(
      `SELECT audience FROM oauth_access_token t JOIN oauth_client c ON c.id = t.client
       WHERE c.client_id = $1`,
      [two.clientId],
    );
    expect(row?.audience).toBe('https://a.example/x https://b.example');
  });

  it('the default audience, by its own name', async () => {
    const [, port] = server.baseUrl.split(':').slice(1);
    const answer = await asClient(`${GRANT}&resource=http://localhost:${port}/`);
    expect(answer.status).toBe(200);
  });

  it('more than its quota: 429 with the RateLimit fields', async () => {
    const few = await aClient(server.database, { tokenQuota: 2 });
    expect((await asClient(GRANT, few)).status).toBe(200);
    expect((await asClient(GRANT, few)).status).toBe(200);
    const answer = await asClient(GRANT, few);
    expectError(answer, 429, 'temporarily_unavailable');
    const wait = Number(answer.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(3600);
    expect(answer.headers.get('ratelimit-policy')).toBe('"tokens";q=2;w=3600');
    expect(answer.headers.get('ratelimit')).toBe(`"tokens";r=0;t=${wait}`);
  });
});

describe('what is kept', () => {
  it('is neither token nor secret, in any table', async () => {
    const answer = await asClient(GRANT);
    const token = String(answer.body.access_token);
    const tables = await server.database.query<{ name: string }>(
      `SELECT quote_ident(relname) AS name FROM pg_class
       WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
    );
    expect(tables.length).toBeGreaterThan(8);
    for (const { name } of tables) {
      const rows = await server.database.query<{ text: string }>(
        `SELECT t::text AS text FROM ${name} t`,
      );
      const all = rows.map(({ text }) => text).join('\n');
      for (const secret of [token, client.clientSecret, server.admin.clientSecret]) {
        expect(all).not.toContain(secret);
        expect(all).not.toContain(Buffer.from(secret).toString('hex'));
      }
    }
    expect(server.output()).not.toContain(token);
    expect(server.output()).not.toContain(client.clientSecret);
    expect(server.output()).not.toContain(server.admin.clientSecret);
  });

  it('is nothing, where the request was refused', async () => {
    const count = async (): Promise<unknown> =>
      (await server.database.query('SELECT count(*) FROM oauth_access_token'))[0];
    const before = await count();
    await asClient(`${GRANT}&scope=admin`);
    await request(GRANT, { Authorization: `Basic ${btoa('a:b')}` });
    expect(await count()).toEqual(before);
  });
});
