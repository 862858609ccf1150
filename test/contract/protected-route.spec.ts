/**
 * A protected route, row by row of the contract (RFC 6750 §2, §3; RFC 9457; RFC 9728 §5.1): the
 * whole application with a controller of the test's own, over HTTP, on a real PostgreSQL, with
 * tokens that its own token endpoint issued.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aClient, type StoredClient } from '../support/builders.js';
import { createDatabase, onServer, type TestDatabase } from '../support/database.js';
import { getToken, send, sendRaw, type Answer } from '../support/http.js';
import { startProbeApp, type ProbeApp } from '../support/probe-app.js';

let database: TestDatabase;
let probe: ProbeApp;
let client: StoredClient;
let token: string;

beforeAll(async () => {
  database = await createDatabase();
  probe = await startProbeApp(database);
  client = await aClient(database, { scopes: ['read', 'write'] });
  token = await getToken(probe.baseUrl, client, 'read');
});

afterAll(async () => {
  await probe.close();
  await database.drop();
});

const url = (path: string): string => `${probe.baseUrl}${path}`;

function get(path: string, authorization?: string): Promise<Answer> {
  return send(url(path), {
    headers: authorization === undefined ? {} : { Authorization: authorization },
  });
}

function challenge(parameters = ''): string {
  return `Bearer realm="api"${parameters}, resource_metadata="${probe.baseUrl}/.well-known/oauth-protected-resource"`;
}

interface Refusal {
  readonly status: number;
  readonly page: string;
  readonly parameters?: string;
  readonly error?: string;
}

function expectRefusal(answer: Answer, { status, page, parameters, error }: Refusal): void {
  expect(answer.status).toBe(status);
  expect(answer.headers.get('www-authenticate')).toBe(challenge(parameters));
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  if (status !== 400) expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.body).toEqual({
    type: `${probe.baseUrl}/errors/${page}`,
    title: expect.stringMatching(/\w/),
    status,
    detail: expect.stringMatching(/\w/),
    instance: '/probe/',
    request_id: answer.headers.get('x-request-id'),
    ...(error !== undefined && { error }),
  });
}

const INVALID_TOKEN = {
  status: 401,
  page: 'invalid_token',
  parameters: ', error="invalid_token"',
  error: 'invalid_token',
};
const MISSING_TOKEN = { status: 401, page: 'missing_token' };

describe('no token', () => {
  it.each([
    ['no header', undefined],
    ['another scheme', 'Basic YTpi'],
    ['an empty header', ''],
  ])('%s: 401 without an error code', async (_what, authorization) => {
    expectRefusal(await get('/probe/', authorization), MISSING_TOKEN);
  });

  it('a token in the query or in the body is none', async () => {
    const answer = await get(`/probe/?access_token=${token}`);
    expectRefusal(answer, MISSING_TOKEN);
    expect(answer.text).not.toContain(token);
    const posted = await send(url('/probe/'), {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: `access_token=${token}`,
    });
    expectRefusal(posted, MISSING_TOKEN);
  });
});

describe('a good token', () => {
  it.each(['Bearer', 'bearer', 'BEARER'])('comes in, with the scheme as %s', async (scheme) => {
    const answer = await get('/probe/', `${scheme} ${token}`);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ clientId: client.clientId, scopes: ['read'] });
  });

  it('comes in with and without the trailing slash', async () => {
    expect((await get('/probe', `Bearer ${token}`)).status).toBe(200);
  });
});

describe('a token of no use', () => {
  it.each([
    ['unknown', 'Bearer d1UUviKpHizUGsGZuboebXS6YgwcAl'],
    ['empty', 'Bearer'],
    ['empty, with a blank', 'Bearer '],
    ['of letters that none has', 'Bearer not,a,token'],
    ['two words', 'Bearer Bearer abc'],
    ['of 10,000 letters', `Bearer ${'a'.repeat(10_000)}`],
    ['too short', 'Bearer abc'],
    ['a JWT that nobody signed', 'Bearer eyJhbGciOiJub25lIn0.e30.'],
  ])('%s: 401 invalid_token', async (_what, authorization) => {
    expectRefusal(await get('/probe/', authorization), INVALID_TOKEN);
  });

  it('not ASCII: 401 invalid_token', async () => {
    const answer = await sendRaw(
      probe.baseUrl,
      Buffer.from(
        'GET /probe/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer t\xf6ken\r\n\r\n',
        'latin1',
      ),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(answer).toContain('error="invalid_token"');
  });

  it('one letter changed: 401 invalid_token', async () => {
    const changed = (token.startsWith('A') ? 'B' : 'A') + token.slice(1);
    expectRefusal(await get('/probe/', `Bearer ${changed}`), INVALID_TOKEN);
  });

  it.each([
    ['expired', `UPDATE oauth_access_token SET expires_at = now() WHERE client = $1`],
    ['revoked', `UPDATE oauth_access_token SET revoked_at = now() WHERE client = $1`],
    ['its client disabled', `UPDATE oauth_client SET enabled = false WHERE id = $1`],
    ['its client deleted', `DELETE FROM oauth_client WHERE id = $1`],
    ['its epoch over', `UPDATE oauth_client SET token_epoch = token_epoch + 1 WHERE id = $1`],
  ])('%s: 401 invalid_token', async (_what, change) => {
    const other = await aClient(database);
    const theirs = await getToken(probe.baseUrl, other);
    expect((await get('/probe/', `Bearer ${theirs}`)).status).toBe(200);
    const [row] = await database.query<{ id: number }>(
      'SELECT id FROM oauth_client WHERE client_id = $1',
      [other.clientId],
    );
    await database.query(change, [row?.id]);
    // By hand at the database, not through this node: within the second that every node has.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expectRefusal(await get('/probe/', `Bearer ${theirs}`), INVALID_TOKEN);
  });

  it('for another audience: 401 invalid_token', async () => {
    const elsewhere = await aClient(database, { resources: ['https://elsewhere.example'] });
    const theirs = await getToken(probe.baseUrl, elsewhere);
    expectRefusal(await get('/probe/', `Bearer ${theirs}`), INVALID_TOKEN);
  });

  it('for several audiences comes in where this one is among them', async () => {
    const both = await aClient(database, {
      resources: ['https://elsewhere.example', probe.baseUrl],
    });
    const theirs = await getToken(probe.baseUrl, both);
    expect((await get('/probe/', `Bearer ${theirs}`)).status).toBe(200);
  });

  it('its time is over at the very moment of its expiry', async () => {
    const other = await aClient(database);
    const theirs = await getToken(probe.baseUrl, other);
    await database.query(
      `UPDATE oauth_access_token SET expires_at = now() + interval '2 seconds'
       WHERE client = (SELECT id FROM oauth_client WHERE client_id = $1)`,
      [other.clientId],
    );
    expect((await get('/probe/', `Bearer ${theirs}`)).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 2050));
    expectRefusal(await get('/probe/', `Bearer ${theirs}`), INVALID_TOKEN);
  });
});

describe('two ways of sending a token', () => {
  const twice = {
    status: 400,
    page: 'invalid_request',
    parameters: ', error="invalid_request"',
    error: 'invalid_request',
  };

  it('in the header and in the query: 400 invalid_request', async () => {
    expectRefusal(await get(`/probe/?access_token=${token}`, `Bearer ${token}`), twice);
  });

  it('two Authorization headers: 400 invalid_request', async () => {
    const answer = await sendRaw(
      probe.baseUrl,
      `GET /probe/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain(`WWW-Authenticate: ${challenge(', error="invalid_request"')}`);
  });
});

describe('a missing scope', () => {
  const lacks = (scope: string): string =>
    challenge(`, error="insufficient_scope", scope="${scope}"`);

  it.each([
    ['the handler’s own rule', '/probe/', 'POST', 'write'],
    ['one of two', '/probe/both', 'GET', 'read write'],
    ['each of two alternatives', '/probe/either', 'GET', 'write admin'],
  ])('%s: 403 insufficient_scope', async (_what, path, method, scope) => {
    const answer = await send(url(path), { method, headers: { Authorization: `Bearer ${token}` } });
    expect(answer.status).toBe(403);
    expect(answer.headers.get('www-authenticate')).toBe(lacks(scope));
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body).toMatchObject({
      type: `${probe.baseUrl}/errors/insufficient_scope`,
      error: 'insufficient_scope',
    });
  });

  it('is no more once the token has it', async () => {
    const wide = await getToken(probe.baseUrl, client, 'read write');
    expect((await get('/probe/both', `Bearer ${wide}`)).status).toBe(200);
    expect((await get('/probe/either', `Bearer ${wide}`)).status).toBe(200);
  });

  it('is what a token has whose client lost the scope', async () => {
    const narrowed = await aClient(database);
    const theirs = await getToken(probe.baseUrl, narrowed, 'read write');
    await database.query(`UPDATE oauth_client SET scopes = '{write}' WHERE client_id = $1`, [
      narrowed.clientId,
    ]);
    expect((await get('/probe/', `Bearer ${theirs}`)).status).toBe(403);
  });
});

describe('the other rules', () => {
  it('@Authenticated() lets every live token in, and nobody else', async () => {
    expect((await get('/probe/any-token', `Bearer ${token}`)).status).toBe(200);
    expect((await get('/probe/any-token')).status).toBe(401);
  });

  it('@Public() lets everyone in, also with a token of no use', async () => {
    expect((await get('/probe/open')).status).toBe(200);
    expect((await get('/probe/open', 'Bearer nonsense')).status).toBe(200);
  });
});

describe('a body', () => {
  const post = (body: BodyInit, type: string, authorization = ''): Promise<Answer> =>
    send(url('/probe/'), {
      method: 'POST',
      headers: { 'Content-Type': type, Authorization: authorization },
      body,
    });

  it.each([
    ['that does not parse', '{', 'application/json'],
    ['of another type', 'a=b', 'text/plain'],
    ['that is too large', 'x'.repeat(70_000), 'application/json'],
    ['that is not valid', '{}', 'application/json'],
  ])('%s is not looked at before access is decided', async (_what, body, type) => {
    expect((await post(body, type)).status).toBe(401);
    expect((await post(body, type, `Bearer ${token}`)).status).toBe(403);
  });

  it.each<[string, string, string, number, string]>([
    ['that does not parse', '{', 'application/json', 400, 'malformed_json'],
    ['of another type', 'a=b', 'text/plain', 415, 'unsupported_media_type'],
    ['that is too large', 'x'.repeat(70_000), 'application/json', 413, 'payload_too_large'],
    ['that is not valid', '{}', 'application/json', 422, 'validation_failed'],
    ['that is missing', '', 'application/json', 422, 'validation_failed'],
    ['with an unknown field', '{"note":"a","x":1}', 'application/json', 422, 'validation_failed'],
    ['with __proto__', '{"note":"a","__proto__":{}}', 'application/json', 422, 'validation_failed'],
    [
      'with constructor',
      '{"note":"a","constructor":1}',
      'application/json',
      422,
      'validation_failed',
    ],
    ['that is a list', '[]', 'application/json', 422, 'validation_failed'],
    ['that is a number', '7', 'application/json', 422, 'validation_failed'],
    ['that is null', 'null', 'application/json', 422, 'validation_failed'],
    [
      '30,000 levels deep',
      '['.repeat(30_000) + ']'.repeat(30_000),
      'application/json',
      400,
      'malformed_json',
    ],
  ])('%s gets its own error then', async (_what, body, type, status, page) => {
    const wide = await getToken(probe.baseUrl, client, 'write');
    const answer = await post(body, type, `Bearer ${wide}`);
    expect({ status: answer.status, type: answer.body.type }).toEqual({
      status,
      type: `${probe.baseUrl}/errors/${page}`,
    });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  it('that is good is read', async () => {
    const wide = await getToken(probe.baseUrl, client, 'write');
    const answer = await post('{"note":"a"}', 'application/json; charset=utf-8', `Bearer ${wide}`);
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 201,
      body: { note: 'a' },
    });
  });
});

describe('what is not there', () => {
  it.each([
    ['an unknown path', '/nothing/here', 404, 'not_found'],
    ['a route’s path with a broken escape', '/errors/%zz', 400, 'invalid_request'],
    ['a path of no route, with a broken escape', '/%zz', 404, 'not_found'],
    ['a doubled slash', '//o/token/', 404, 'not_found'],
  ])('%s is a problem document', async (_what, path, status, page) => {
    const answer = await get(path);
    expect({ status: answer.status, type: answer.body.type }).toEqual({
      status,
      type: `${probe.baseUrl}/errors/${page}`,
    });
    expect(answer.headers.get('x-request-id')).toBe(answer.body.request_id);
  });

  it('a known path with another method is 405 with Allow', async () => {
    const answer = await send(url('/probe/'), { method: 'DELETE' });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')?.split(', ').toSorted()).toEqual(['GET', 'HEAD', 'POST']);
  });
});

describe('a handler that throws', () => {
  it('is 500 without a word of why, and the next request is answered', async () => {
    const answer = await get('/probe/broken');
    expect({ status: answer.status, type: answer.body.type }).toEqual({
      status: 500,
      type: `${probe.baseUrl}/errors/internal_error`,
    });
    expect(answer.text).not.toMatch(/inside|Error:|\bat .*:\d/);
    expect((await get('/probe/open')).status).toBe(200);
  });
});

describe('a store that can not be reached', () => {
  it('is 503 with Retry-After for every caller, never a verdict; and it recovers by itself', async () => {
    const lost = await createDatabase();
    const alone = await startProbeApp(lost, { DB_TIMEOUT_MS: '500' });
    const theirs = await getToken(alone.baseUrl, await aClient(lost));
    const name = new URL(lost.url).pathname.slice(1);
    try {
      await onServer(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
      await onServer(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`,
      );
      for (const authorization of [`Bearer ${theirs}`, `Bearer ${'x'.repeat(30)}`]) {
        const answer = await send(`${alone.baseUrl}/probe/`, {
          headers: { Authorization: authorization },
        });
        expect(answer.status).toBe(503);
        expect(answer.headers.get('retry-after')).toBe('1');
        expect(answer.headers.get('www-authenticate')).toBeNull();
        expect(answer.body.type).toBe(`${alone.baseUrl}/errors/temporarily_unavailable`);
      }
      const token503 = await send(`${alone.baseUrl}/o/token/`, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/x-www-form-urlencoded',
          Authorization: `Basic ${btoa('a:b')}`,
        },
        body: 'grant_type=client_credentials',
      });
      expect({ status: token503.status, error: token503.body.error }).toEqual({
        status: 503,
        error: 'temporarily_unavailable',
      });
      expect(token503.headers.get('cache-control')).toBe('no-store');
      expect((await send(`${alone.baseUrl}/health/ready`)).status).toBe(503);
      expect((await send(`${alone.baseUrl}/health/live`)).status).toBe(200);
    } finally {
      await onServer(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    }
    const back = await send(`${alone.baseUrl}/probe/`, {
      headers: { Authorization: `Bearer ${theirs}` },
    });
    expect(back.status).toBe(200);
    await alone.close();
    await lost.drop();
  });
});
