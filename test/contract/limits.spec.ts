/** What holds whatever a caller or the database does: limits, and answers in time. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDatabase, lockTable, onServer } from '../support/database.js';
import { basic, getToken, postForm, send, sendRaw } from '../support/http.js';
import { startProcess, startServer, type TestServer } from '../support/server.js';

const GRANT = 'grant_type=client_credentials';

let server: TestServer;

beforeAll(async () => {
  server = await startServer({ DB_POOL_SIZE: '4' });
});

afterAll(() => server.stop());

describe('a target in absolute form', () => {
  const raw = (method: string): Promise<string> =>
    sendRaw(
      server.baseUrl,
      `${method} ${server.baseUrl}/o/token/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${GRANT.length}\r\n\r\n${GRANT}`,
    );

  it('gets the errors of the token route as well', async () => {
    const answer = await raw('POST');
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(answer).toContain('WWW-Authenticate: Basic realm="oauth"');
    expect(answer).toContain('Cache-Control: no-store');
    expect(answer).toContain('"error":"invalid_client"');
  });

  it('gets 405 with another method', async () => {
    const answer = await raw('PUT');
    expect(answer).toMatch(/^HTTP\/1\.1 405 /);
    expect(answer).toContain('Allow: POST');
  });
});

describe('what is not HTTP', () => {
  it.each([
    ['an unknown method', 'FOO / HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['a head of 20 KB', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    [
      'two lengths of one body',
      'POST /o/token/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
  ])('%s is a problem document with a request id', async (_what, request, status) => {
    const answer = await sendRaw(server.baseUrl, request);
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    const [, id] = /^X-Request-Id: (.+)$/m.exec(head) ?? [];
    expect(JSON.parse(body)).toMatchObject({ status, request_id: id?.trim() });
    expect(head).toContain('Content-Type: application/problem+json');
    expect(head).toContain('X-Content-Type-Options: nosniff');
  });

  it.each([
    ['no Host', 'GET /clients/ HTTP/1.1\r\n', 'application/problem+json'],
    ['no Host at an OAuth route', 'POST /o/token/ HTTP/1.1\r\n', 'application/json'],
    ['two', 'GET /clients/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n', 'application/problem+json'],
    [
      'a target that is no URL',
      'GET http://[::1/x HTTP/1.1\r\nHost: x\r\n',
      'application/problem+json',
    ],
  ])('%s is 400 in the form of its route', async (_what, lines, type) => {
    const answer = await sendRaw(server.baseUrl, `${lines}Connection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toMatch(/^X-Request-Id: \S+\r$/m);
    expect(answer).toContain(`Content-Type: ${type}`);
    expect(answer).toContain('Cache-Control: no-store');
    expect(answer).not.toContain('undefined');
  });

  it.each([
    ['no Host in HTTP/1.0', 'GET /health/live HTTP/1.0\r\n'],
    ['an expectation that nobody knows', 'GET /health/live HTTP/1.1\r\nHost: x\r\nExpect: x\r\n'],
  ])('%s is served', async (_what, lines) => {
    const answer = await sendRaw(server.baseUrl, `${lines}Connection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('a form without a body is told so at once', async () => {
    const head = `POST /o/token/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded`;
    const began = performance.now();
    const answer = await sendRaw(server.baseUrl, `${head}\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('The body is empty.');
    expect(performance.now() - began).toBeLessThan(4000);
  });

  it('a second Authorization behind two thousand headers is seen', async () => {
    const many = 'a:\r\n'.repeat(1990);
    const answer = await sendRaw(
      server.baseUrl,
      `POST /o/token/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: ${basic(server.admin)}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${GRANT.length}\r\n${many}Authorization: ${basic(server.admin)}\r\n\r\n${GRANT}`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('two Authorization headers');
  });
});

describe('a target', () => {
  const answerTo = (length: number, path: string): Promise<string> =>
    sendRaw(
      server.baseUrl,
      `POST ${path.padEnd(length, 'x')} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    );

  it.each([
    ['/o/token/?a=', 'application/json', '"error":"invalid_request"'],
    ['/clients/?a=', 'application/problem+json', '"status":414'],
  ])('of 8,001 bytes at %s is 414 in the form of its route', async (path, type, told) => {
    const answer = await answerTo(8001, path);
    expect(answer).toMatch(/^HTTP\/1\.1 414 /);
    expect(answer).toContain(`Content-Type: ${type}`);
    expect(answer).toContain('Cache-Control: no-store');
    expect(answer).toContain(told);
  });

  it('of 8,000 bytes is taken', async () => {
    expect(await answerTo(8000, '/clients/?a=')).toMatch(/^HTTP\/1\.1 401 /);
  });
});

describe('a form', () => {
  it('of more than a thousand parameters is refused', async () => {
    const form = Array.from({ length: 1001 }, (_, index) => `p${index}=1`).join('&');
    const answer = await postForm(`${server.baseUrl}/o/token/`, form);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      error: 'invalid_request',
      error_description: expect.stringContaining('more than 1000 parameters') as unknown,
    });
  });
});

describe('while the token table is locked', () => {
  it('every token request is answered within five seconds, and none falsely; then all is well', async () => {
    const release = await lockTable(server.database.url, 'oauth_access_token');
    const attempts = Array.from({ length: 200 }, async () => {
      const began = performance.now();
      const { status, headers } = await postForm(`${server.baseUrl}/o/token/`, GRANT, {
        Authorization: basic(server.admin),
      });
      return { status, retry: headers.get('retry-after'), ms: performance.now() - began };
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    // The pool is full by now; that is not the database's fault, and requests should still come.
    expect((await send(`${server.baseUrl}/health/ready`)).status).toBe(200);
    const answers = await Promise.all(attempts);
    await release();
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
    expect(new Set(answers.map(({ retry }) => retry))).toEqual(new Set(['1']));
    expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(5000);
    expect(await getToken(server.baseUrl, server.admin)).toMatch(/^\w{30}$/);
  });

  it('metadata that can not be read is never called cacheable', async () => {
    const release = await lockTable(server.database.url, 'oauth_scope');
    const answer = await send(`${server.baseUrl}/.well-known/oauth-authorization-server`);
    await release();
    expect({ status: answer.status, cache: answer.headers.get('cache-control') }).toEqual({
      status: 503,
      cache: 'no-store',
    });
  });
});

describe('readiness', () => {
  it('is refused where a migration is missing', async () => {
    await server.database.query('ALTER TABLE schema_migration RENAME TO hidden');
    expect((await send(`${server.baseUrl}/health/ready`)).status).toBe(503);
    await server.database.query('ALTER TABLE hidden RENAME TO schema_migration');
    expect((await send(`${server.baseUrl}/health/ready`)).status).toBe(200);
  });
});

describe('a serving role that owns nothing', () => {
  it('issues and checks tokens with the grants of the documentation', async () => {
    const database = await createDatabase('empty');
    const name = new URL(database.url).pathname.slice(1);
    const role = `serve_${name}`;
    await onServer(`CREATE ROLE ${role} LOGIN`);
    for (const statement of [
      `GRANT USAGE ON SCHEMA public TO ${role}`,
      `ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${role}`,
      `ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO ${role}`,
    ]) {
      await database.query(statement);
    }
    const serving = new URL(database.url);
    serving.username = role;
    const admin = { clientId: 'the-admin', clientSecret: 'a-secret-of-thirty-two-characters' };
    const alone = await startProcess({
      DATABASE_URL: serving.href,
      MIGRATION_DATABASE_URL: database.url,
      ADMIN_CLIENT_ID: admin.clientId,
      ADMIN_CLIENT_SECRET: admin.clientSecret,
      SHUTDOWN_DRAIN_MS: '0',
    });
    const token = await getToken(alone.baseUrl, admin, 'admin');
    const answer = await send(`${alone.baseUrl}/audit-events/`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    expect(answer.status).toBe(200);
    const [owned] = await database.query<{ count: string }>(
      `SELECT count(*) FROM pg_class WHERE relowner = '${role}'::regrole`,
    );
    expect(owned?.count).toBe('0');
    await alone.stop();
    await database.drop();
    await onServer(`DROP ROLE ${role}`);
  });
});
