/**
 * `/scopes/`: the catalogue, administered over HTTP. Real: the built server, PostgreSQL.
 * What modules declare is in `scope-declarations.spec.ts`.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { CLIENTS_LOCK } from '../../src/database/locks.js';
import { aClient } from '../support/builders.js';
import { getToken, send, type Answer } from '../support/http.js';
import { startServer, type TestServer } from '../support/server.js';

let server: TestServer;
let admin: string;
let made = 0;

beforeAll(async () => {
  server = await startServer();
  admin = await getToken(server.baseUrl, server.admin, 'admin');
});

afterAll(() => server.stop());

function call(method: string, path: string, body?: unknown, token = admin): Promise<Answer> {
  return send(`${server.baseUrl}${path}`, {
    method,
    headers: {
      ...(token !== '' && { Authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}

const pathOf = (name: string): string => `/scopes/${encodeURIComponent(name)}`;
const newName = (): string => `test:${(made += 1)}`;

/** Creates a scope that no other test knows. */
async function aScope(name = newName()): Promise<string> {
  const { status } = await call('POST', '/scopes/', { scope: name, description: 'For a test' });
  expect(status).toBe(201);
  return name;
}

async function listed(): Promise<{ scope: string }[]> {
  return (await call('GET', '/scopes/')).body.items as { scope: string }[];
}

function stored(name: string): Promise<object[]> {
  return server.database.query('SELECT description FROM oauth_scope WHERE scope = $1', [name]);
}

/** What the audit trail has on a scope, oldest first. */
function trail(name: string): Promise<Record<string, unknown>[]> {
  return server.database.query(
    `SELECT action, actor, address, request_id, client_id, outcome, reason, changes
     FROM audit_event
     WHERE $1 IN (changes->'scope'->>'from', changes->'scope'->>'to') ORDER BY "time"`,
    [name],
  );
}

/** The problem document of an answer (RFC 9457), once it is sure to be one. */
function problemOf(answer: Answer): Record<string, unknown> {
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.body.status).toBe(answer.status);
  return answer.body;
}

describe('who may call', () => {
  it('reads: any token', async () => {
    const client = await aClient(server.database, { scopes: ['introspection'] });
    const token = await getToken(server.baseUrl, client, 'introspection');
    expect((await call('GET', '/scopes/', undefined, token)).status).toBe(200);
    expect((await call('GET', '/scopes/read', undefined, token)).status).toBe(200);
    expect((await call('GET', '/scopes/', undefined, '')).status).toBe(401);
    expect((await call('GET', '/scopes/read', undefined, '')).status).toBe(401);
  });

  it.each([
    ['POST', '/scopes/'],
    ['PATCH', '/scopes/x'],
    ['DELETE', '/scopes/x'],
  ])(
    '%s %s: a token with the scope admin, which is asked before the body',
    async (method, path) => {
      const client = await aClient(server.database);
      const token = await getToken(server.baseUrl, client);
      const body = method === 'DELETE' ? undefined : '{';
      expect((await call(method, path, body, '')).status).toBe(401);
      const answer = await call(method, path, body, token);
      expect(answer.status).toBe(403);
      expect(answer.headers.get('www-authenticate')).toContain('scope="admin"');
    },
  );
});

describe('GET /scopes/', () => {
  it('lists the built-in scopes first, in the catalogue’s order', async () => {
    const { status, body } = await call('GET', '/scopes');
    expect(status).toBe(200);
    expect((body.items as object[]).slice(0, 4)).toEqual([
      {
        scope: 'read',
        description: 'Read access to resources',
        built_in: true,
        declared_by: null,
      },
      {
        scope: 'write',
        description: 'Write access to resources',
        built_in: true,
        declared_by: null,
      },
      { scope: 'admin', description: 'Administrative access', built_in: true, declared_by: null },
      {
        scope: 'introspection',
        description: 'Introspect the tokens of every client',
        built_in: true,
        declared_by: null,
      },
    ]);
  });

  it('answers 404 for a scope that is not there', async () => {
    expect(problemOf(await call('GET', '/scopes/nothing'))).toMatchObject({ status: 404 });
  });
});

