/** Who was let in and who was not, in the log. Real: the built server and PostgreSQL. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { basic, getToken, postForm, send } from '../support/http.js';
import { startServer, type TestServer } from '../support/server.js';

let server: TestServer;

afterEach(() => server.stop());

/** What a line of the log says. */
function line(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}

describe('at the level debug', () => {
  it('each client that authenticates is a line: who, when, from where, how and for what', async () => {
    server = await startServer({ LOG_LEVEL: 'debug' });
    for (const route of ['token', 'revoke_token', 'introspect']) {
      const answer = await postForm(
        `${server.baseUrl}/o/${route}/`,
        { grant_type: 'client_credentials', token: 'x' },
        { Authorization: basic(server.admin) },
      );
      const told = line(await server.logLine(String(answer.headers.get('x-request-id'))));
      expect(told).toMatchObject({
        level: 'debug',
        context: 'Authentication',
        msg: 'authenticated',
        client_id: server.admin.clientId,
        address: '127.0.0.1',
        method: 'POST',
        path: `/o/${route}/`,
        auth_method: 'client_secret_basic',
        secret_hint: server.admin.clientSecret.slice(-4),
      });
      expect(Date.parse(String(told.time))).toBeGreaterThan(Date.now() - 60_000);
    }
    expect(server.output()).not.toContain(server.admin.clientSecret);
  });
});

describe('at the level info', () => {
  it('each refusal of a protected route is a line with its reason, and no success is', async () => {
    server = await startServer();
    const token = await getToken(server.baseUrl, server.admin, 'read');
    const call = (bearer: string) =>
      send(`${server.baseUrl}/clients/`, { headers: { Authorization: `Bearer ${bearer}` } });
    for (const [bearer, status, error] of [
      ['of-nobody', 401, 'invalid_token'],
      [token, 403, 'insufficient_scope'],
    ] as const) {
      const { headers } = await call(bearer);
      const told = line(await server.logLine(String(headers.get('x-request-id'))));
      const request = { method: 'GET', path: '/clients/', address: '127.0.0.1' };
      expect(told).toMatchObject({ level: 'info', msg: 'refused', ...request, status, error });
      expect(told.reason).toEqual(expect.any(String));
    }
    expect(server.output()).not.toContain('authenticated');
    expect(server.output()).not.toContain(token);
  });
});
