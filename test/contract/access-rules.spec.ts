/**
 * `GET /access-rules/`: what an auditor is shown is what the guard does. Real: the built server,
 * its guard, PostgreSQL.
 */
import { aClient } from '../support/builders.js';
import { getToken, send, type Answer } from '../support/http.js';
import { startServer, type TestServer } from '../support/server.js';

interface Rule {
  readonly method: string;
  readonly path: string;
  readonly rule: string;
  readonly scopes: string[];
  readonly handler: string;
}

let server: TestServer;
let token: string;
let rules: Rule[];

beforeAll(async () => {
  server = await startServer();
  token = await getToken(server.baseUrl, server.admin, 'admin');
  rules = (await ask('/access-rules/', token)).body.items as Rule[];
});

afterAll(() => server.stop());

function ask(path: string, bearer?: string, method = 'GET'): Promise<Answer> {
  const headers: Record<string, string> =
    bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` };
  return send(`${server.baseUrl}${path}`, { method, headers });
}

const nameOf = ({ method, path }: Rule): string => `${method} ${path}`;
const ruleOf = (name: string): Rule | undefined => rules.find((rule) => nameOf(rule) === name);

describe('GET /access-rules/', () => {
  it('is for administrators: 401 without a token, 403 without the scope', async () => {
    expect((await ask('/access-rules/')).status).toBe(401);
    const other = await getToken(server.baseUrl, await aClient(server.database));
    expect((await ask('/access-rules/', other)).status).toBe(403);
  });

  it('answers with and without the trailing slash', async () => {
    const { status, body } = await ask('/access-rules', token);
    expect({ status, body }).toEqual({ status: 200, body: { items: rules } });
  });

  it.each<Rule>([
    {
      method: 'GET',
      path: '/access-rules/',
      rule: 'scopes',
      scopes: ['admin'],
      handler: 'AccessRulesController.list',
    },
    {
      method: 'GET',
      path: '/scopes/',
      rule: 'authenticated',
      scopes: [],
      handler: 'ScopesController.list',
    },
    {
      method: 'DELETE',
      path: '/scopes/{name}/',
      rule: 'scopes',
      scopes: ['admin'],
      handler: 'ScopesController.delete',
    },
    {
      method: 'POST',
      path: '/o/token/',
      rule: 'client',
      scopes: [],
      handler: 'TokenController.issue',
    },
    {
      method: 'GET',
      path: '/health/ready/',
      rule: 'public',
      scopes: [],
      handler: 'HealthController.ready',
    },
  ])('shows $method $path', (rule) => {
    expect(ruleOf(nameOf(rule))).toEqual(rule);
  });

  it('has every operation of the OpenAPI document', async () => {
    const { body } = await ask('/docs/openapi.json');
    const operations = Object.entries(body.paths as Record<string, object>).flatMap(
      ([path, item]) => Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const shown = new Set(rules.map((rule) => nameOf(rule).replace(/\/$/, '')));
    expect(operations.filter((name) => !shown.has(name.replace(/\/$/, '')))).toEqual([]);
  });

  it('is sorted, and names each route once', () => {
    const places = rules.map(({ path, method }) => `${path} ${method}`);
    expect(places).toEqual([...new Set(places)].toSorted((a, b) => (a < b ? -1 : 1)));
  });

  it('tells the truth: a call without a token is refused exactly where a rule asks for one', async () => {
    const wrong: string[] = [];
    for (const rule of rules) {
      const answer = await ask(rule.path.replace(/\{\w+\}/g, 'x'), undefined, rule.method);
      const challenge = answer.headers.get('www-authenticate') ?? '';
      const refused = answer.status === 401 && challenge.startsWith('Bearer');
      const guarded = ['scopes', 'any_scope', 'authenticated'].includes(rule.rule);
      if (refused !== guarded) wrong.push(nameOf(rule));
    }
    expect(wrong).toEqual([]);
  });

  it('tells the truth: a token without the scopes is told which', async () => {
    const client = await aClient(server.database, { scopes: ['introspection'] });
    const poor = await getToken(server.baseUrl, client, 'introspection');
    const scoped = rules.filter(({ scopes }) => scopes.length > 0);
    const told: string[] = [];
    for (const rule of scoped) {
      const answer = await ask(rule.path.replace(/\{\w+\}/g, 'x'), poor, rule.method);
      const [, scope] = /scope="([^"]*)"/.exec(answer.headers.get('www-authenticate') ?? '') ?? [];
      told.push(`${nameOf(rule)} ${answer.status} ${scope}`);
    }
    expect(told).toEqual(scoped.map((rule) => `${nameOf(rule)} 403 ${rule.scopes.join(' ')}`));
  });
});
