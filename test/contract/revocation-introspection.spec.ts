/**
 * Revocation (RFC 7009) and introspection (RFC 7662), row by row of the contract: over HTTP, against
 * a process of the built server on a real PostgreSQL, and a second node for the protected route.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { administrator, credentialsIn, type Administrator } from '../support/administrator.js';
import { aClient, type StoredClient } from '../support/builders.js';
import { basic, getToken, postForm, send, type Answer } from '../support/http.js';
import { startNodes, type Nodes } from '../clients/nodes.js';

let nodes: Nodes;
let client: StoredClient;
let other: StoredClient;
let api: StoredClient;
let admin: Administrator;

beforeAll(async () => {
  nodes = await startNodes();
  const { database } = nodes.server;
  client = await aClient(database);
  other = await aClient(database);
  api = await aClient(database, { scopes: ['introspection'], grantTypes: [] });
  admin = await administrator(nodes.server.baseUrl, nodes.server.admin);
});

afterAll(() => nodes.stop());

const baseUrl = (): string => nodes.server.baseUrl;

function ask(route: string, form: string, headers: Record<string, string> = {}): Promise<Answer> {
  return postForm(`${baseUrl()}/o/${route}/`, form, headers);
}

function revoke(token: string, who: StoredClient = client, more = ''): Promise<Answer> {
  return ask('revoke_token', `token=${token}${more}`, { Authorization: basic(who) });
}

function introspect(token: string, who: StoredClient = api): Promise<Answer> {
  return ask('introspect', `token=${token}`, { Authorization: basic(who) });
}

function isGood(token: string, url = nodes.guardedUrl): Promise<boolean> {
  return send(url, { headers: { Authorization: `Bearer ${token}` } }).then(
    ({ status }) => status === 200,
  );
}

function expectOAuthError(answer: Answer, status: number, error: string): void {
  expect({ status: answer.status, error: answer.body.error }).toEqual({ status, error });
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  expect(Object.keys(answer.body).toSorted()).toEqual(['error', 'error_description', 'error_uri']);
}

describe.each(['revoke_token', 'introspect'])('the form of %s', (route) => {
  const authorized = (form: string, headers: Record<string, string> = {}): Promise<Answer> =>
    ask(route, form, { Authorization: basic(client), ...headers });

  it.each<[string, () => Promise<Answer>]>([
    ['no token', () => authorized('token_type_hint=access_token')],
    ['an empty token', () => authorized('token=')],
    ['the token twice', () => authorized('token=a&token=b')],
    ['an empty body', () => authorized('')],
    ['JSON', () => authorized('{"token":"a"}', { 'Content-Type': 'application/json' })],
    ['broken percent-encoding', () => authorized('token=%zz')],
    ['a control character', () => authorized('token=a%00')],
    ['a secret in both places', () => authorized('token=a&client_secret=b')],
    [
      'credentials in the query',
      () =>
        postForm(`${baseUrl()}/o/${route}/?client_id=a&client_secret=b`, 'token=a', {
          Authorization: basic(client),
        }),
    ],
  ])('with %s is malformed', async (_what, attempt) => {
    expectOAuthError(await attempt(), 400, 'invalid_request');
  });

  it('is 413 past 16 KiB', async () => {
    expectOAuthError(await authorized(`token=${'a'.repeat(16 * 1024)}`), 413, 'invalid_request');
  });

  it('is 405 by another method', async () => {
    const answer = await send(`${baseUrl()}/o/${route}/`);
    expectOAuthError(answer, 405, 'invalid_request');
    expect(answer.headers.get('allow')).toBe('POST');
  });

  it.each<[string, () => Promise<Answer>]>([
    ['without credentials', () => ask(route, 'token=a')],
    [
      'with a wrong secret',
      () => ask(route, 'token=a', { Authorization: basic({ ...client, clientSecret: 'wrong' }) }),
    ],
    [
      'of an unknown client',
      () => ask(route, 'token=a', { Authorization: basic({ ...client, clientId: 'nobody' }) }),
    ],
  ])('%s is 401, with the challenge of Basic', async (_what, attempt) => {
    const answer = await attempt();
    expectOAuthError(answer, 401, 'invalid_client');
    expect(answer.headers.get('www-authenticate')).toBe('Basic realm="oauth"');
  });

  it('of a client that is switched off is 401', async () => {
    const off = await aClient(nodes.server.database, { enabled: false });
    expectOAuthError(
      await ask(route, 'token=a', { Authorization: basic(off) }),
      401,
      'invalid_client',
    );
  });

  it('shares the count of wrong secrets with the other routes', async () => {
    const victim = await aClient(nodes.server.database);
    const guess = (to: string, secret: string): Promise<Answer> =>
      ask(to, 'grant_type=client_credentials&token=a', {
        Authorization: basic({ ...victim, clientSecret: secret }),
      });
    const routes = ['token', 'revoke_token', 'introspect'];
    for (let count = 0; count < 10; count += 1) {
      expect((await guess(routes[count % 3] ?? '', `wrong${count}`)).status).toBe(401);
    }
    const answer = await guess(route, 'one more');
    expectOAuthError(answer, 429, 'temporarily_unavailable');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await ask(route, 'token=a', { Authorization: basic(victim) })).status).toBe(200);
  });
});

describe('a revocation', () => {
  it('is answered {} and holds at once on this node, and elsewhere within a second', async () => {
    const token = await getToken(baseUrl(), client);
    expect([await isGood(token), await isGood(token, `${baseUrl()}/scopes/`)]).toEqual([
      true,
      true,
    ]);
    const answer = await revoke(token);
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: '{}' });
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await isGood(token, `${baseUrl()}/scopes/`)).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(await isGood(token)).toBe(false);
  });

  it.each<[string, () => Promise<string> | string]>([
    ['unknown', () => 'A'.repeat(30)],
    ['malformed', () => 'what%20is%20this%3F'],
    ['not ASCII', () => '%C3%A9'],
    ['very long', () => 'a'.repeat(10_000)],
    [
      'revoked already',
      async () => {
        const token = await getToken(baseUrl(), client);
        await revoke(token);
        return token;
      },
    ],
    [
      'expired',
      async () => {
        const token = await getToken(baseUrl(), client);
        await nodes.server.database.query(
          `UPDATE oauth_access_token SET expires_at = now() - interval '1 second'
           WHERE issued_at = (SELECT max(issued_at) FROM oauth_access_token)`,
        );
        return token;
      },
    ],
  ])('of a token that is %s is answered alike', async (_what, made) => {
    const answer = await revoke(await made());
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: '{}' });
  });

  it.each(['access_token', 'refresh_token', 'no_such_type'])(
    'takes the hint %s for nothing',
    async (hint) => {
      const token = await getToken(baseUrl(), client);
      expect((await revoke(token, client, `&token_type_hint=${hint}`)).status).toBe(200);
      expect(await isGood(token, `${baseUrl()}/scopes/`)).toBe(false);
    },
  );

  it('of another client’s token is refused, and the token stays good', async () => {
    const token = await getToken(baseUrl(), client);
    expectOAuthError(await revoke(token, other), 400, 'unauthorized_client');
    expect(await isGood(token)).toBe(true);
    await revoke(token);
    // Once it is of no use, nobody is told whose it was.
    expect((await revoke(token, other)).status).toBe(200);
  });

  it('is recorded, without the token', async () => {
    const token = await getToken(baseUrl(), client);
    const answer = await revoke(token);
    const requestId = answer.headers.get('x-request-id');
    const { body, text } = await admin.call('GET', `/audit-events/?request_id=${requestId}`);
    expect(body.items).toEqual([
      expect.objectContaining({
        action: 'tokens.revoked',
        actor: client.clientId,
        client_id: client.clientId,
        outcome: 'success',
      }),
    ]);
    expect(text).not.toContain(token);
  });

  it('is not answered 200 where it could not be stored, and the token stays good', async () => {
    const { database } = nodes.server;
    const token = await getToken(baseUrl(), client);
    await database.query('ALTER TABLE invalidation RENAME TO hidden');
    try {
      // A defect, not an outage: never 200.
      expect((await revoke(token)).status).toBeGreaterThanOrEqual(500);
    } finally {
      await database.query('ALTER TABLE hidden RENAME TO invalidation');
    }
    expect(await isGood(token)).toBe(true);
  });
});

describe('a secret that was stopped on another node', () => {
  const rotate = (clientId: string, body: object): Promise<Answer> =>
    admin.call('POST', `/clients/${clientId}/secrets`, body);

  it('can not make itself a successor, though this node still knows it', async () => {
    const made = await admin.call('POST', '/clients/', {
      client_name: 'Leaky',
      scope: 'read',
      self_rotation: true,
    });
    const leaked = credentialsIn(made);
    await getToken(nodes.probe.baseUrl, leaked);
    expect((await rotate(leaked.clientId, { expires_previous_in: 0 })).status).toBe(201);
    const answer = await postForm(
      `${nodes.probe.baseUrl}/o/client/secrets`,
      'expires_previous_in=0',
      { Authorization: basic(leaked) },
    );
    expectOAuthError(answer, 401, 'invalid_client');
  });

  it('is forgotten with all tokens of its client where a hundred were killed before it', async () => {
    const { database } = nodes.server;
    const often = await aClient(database);
    const token = await getToken(baseUrl(), often);
    await database.query(
      `UPDATE oauth_client SET dead_secrets = ARRAY(SELECT -generate_series(1, 100))
       WHERE client_id = $1`,
      [often.clientId],
    );
    expect(await isGood(token, `${baseUrl()}/scopes/`)).toBe(true);
    await rotate(often.clientId, { expires_previous_in: 0, revoke_tokens: true });
    expect(await isGood(token, `${baseUrl()}/scopes/`)).toBe(false);
    const [row] = await database.query(
      `SELECT token_epoch, cardinality(dead_secrets) FROM oauth_client WHERE client_id = $1`,
      [often.clientId],
    );
    expect(row).toEqual({ token_epoch: 1, cardinality: 1 });
  });
});

describe('an introspection', () => {
  it('tells all of an active token to an API with the scope introspection', async () => {
    const token = await getToken(baseUrl(), client, 'read');
    const answer = await introspect(token);
    const issuer = baseUrl();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const now = Date.now() / 1000;
    expect(answer.body).toEqual({
      active: true,
      scope: 'read',
      client_id: client.clientId,
      token_type: 'Bearer',
      exp: expect.any(Number),
      iat: expect.any(Number),
      sub: client.clientId,
      iss: issuer,
      aud: issuer,
      jti: expect.stringMatching(/^[A-Za-z0-9_-]{27}$/),
    });
    expect(Math.abs(Number(answer.body.iat) - now)).toBeLessThan(30);
    expect(Number(answer.body.exp) - Number(answer.body.iat)).toBe(36_000);
    expect(answer.text).not.toContain(token);
  });

  it('lists the audiences of a token for several', async () => {
    const resources = ['https://a.example/', 'https://b.example/'];
    const both = await aClient(nodes.server.database, { resources });
    const token = await getToken(baseUrl(), both);
    expect((await introspect(token)).body.aud).toEqual(resources);
  });

  it('tells a client of its own token, and of another’s nothing', async () => {
    const token = await getToken(baseUrl(), client);
    expect((await introspect(token, client)).body.active).toBe(true);
    expect((await introspect(token, other)).text).toBe('{"active":false}');
  });

  it('tells at once what a client may know since it was given the scope', async () => {
    const late = await aClient(nodes.server.database, { scopes: ['read'] });
    const token = await getToken(baseUrl(), client);
    expect((await introspect(token, late)).body.active).toBe(false);
    await nodes.server.database.query(
      `UPDATE oauth_client SET scopes = '{introspection}' WHERE client_id = $1`,
      [late.clientId],
    );
    expect((await introspect(token, late)).body.active).toBe(true);
  });

  it('leaves out a scope that the client has lost', async () => {
    const loser = await aClient(nodes.server.database);
    const token = await getToken(baseUrl(), loser, 'read write');
    await admin.call('PATCH', `/clients/${loser.clientId}`, { scope: 'read' });
    expect((await introspect(token)).body.scope).toBe('read');
  });

  it.each<[string, () => Promise<string> | string]>([
    ['unknown', () => 'A'.repeat(30)],
    ['malformed', () => 'what%3F'],
    ['very long', () => 'a'.repeat(10_000)],
    [
      'revoked',
      async () => {
        const token = await getToken(baseUrl(), client);
        await revoke(token);
        return token;
      },
    ],
    [
      'of a client that was switched off',
      async () => {
        const off = await aClient(nodes.server.database);
        const token = await getToken(baseUrl(), off);
        await admin.call('PATCH', `/clients/${off.clientId}`, { enabled: false });
        return token;
      },
    ],
    [
      'of a client that was deleted',
      async () => {
        const gone = await aClient(nodes.server.database);
        const token = await getToken(baseUrl(), gone);
        await admin.call('DELETE', `/clients/${gone.clientId}`);
        return token;
      },
    ],
  ])('of a token that is %s says exactly that it is not active', async (_what, made) => {
    const answer = await introspect(await made());
    expect({ status: answer.status, text: answer.text }).toEqual({
      status: 200,
      text: '{"active":false}',
    });
  });
});

describe('an introspection by a bearer token', () => {
  const byBearer = (token: string, bearer: string, more = ''): Promise<Answer> =>
    ask('introspect', `token=${token}${more}`, { Authorization: `Bearer ${bearer}` });
  let bearer: string;

  beforeAll(async () => {
    const caller = await aClient(nodes.server.database, { scopes: ['introspection', 'read'] });
    bearer = await getToken(baseUrl(), caller, 'introspection');
  });

  it('with the scope introspection tells of any token', async () => {
    const token = await getToken(baseUrl(), client);
    expect((await byBearer(token, bearer)).body).toMatchObject({
      active: true,
      client_id: client.clientId,
    });
  });

  it.each<[string, number, string, () => Promise<string> | string]>([
    ['that is unknown', 401, 'invalid_token', () => 'A'.repeat(30)],
    ['that is empty', 401, 'invalid_token', () => ''],
    ['without the scope', 403, 'insufficient_scope', () => getToken(baseUrl(), client)],
  ])('%s is refused as on a protected route, in OAuth JSON', async (_what, status, error, made) => {
    const answer = await byBearer('A'.repeat(30), await made());
    expectOAuthError(answer, status, error);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="api", error="/);
  });

  it('counts for nothing beside client credentials', async () => {
    const token = await getToken(baseUrl(), client);
    const credentials = `&client_id=${other.clientId}&client_secret=${other.clientSecret}`;
    expect((await byBearer(token, bearer, credentials)).body).toEqual({ active: false });
  });
});