describe('POST /scopes/', () => {
  it('answers 201 with the scope and its place, and clients can be given it', async () => {
    const name = newName();
    const answer = await call('POST', '/scopes/', { scope: name, description: 'فواتير <b>' });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      scope: name,
      description: 'فواتير <b>',
      built_in: false,
      declared_by: null,
    });
    expect(answer.headers.get('location')).toBe(pathOf(name));
    expect((await call('GET', pathOf(name))).body).toEqual(answer.body);
    expect((await listed()).at(-1)).toEqual(answer.body);
    const client = await aClient(server.database, { scopes: ['read', name] });
    expect(await getToken(server.baseUrl, client, name)).toMatch(/^[A-Za-z0-9]{30}$/);
  });

  it.each([
    'https://api.example.com/reports?all=1#now',
    'a/b',
    '/',
    'a%2Fb',
    '100%',
    '..a',
    '*',
    ':name',
    '{name}',
    "!#$%&'()*+,-./09:;<=>?@AZ[]^_`az{|}~",
    '__proto__',
    'constructor',
    "'; DROP TABLE oauth_scope; --".replaceAll(' ', ''),
    'x'.repeat(128),
  ])('takes the name %s, which works percent-encoded in the path', async (name) => {
    const created = await call('POST', '/scopes/', { scope: name, description: 'Odd' });
    expect(created.status).toBe(201);
    const path = created.headers.get('location') ?? '';
    expect((await call('GET', path)).body).toMatchObject({ scope: name, description: 'Odd' });
    const changed = await call('PATCH', path, { description: 'Odder' });
    expect(changed.body).toMatchObject({ scope: name, description: 'Odder' });
    expect((await call('GET', '/docs/openapi.json')).status).toBe(200);
    expect((await call('DELETE', `${path}/`)).status).toBe(204);
    expect((await call('GET', path)).status).toBe(404);
  });

  it('answers 409 where the name is taken, and leaves that scope as it is', async () => {
    const name = await aScope();
    for (const taken of [name, 'read']) {
      const answer = await call('POST', '/scopes/', { scope: taken, description: 'Mine' });
      expect(problemOf(answer)).toMatchObject({ status: 409 });
    }
    expect(await stored(name)).toEqual([{ description: 'For a test' }]);
    expect(await trail(name)).toHaveLength(1);
  });

  it('makes one where many ask at once', async () => {
    const body = { scope: newName(), description: 'Wanted' };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => call('POST', '/scopes/', body)),
    );
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([201, ...Array.from({ length: 19 }, () => 409)]);
    expect(await trail(body.scope)).toHaveLength(1);
  });

  it.each<[string, object, string]>([
    ['no name', { scope: undefined }, '/scope'],
    ['a name with a blank', { scope: 'two words' }, '/scope'],
    ['a name with a NUL', { scope: 'a\0b' }, '/scope'],
    ['a name with half a pair', { scope: 'a\ud83d' }, '/scope'],
    ['a name with a right-to-left mark', { scope: 'a\u200fb' }, '/scope'],
    ['a name of 129 characters', { scope: 'x'.repeat(129) }, '/scope'],
    ['a name that is the path itself', { scope: '.' }, '/scope'],
    ['a name that is the path above', { scope: '..' }, '/scope'],
    ['a name that is a list', { scope: ['a'] }, '/scope'],
    ['a name that is an object', { scope: { toString: 'a' } }, '/scope'],
    ['no description', { description: undefined }, '/description'],
    ['null for a description', { description: null }, '/description'],
    ['a blank description', { description: ' ' }, '/description'],
    ['a long description', { description: 'x'.repeat(201) }, '/description'],
    ['a NUL in the description', { description: 'a\0b' }, '/description'],
    ['half a pair in the description', { description: 'a\ud83d' }, '/description'],
    ['a number for a description', { description: 7 }, '/description'],
    ['a read-only field', { built_in: true }, '/built_in'],
    ['another read-only field', { declared_by: 'Me' }, '/declared_by'],
    ['an unknown field', { 'a/b': 1 }, '/a~1b'],
  ])('refuses %s with a pointer', async (_what, change, pointer) => {
    const before = await listed();
    const body = { scope: newName(), description: 'Fine', ...change };
    const problem = problemOf(await call('POST', '/scopes/', body));
    expect(problem).toMatchObject({ status: 422 });
    expect((problem.errors as { pointer: string }[])[0]?.pointer).toMatch(
      new RegExp(`^${pointer}(/|$)`),
    );
    expect(await listed()).toEqual(before);
  });

  it.each([
    ['{"scope":"a","description":"b","__proto__":{"built_in":true}}', 422],
    ['{}', 422],
    ['null', 422],
    ['[]', 422],
    ['"read"', 422],
    ['7', 422],
    ['{"scope":', 400],
    [`{"scope":"${'x'.repeat(70_000)}"}`, 413],
  ])('answers the body %.60s with %i', async (body, status) => {
    const before = await listed();
    expect(problemOf(await call('POST', '/scopes/', body))).toMatchObject({ status });
    expect(await listed()).toEqual(before);
  });

  it('answers another content type with 415', async () => {
    const answer = await send(`${server.baseUrl}/scopes/`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${admin}`, 'Content-Type': 'text/plain' },
      body: '{}',
    });
    expect(problemOf(answer)).toMatchObject({ status: 415 });
  });
});

describe('PATCH /scopes/{name}', () => {
  it('changes the description', async () => {
    const name = await aScope();
    const answer = await call('PATCH', pathOf(name), { description: 'Better' });
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 200,
      body: { scope: name, description: 'Better', built_in: false, declared_by: null },
    });
    expect((await call('GET', pathOf(name))).body).toEqual(answer.body);
  });

  it('with nothing in it, or with what is there already, changes nothing and leaves no trace', async () => {
    const name = await aScope();
    for (const body of [{}, { description: 'For a test' }]) {
      const answer = await call('PATCH', pathOf(name), body);
      expect(answer.body).toMatchObject({ description: 'For a test' });
    }
    expect(await trail(name)).toHaveLength(1);
  });

  it.each<[string, object, string]>([
    ['the name', { scope: 'other' }, '/scope'],
    ['built_in', { built_in: true }, '/built_in'],
    ['declared_by', { declared_by: null }, '/declared_by'],
    ['null', { description: null }, '/description'],
    ['a NUL', { description: '\0' }, '/description'],
  ])('refuses %s with a pointer', async (_what, change, pointer) => {
    const name = await aScope();
    const problem = problemOf(await call('PATCH', pathOf(name), { description: 'New', ...change }));
    expect(problem).toMatchObject({ status: 422, errors: [{ pointer }] });
    expect(await stored(name)).toEqual([{ description: 'For a test' }]);
  });

  it.each(['null', '[]', '"x"'])('refuses the body %s', async (body) => {
    expect(problemOf(await call('PATCH', pathOf(await aScope()), body))).toMatchObject({
      status: 422,
    });
  });

  it('answers 409 for a built-in scope: its description comes with the code', async () => {
    const answer = await call('PATCH', '/scopes/read', { description: 'Mine' });
    expect(problemOf(answer)).toMatchObject({
      status: 409,
      detail: expect.stringContaining('built in') as string,
    });
    expect(await stored('read')).toEqual([{ description: 'Read access to resources' }]);
  });
});

describe('DELETE /scopes/{name}', () => {
  it('answers 204, then 404', async () => {
    const name = await aScope();
    const answer = await call('DELETE', pathOf(name));
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 204, text: '' });
    expect(problemOf(await call('DELETE', pathOf(name)))).toMatchObject({ status: 404 });
    expect((await listed()).map(({ scope }) => scope)).not.toContain(name);
  });

  it.each(['read', 'write', 'admin', 'introspection'])('answers 409 for %s', async (name) => {
    expect(problemOf(await call('DELETE', pathOf(name)))).toMatchObject({
      status: 409,
      detail: expect.stringContaining('built in') as string,
    });
    expect(await stored(name)).toHaveLength(1);
  });

  it('answers 409 while a client has it, a disabled one too, and 204 when none has', async () => {
    const name = await aScope();
    await aClient(server.database, { scopes: ['read', name] });
    const { clientId } = await aClient(server.database, { scopes: [name], enabled: false });
    const refused = await call('DELETE', pathOf(name));
    expect(problemOf(refused)).toMatchObject({
      status: 409,
      detail: expect.stringContaining('(2)') as string,
    });
    expect(JSON.stringify(refused.body)).not.toContain(clientId);
    await server.database.query(
      'UPDATE oauth_client SET scopes = array_remove(scopes, $1) WHERE $1 = ANY (scopes)',
      [name],
    );
    expect((await call('DELETE', pathOf(name))).status).toBe(204);
  });

  it('waits for a client that is being given it', async () => {
    const name = await aScope();
    const other = new Client({ connectionString: server.database.url });
    await other.connect();
    await other.query('BEGIN');
    await other.query('SELECT pg_advisory_xact_lock($1)', [CLIENTS_LOCK]);
    const answer = call('DELETE', pathOf(name));
    await untilWaiting(other);
    await other.query(
      `INSERT INTO oauth_client (client_id, client_name, scopes, default_scopes)
       VALUES ('late', 'Late', ARRAY[$1], '{}')`,
      [name],
    );
    await other.query('COMMIT');
    await other.end();
    expect(problemOf(await answer)).toMatchObject({ status: 409 });
    expect(await stored(name)).toHaveLength(1);
  });

  it('is done once where many ask at once', async () => {
    const name = await aScope();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => call('DELETE', pathOf(name))),
    );
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([204, ...Array.from({ length: 9 }, () => 404)]);
    expect((await trail(name)).map(({ action }) => action)).toEqual([
      'scope.created',
      'scope.deleted',
    ]);
  });
});

describe('a hostile name in the path', () => {
  it.each([
    ['a NUL', '%00', 404],
    ['a line break', 'read%0A', 404],
    ['a letter beyond ASCII', '%E2%80%8F', 404],
    ['two words', 'two%20words', 404],
    ['SQL', encodeURIComponent("' OR 1=1 --"), 404],
    ['a long one', 'x'.repeat(5000), 404],
    ['what every object inherits', '__proto__', 404],
    ['a broken encoding', '%E0%A4', 400],
    ['half a pair', '%ED%A0%BD', 400],
  ])('%s is no scope', async (_what, name, status) => {
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const body = method === 'PATCH' ? { description: 'New' } : undefined;
      expect(problemOf(await call(method, `/scopes/${name}`, body))).toMatchObject({ status });
    }
  });
});

describe('the audit trail', () => {
  it('tells who did what to which scope, with what changed', async () => {
    const name = newName();
    const created = await call('POST', '/scopes/', { scope: name, description: 'One' });
    const updated = await call('PATCH', pathOf(name), { description: 'Two' });
    const deleted = await call('DELETE', pathOf(name));
    const common = {
      actor: server.admin.clientId,
      address: expect.stringContaining('127.0.0.1') as string,
      client_id: null,
      outcome: 'success',
      reason: null,
    };
    expect(await trail(name)).toEqual([
      {
        ...common,
        action: 'scope.created',
        request_id: created.headers.get('x-request-id'),
        changes: { scope: { from: null, to: name }, description: { from: null, to: 'One' } },
      },
      {
        ...common,
        action: 'scope.updated',
        request_id: updated.headers.get('x-request-id'),
        changes: { scope: { from: name, to: name }, description: { from: 'One', to: 'Two' } },
      },
      {
        ...common,
        action: 'scope.deleted',
        request_id: deleted.headers.get('x-request-id'),
        changes: { scope: { from: name, to: null }, description: { from: 'Two', to: null } },
      },
    ]);
  });

  it('commits with the change: where it can not be written, nothing is changed', async () => {
    const name = await aScope();
    await server.database.query(
      'ALTER TABLE audit_event ADD CONSTRAINT none CHECK (false) NOT VALID',
    );
    try {
      const refused = newName();
      const body = { scope: refused, description: 'New' };
      expect((await call('POST', '/scopes/', body)).status).toBe(500);
      expect((await call('PATCH', pathOf(name), { description: 'New' })).status).toBe(500);
      expect((await call('DELETE', pathOf(name))).status).toBe(500);
      expect(await stored(refused)).toEqual([]);
      expect(await stored(name)).toEqual([{ description: 'For a test' }]);
    } finally {
      await server.database.query('ALTER TABLE audit_event DROP CONSTRAINT none');
    }
  });
});

/** Waits until a transaction of the server waits for an advisory lock. */
async function untilWaiting(connection: Client): Promise<void> {
  const waiting = `SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'advisory'`;
  while ((await connection.query(waiting)).rowCount === 0) await delay(10);
}
