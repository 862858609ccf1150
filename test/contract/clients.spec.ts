/** `/clients/`: made, read, changed, deleted, listed. Real: the built server and PostgreSQL. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { administrator, credentialsIn, type Administrator } from '../support/administrator.js';
import { aClient } from '../support/builders.js';
import { getToken, postForm, basic, send, type Answer } from '../support/http.js';
import { startServer, type TestServer } from '../support/server.js';

const run = promisify(execFile);

let server: TestServer;
let admin: Administrator;

beforeAll(async () => {
  server = await startServer();
  admin = await administrator(server.baseUrl, server.admin);
});

afterAll(() => server.stop());

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const anyTime = expect.stringMatching(TIME);
const billing = { client_name: 'Billing', scope: 'read write' };

async function make(body: object = billing): Promise<Answer> {
  const answer = await admin.call('POST', '/clients/', body);
  if (answer.status !== 201) throw new Error(`not made: ${answer.text}`);
  return answer;
}

function pathOf({ body }: Answer): string {
  return `/clients/${String(body.client_id)}`;
}

/** Everything that a request could have changed. */
async function stateOf(): Promise<unknown[]> {
  return Promise.all(
    ['oauth_client', 'oauth_client_secret', 'audit_event'].map((table) =>
      server.database.query(
        `SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM ${table} AS t`,
      ),
    ),
  );
}

interface EventRow {
  action: string;
  actor: string;
  address: string;
  request_id: string;
  changes: Record<string, { from: unknown; to: unknown }> | null;
}

function eventsOf(clientId: unknown): Promise<EventRow[]> {
  return server.database.query<EventRow>(
    'SELECT action, actor, address, request_id, changes FROM audit_event WHERE client_id = $1 ORDER BY "time"',
    [clientId],
  );
}

describe('who may call', () => {
  it.each([
    ['GET', '/clients/'],
    ['POST', '/clients/'],
    ['GET', '/clients/x'],
    ['PATCH', '/clients/x'],
    ['DELETE', '/clients/x'],
    ['POST', '/clients/x/secrets'],
    ['DELETE', '/clients/x/secrets/y'],
    ['DELETE', '/clients/x/tokens'],
    ['GET', '/clients/x/quickstart'],
  ])('%s %s needs the scope admin', async (method, path) => {
    expect((await send(`${server.baseUrl}${path}`, { method })).status).toBe(401);
    const writer = await administrator(server.baseUrl, server.admin, 'read write');
    expect((await writer.call(method, path)).status).toBe(403);
  });
});

describe('POST /clients/', () => {
  it('answers 201 with the client, its secret this once, its place and its version', async () => {
    const made = await make();
    const { body, headers } = made;
    expect(body).toEqual({
      client_id: expect.stringMatching(/^[A-Za-z0-9]{12}$/),
      client_secret: expect.stringMatching(/^pst_[A-Za-z0-9]{40}$/),
      client_name: 'Billing',
      description: '',
      scope: 'read write',
      default_scope: 'read write',
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: null,
      resources: [],
      access_token_format: 'opaque',
      access_token_ttl: 36_000,
      allowed_ips: [],
      enabled: true,
      contacts: [],
      secrets: [
        {
          secret_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
          hint: `…${String(body.client_secret).slice(-4)}`,
          created_at: anyTime,
          expires_at: null,
          last_used_at: null,
          last_used_address: null,
        },
      ],
      self_rotation: false,
      token_quota: null,
      created_at: anyTime,
      updated_at: anyTime,
      last_used_at: null,
      tokens_this_hour: 0,
      version: 1,
    });
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('location')).toBe(pathOf(made));
    expect(headers.get('etag')).toBe('"1"');
    const { client_secret: _, ...shown } = body;
    expect((await admin.call('GET', pathOf(made))).body).toEqual(shown);
    await expect(getToken(server.baseUrl, credentialsIn(made), 'read')).resolves.toHaveLength(30);
  });

  it('takes every setting', async () => {
    const settings = {
      client_name: 'Zürich 請求書 😀',
      description: 'all of it',
      scope: 'admin read write',
      default_scope: 'read',
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'client_secret_post',
      resources: ['https://api.example.com/', 'urn:example:rates'],
      access_token_format: 'opaque',
      access_token_ttl: 60,
      allowed_ips: ['127.0.0.1', '10.0.0.0/8', '2001:db8::/32'],
      enabled: false,
      contacts: ['team@example.com'],
      self_rotation: true,
      token_quota: 7,
    };
    const made = await make({ ...settings, client_id: 'Chosen.id_1~x-y' });
    expect(made.body).toMatchObject({
      ...settings,
      client_id: 'Chosen.id_1~x-y',
      scope: 'read write admin',
    });
  });

  it.each([
    ['read write admin introspection', 'read write'],
    ['introspection', ''],
    ['  write   read read ', 'read write'],
  ])('%j: the default scope is %j', async (scope, expected) => {
    expect((await make({ client_name: 'x', scope })).body.default_scope).toBe(expected);
  });

  it('null stands for the default of a setting', async () => {
    const made = await make({ ...billing, grant_types: null, enabled: null, default_scope: null });
    expect(made.body).toMatchObject({
      grant_types: ['client_credentials'],
      enabled: true,
      default_scope: 'read write',
    });
  });

  it('refuses an id that is taken, and says what to do when the first answer was lost', async () => {
    await make({ ...billing, client_id: 'taken' });
    const before = await stateOf();
    const again = await admin.call('POST', '/clients/', { ...billing, client_id: 'taken' });
    expect(again.status).toBe(409);
    expect(again.body.detail).toContain('/secrets');
    expect(await stateOf()).toEqual(before);
    expect((await make({ ...billing, client_id: 'Taken' })).status).toBe(201);
  });

  it('records who did it, from where, by which request, and never the secret', async () => {
    const made = await make();
    const [event, ...more] = await eventsOf(made.body.client_id);
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      action: 'client.created',
      actor: 'test-admin',
      address: '127.0.0.1',
      request_id: made.headers.get('x-request-id'),
      changes: { client_name: { from: null, to: 'Billing' } },
    });
    const dump = await Promise.all(
      ['oauth_client', 'oauth_client_secret', 'audit_event'].map((table) =>
        server.database.query<{ row: string }>(`SELECT t::text AS row FROM ${table} t`),
      ),
    );
    const text = JSON.stringify(dump);
    expect(text).toContain(String(made.body.client_id));
    expect(text).not.toContain(String(made.body.client_secret).slice(4, 38));
    expect(server.output()).not.toContain(String(made.body.client_secret).slice(4, 38));
  });
});

/** What is refused in a body, with the pointer to the fault. */
const FAULTS: readonly [string, Record<string, unknown>, string][] = [
  ['a name that is empty', { client_name: '' }, '/client_name'],
  ['a name of blanks', { client_name: '   ' }, '/client_name'],
  ['a name that is a number', { client_name: 7 }, '/client_name'],
  ['a name of 201 characters', { client_name: 'x'.repeat(201) }, '/client_name'],
  [
    'a name of combining marks without end',
    { client_name: 'e\u0301'.repeat(3000) },
    '/client_name',
  ],
  ['a NUL in the name', { client_name: 'a\0b' }, '/client_name'],
  ['a line break in the name', { client_name: 'a\nb' }, '/client_name'],
  ['half a pair in the name', { client_name: 'a\ud800' }, '/client_name'],
  ['a line separator in the name', { client_name: 'a\u2028b' }, '/client_name'],
  ['a long description', { description: 'x'.repeat(1001) }, '/description'],
  ['a NUL in the description', { description: '\0' }, '/description'],
  ['an empty scope', { scope: '' }, '/scope'],
  ['a scope that does not exist', { scope: 'read fly' }, '/scope'],
  ['a comma between scopes', { scope: 'read,write' }, '/scope'],
  ['a scope of the prototype', { scope: 'constructor' }, '/scope'],
  ['a list of scopes', { scope: ['read'] }, '/scope'],
  ['a NUL in the scope', { scope: 'read\0' }, '/scope'],
  ['a default scope beyond the scope', { default_scope: 'admin' }, '/default_scope'],
  ['another grant', { grant_types: ['password'] }, '/grant_types'],
  ['a grant that is a text', { grant_types: 'client_credentials' }, '/grant_types'],
  [
    'a method not built yet',
    { token_endpoint_auth_method: 'private_key_jwt' },
    '/token_endpoint_auth_method',
  ],
  ['a format that is none', { access_token_format: 'JWT' }, '/access_token_format'],
  ['JWTs without a KEY_ENCRYPTION_KEY', { access_token_format: 'jwt' }, '/access_token_format'],
  ['a resource that is no URI', { resources: ['api'] }, '/resources'],
  ['a resource with a fragment', { resources: ['https://api.example.com/#a'] }, '/resources'],
  ['a resource with a blank', { resources: ['https://api.example.com/a b'] }, '/resources'],
  ['21 resources', { resources: Array.from({ length: 21 }, (_, n) => `urn:x:${n}`) }, '/resources'],
  ['59 seconds of life', { access_token_ttl: 59 }, '/access_token_ttl'],
  ['a day and a second of life', { access_token_ttl: 86_401 }, '/access_token_ttl'],
  ['half a second', { access_token_ttl: 60.5 }, '/access_token_ttl'],
  ['seconds in a text', { access_token_ttl: '60' }, '/access_token_ttl'],
  ['an address that is none', { allowed_ips: ['10.0.0.256'] }, '/allowed_ips'],
  ['a range that is none', { allowed_ips: ['10.0.0.0/33'] }, '/allowed_ips'],
  ['an IPv6 range that is none', { allowed_ips: ['2001:db8::/129'] }, '/allowed_ips'],
  ['a range of nothing', { allowed_ips: ['10.0.0.0/'] }, '/allowed_ips'],
  ['a malformed IPv6 address', { allowed_ips: ['[::1'] }, '/allowed_ips'],
  ['null among addresses', { allowed_ips: [null] }, '/allowed_ips'],
  ['a contact that is no address', { contacts: ['team'] }, '/contacts'],
  ['a contact with a line break', { contacts: ['a@b\n'] }, '/contacts'],
  ['enabled as a text', { enabled: 'false' }, '/enabled'],
  ['self_rotation as a number', { self_rotation: 1 }, '/self_rotation'],
  ['a quota of none', { token_quota: 0 }, '/token_quota'],
  ['a quota beyond measure', { token_quota: 2 ** 31 }, '/token_quota'],
  ['an unknown field', { is_admin: true }, '/is_admin'],
  ['the version', { version: 9 }, '/version'],
  ['secrets', { secrets: [] }, '/secrets'],
];

describe('what is refused', () => {
  it.each(FAULTS)('in a new client: %s', async (_what, change, pointer) => {
    const before = await stateOf();
    const answer = await admin.call('POST', '/clients/', { ...billing, ...change });
    expect(answer.status).toBe(422);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body.errors).toEqual([{ pointer, detail: expect.any(String) }]);
    expect(await stateOf()).toEqual(before);
  });

  it.each(FAULTS)('in a change: %s', async (_what, change, pointer) => {
    const made = await make();
    const before = await stateOf();
    const answer = await admin.call('PATCH', pathOf(made), change);
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toEqual([{ pointer, detail: expect.any(String) }]);
    expect(await stateOf()).toEqual(before);
  });

  it.each(['', '-a', '.a', 'a b', 'a/b', 'a:b', 'é', 'a'.repeat(129), 'a\n', 7, ['a']])(
    'as a chosen id: %j',
    async (client_id) => {
      const answer = await admin.call('POST', '/clients/', { ...billing, client_id });
      expect(answer.status).toBe(422);
      expect(answer.body.errors).toMatchObject([{ pointer: '/client_id' }]);
    },
  );

  it.each([
    'client_id',
    'created_at',
    'updated_at',
    'last_used_at',
    'version',
    'secrets',
    'tokens_this_hour',
  ])('%s in a change, as one that can only be read', async (name) => {
    const made = await make();
    const answer = await admin.call('PATCH', pathOf(made), { [name]: made.body[name] ?? 'x' });
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toEqual([{ pointer: `/${name}`, detail: 'can be read, not set' }]);
  });

  it('every fault at once', async () => {
    const answer = await admin.call('POST', '/clients/', {
      enabled: 1,
      contacts: 'x',
      nonsense: 1,
    });
    const pointers = (answer.body.errors as { pointer: string }[]).map(({ pointer }) => pointer);
    expect(pointers.toSorted()).toEqual([
      '/client_name',
      '/contacts',
      '/enabled',
      '/nonsense',
      '/scope',
    ]);
  });

  it.each([
    ['that does not parse', '{"client_name":', {}, 400],
    ['that is not UTF-8 of a kind', '{"client_name":"\\ud800","scope":"read"}', {}, 422],
    ['with __proto__', '{"client_name":"x","scope":"read","__proto__":{"enabled":false}}', {}, 422],
    ['with constructor', '{"client_name":"x","scope":"read","constructor":{}}', {}, 422],
    [
      'of __proto__ in a list',
      '{"client_name":"x","scope":"read","contacts":[{"__proto__":1}]}',
      {},
      422,
    ],
    ['that is a list', '[]', {}, 422],
    ['that is a text', '"x"', {}, 422],
    ['that is a number', '7', {}, 422],
    ['of another type', 'client_name=x', { 'Content-Type': 'text/plain' }, 415],
    ['as a form', 'client_name=x', { 'Content-Type': 'application/x-www-form-urlencoded' }, 415],
    ['with a name of 1 MB', JSON.stringify({ ...billing, client_name: 'x'.repeat(1e6) }), {}, 413],
    ['deeper than any', `${'['.repeat(5000)}${']'.repeat(5000)}`, {}, 400],
  ])('a body %s', async (_what, body, headers, status) => {
    const before = await stateOf();
    const answer = await admin.call('POST', '/clients/', body, headers);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await stateOf()).toEqual(before);
  });

  it.each([
    '%00',
    'a%00b',
    '%ff',
    '%',
    '%zz',
    "'%3BDROP%20TABLE%20oauth_client%3B--",
    '__proto__',
    '%F0%9F%98%80',
    'x'.repeat(3900),
  ])('an id in the path: %s', async (id) => {
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['GET', '/quickstart', undefined],
      ['PATCH', '', {}],
      ['DELETE', '', undefined],
      ['DELETE', '/tokens', undefined],
      ['POST', '/secrets', {}],
      ['DELETE', `/secrets/${id}`, undefined],
    ] as const) {
      const { status } = await admin.call(method, `/clients/${id}${path}`, body);
      expect([400, 404]).toContain(status);
    }
  });
});

describe('text that means something elsewhere', () => {
  it.each([
    `'; DROP TABLE oauth_client; --`,
    '<script>alert(1)</script>',
    '\u202eevil\u202c \u200f\u200e',
    '{{7*7}} ${7*7} %s %n',
    '`code` [link](javascript:alert(1)) | # x',
    '__proto__',
  ])('is kept as text: %s', async (text) => {
    const made = await make({ client_name: text, description: text, scope: 'read' });
    const read = await admin.call('GET', pathOf(made));
    expect(read.body).toMatchObject({ client_name: text, description: text });
    const list = await admin.call('GET', `/clients?q=${encodeURIComponent(text)}`);
    expect((list.body.items as Answer['body'][]).map((item) => item.client_name)).toContain(text);
    const sheet = await admin.call('GET', `${pathOf(made)}/quickstart`);
    expect(sheet.text).not.toContain('<script>');
    expect(sheet.text).not.toContain('](javascript:');
  });
});

describe('GET /clients/{client_id}', () => {
  it.each(['', '/'])('answers with or without a slash: "%s"', async (slash) => {
    const made = await make();
    const { status, headers } = await admin.call('GET', pathOf(made) + slash);
    expect(status).toBe(200);
    expect(headers.get('etag')).toBe('"1"');
  });

  it('is 404 for an id in other letters, and for what is gone', async () => {
    const made = await make({ ...billing, client_id: 'CaseMatters' });
    expect((await admin.call('GET', '/clients/casematters')).status).toBe(404);
    expect((await admin.call('DELETE', pathOf(made))).status).toBe(204);
    expect((await admin.call('GET', pathOf(made))).status).toBe(404);
    expect((await admin.call('DELETE', pathOf(made))).status).toBe(404);
    expect((await admin.call('PATCH', pathOf(made), {})).status).toBe(404);
    expect((await admin.call('DELETE', `${pathOf(made)}/tokens`)).status).toBe(404);
  });
});

describe('PATCH /clients/{client_id}', () => {
  it.each(['application/json', 'application/merge-patch+json'])(
    'changes what is named, and counts it: %s',
    async (type) => {
      const made = await make();
      const answer = await admin.call(
        'PATCH',
        pathOf(made),
        { client_name: 'Ledger', contacts: ['a@b.example'] },
        { 'Content-Type': type },
      );
      const { client_secret: _, updated_at: __, ...rest } = made.body;
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({
        ...rest,
        client_name: 'Ledger',
        contacts: ['a@b.example'],
        updated_at: anyTime,
        version: 2,
      });
      expect(answer.body.updated_at).not.toBe(made.body.updated_at);
      expect(answer.headers.get('etag')).toBe('"2"');
      const [, event] = await eventsOf(made.body.client_id);
      expect(event).toMatchObject({
        action: 'client.updated',
        changes: {
          client_name: { from: 'Billing', to: 'Ledger' },
          contacts: { from: [], to: ['a@b.example'] },
        },
      });
      expect(Object.keys(event?.changes ?? {}).toSorted()).toEqual(['client_name', 'contacts']);
    },
  );

  it('of nothing, or to what is there already, counts for no change', async () => {
    const made = await make();
    for (const change of [{}, { client_name: 'Billing', scope: 'write read' }]) {
      const answer = await admin.call('PATCH', pathOf(made), change);
      expect(answer.body.version).toBe(1);
    }
    expect(await eventsOf(made.body.client_id)).toHaveLength(1);
  });

  it('with null puts a setting back to its default', async () => {
    const made = await make({
      ...billing,
      description: 'x',
      default_scope: 'read',
      grant_types: [],
      token_endpoint_auth_method: 'client_secret_post',
      resources: ['urn:x:y'],
      access_token_ttl: 60,
      allowed_ips: ['10.0.0.1'],
      enabled: false,
      contacts: ['a@b.example'],
      self_rotation: true,
      token_quota: 5,
    });
    const names = [
      'description',
      'default_scope',
      'grant_types',
      'token_endpoint_auth_method',
      'resources',
      'access_token_ttl',
      'access_token_format',
      'allowed_ips',
      'enabled',
      'contacts',
      'self_rotation',
      'token_quota',
    ];
    const nothing = Object.fromEntries(names.map((name) => [name, null]));
    const { body } = await admin.call('PATCH', pathOf(made), nothing);
    expect(body).toMatchObject({
      description: '',
      default_scope: 'read write',
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: null,
      resources: [],
      access_token_ttl: 36_000,
      allowed_ips: [],
      enabled: true,
      contacts: [],
      self_rotation: false,
      token_quota: null,
    });
  });

  it.each(['client_name', 'scope'])('%s has no default, so that null is refused', async (name) => {
    const made = await make();
    const answer = await admin.call('PATCH', pathOf(made), { [name]: null });
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toMatchObject([{ pointer: `/${name}` }]);
  });

  it('narrowing the scope narrows the default scope; widening leaves it', async () => {
    const made = await make();
    const narrowed = await admin.call('PATCH', pathOf(made), { scope: 'read' });
    expect(narrowed.body).toMatchObject({ scope: 'read', default_scope: 'read' });
    const widened = await admin.call('PATCH', pathOf(made), { scope: 'read write admin' });
    expect(widened.body).toMatchObject({ scope: 'read write admin', default_scope: 'read' });
  });
});

describe('If-Match', () => {
  it.each([
    ['"1"', 200],
    ['*', 200],
    ['"7", "1"', 200],
    ['"2"', 412],
    ['W/"1"', 412],
    ['1', 412],
    ['""', 412],
    ['"01"', 412],
    ['"1', 412],
    ['"x", W/"1"', 412],
  ])('%s of a client in version 1 comes to %i', async (tag, status) => {
    const made = await make();
    const before = await stateOf();
    const answer = await admin.call(
      'PATCH',
      pathOf(made),
      { client_name: 'x' },
      { 'If-Match': tag },
    );
    expect(answer.status).toBe(status);
    if (status === 412) {
      expect(answer.body).toMatchObject({
        detail: expect.stringContaining('Read it again'),
      });
      expect(await stateOf()).toEqual(before);
      expect(
        (await admin.call('DELETE', pathOf(made), undefined, { 'If-Match': tag })).status,
      ).toBe(412);
      expect(await stateOf()).toEqual(before);
    }
  });
});

describe('GET /clients/{client_id}/quickstart', () => {
  it('is Markdown with id, scopes and base URL in four languages, and no secret', async () => {
    const made = await make();
    const { status, headers, text } = await admin.call('GET', `${pathOf(made)}/quickstart`);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/markdown; charset=utf-8');
    for (const part of ['```sh', '```python', '```js', '```php', 'expires_in', '`read` `write`']) {
      expect(text).toContain(part);
    }
    expect(text.split(String(made.body.client_id)).length).toBeGreaterThan(5);
    expect(text).not.toContain(String(made.body.client_secret));
  });

  it.each([
    ['js', 'node', ['--input-type=module', '-e']],
    ['sh', 'sh', ['-ec']],
    ['python', 'python3', ['-c']],
    ['php', 'php', ['-r']],
  ])('its %s sample works as it stands', async (language, command, args) => {
    const made = await make();
    const { text } = await admin.call('GET', `${pathOf(made)}/quickstart`);
    const [, sample = ''] = new RegExp(`\`\`\`${language}\n([^]*?)\n\`\`\``).exec(text) ?? [];
    if (!(await isThere(language))) {
      process.stderr.write(`skipped: no ${command} here, or not what the sample needs\n`);
      return;
    }
    const { clientSecret } = credentialsIn(made);
    const { stdout } = await run(command, [...args, sample.replace(/^<\?php/, '')], {
      env: {
        ...process.env,
        CLIENT_SECRET: clientSecret,
        ACCESS_TOKEN: await getToken(server.baseUrl, server.admin),
      },
    });
    expect(stdout).toContain('"built_in":true');
    if (language === 'sh') expect(stdout).toContain('"access_token":');
  });

  /** Whether the language is installed, with what its sample imports. */
  async function isThere(language: string): Promise<boolean> {
    const probes: Record<string, [string, string[]]> = {
      python: ['python3', ['-c', 'import requests']],
      php: ['php', ['-r', 'curl_init();']],
      sh: ['curl', ['--version']],
    };
    const [command, args] = probes[language] ?? ['node', ['--version']];
    return run(command, args).then(
      () => true,
      () => false,
    );
  }

  it('tells a client without a grant how to introspect', async () => {
    const made = await make({ client_name: 'x', scope: 'introspection', grant_types: [] });
    const { text } = await admin.call('GET', `${pathOf(made)}/quickstart`);
    expect(text).toContain('/o/introspect/');
    expect(text).not.toContain('grant_type=');
  });
});

describe('GET /clients/', () => {
  interface Item {
    client_id: string;
    client_name: string;
    next_secret_expiry: string | null;
    last_used_at: string | null;
  }
  const itemsOf = ({ body }: Answer): Item[] => body.items as Item[];
  const idsOf = (answer: Answer): string[] => itemsOf(answer).map(({ client_id }) => client_id);
  const list = (query: string): Promise<Answer> => admin.call('GET', `/clients/?${query}`);

  beforeAll(async () => {
    for (const [index, name] of ['delta', 'Alpha', 'charlie', 'Bravo', 'alpha'].entries()) {
      const clientId = `listed-${index}`;
      await make({
        client_id: clientId,
        client_name: `listed ${name} 50%_off`,
        scope: index === 3 ? 'introspection' : 'read',
        enabled: index !== 2,
      });
    }
    await server.database.query(
      `UPDATE oauth_client_usage SET last_used_at = CASE client_id WHEN 'listed-1' THEN timestamptz '2026-01-01' ELSE '2026-02-02 00:00:00.000123Z' END
       FROM oauth_client c WHERE c.id = client AND client_id IN ('listed-1', 'listed-4')`,
    );
    await server.database.query(
      `UPDATE oauth_client SET created_at = '2025-01-01T00:00:00Z' WHERE client_id IN ('listed-0', 'listed-1')`,
    );
    const soon = new Date(Date.now() + 3_600_000).toISOString();
    await admin.call('POST', '/clients/listed-0/secrets', { expires_at: soon });
  });

  it('items are clients with their next expiry, and without secrets', async () => {
    const { body, text } = await list('q=listed%20delta');
    const [item] = body.items as Record<string, unknown>[];
    const single = await admin.call('GET', '/clients/listed-0');
    expect(item).toEqual({ ...single.body, next_secret_expiry: anyTime });
    expect(body).toMatchObject({ next_cursor: null, total: 1 });
    expect(text).not.toMatch(/client_secret"|digest|pst_/);
  });

  it.each([
    ['q=LISTED%20AL', ['listed-1', 'listed-4']],
    ['q=listed-', ['listed-0', 'listed-1', 'listed-2', 'listed-3', 'listed-4']],
    ['q=isted-', []],
    ['q=LISTED-4', ['listed-4']],
    ['q=50%25_o', ['listed-0', 'listed-1', 'listed-2', 'listed-3', 'listed-4']],
    ['q=5%25f', []],
    ['q=listed%20_lpha', []],
    ['q=listed&scope=introspection', ['listed-3']],
    ['q=listed&scope=nothing', []],
    ['q=listed&enabled=false', ['listed-2']],
    ['q=listed&enabled=true', ['listed-0', 'listed-1', 'listed-3', 'listed-4']],
    ['q=listed&unused_since=2026-01-15', ['listed-0', 'listed-1']],
    ['q=listed&unused_since=2024-12-31T23:59:59Z', []],
    ['q=listed&secret_expires_before=2099-01-01', ['listed-0']],
    ['q=listed&secret_expires_before=2020-01-01', []],
    ['q=&scope=&enabled=&unused_since=&secret_expires_before=&q=listed-0', 'repeated'],
    [
      'scope=&enabled=&unused_since=&secret_expires_before=&sort=&limit=&cursor=&q=listed-0',
      ['listed-0'],
    ],
  ])('%s finds %j', async (query, expected) => {
    const answer = await list(query);
    if (expected === 'repeated') {
      expect(answer.status).toBe(400);
      return;
    }
    expect(answer.status).toBe(200);
    expect(idsOf(answer).toSorted()).toEqual(expected);
    expect(answer.body.total).toBe(expected.length);
  });

  it.each([
    ['abc', 'must be a whole number'],
    ['1.5', 'must be a whole number'],
    ['0', 'must be 1 or more'],
    ['201', 'must be 200 or less'],
  ])('limit=%s is told that it %s', async (limit, fault) => {
    const { status, body } = await list(`limit=${limit}`);
    expect(status).toBe(400);
    expect(body.detail).toBe(`Wrong parameter: limit: ${fault}.`);
  });

  it.each([
    ['client_name', ['listed-1', 'listed-4', 'listed-3', 'listed-2', 'listed-0']],
    ['created_at', ['listed-0', 'listed-1', 'listed-2', 'listed-3', 'listed-4']],
    ['last_used_at', ['listed-0', 'listed-2', 'listed-3', 'listed-1', 'listed-4']],
  ])('sort=%s, both ways, alike in one page and in pages of one', async (sort, expected) => {
    for (const [order, ids] of [
      [sort, expected],
      [`-${sort}`, expected.toReversed()],
    ] as const) {
      expect(idsOf(await list(`q=listed&sort=${order}`))).toEqual(ids);
      expect(await walk(`q=listed&sort=${order}&limit=1`)).toEqual(ids);
      expect(await walk(`q=listed&sort=${order}&limit=2`)).toEqual(ids);
    }
  });

  async function walk(query: string): Promise<string[]> {
    const ids: string[] = [];
    let cursor: unknown = '';
    do {
      const answer: Answer = await list(`${query}&cursor=${String(cursor)}`);
      ids.push(...idsOf(answer));
      cursor = answer.body.next_cursor;
    } while (cursor !== null);
    return ids;
  }

  it('goes on where it was, whatever comes and goes meanwhile', async () => {
    for (const n of [1, 2, 3, 4, 5, 6]) {
      await make({ client_id: `walked-${n}`, client_name: `walked ${n}`, scope: 'read' });
    }
    const first = await list('q=walked&sort=client_name&limit=3');
    expect(idsOf(first)).toEqual(['walked-1', 'walked-2', 'walked-3']);
    await admin.call('DELETE', '/clients/walked-1');
    await admin.call('DELETE', '/clients/walked-3');
    await admin.call('DELETE', '/clients/walked-5');
    await make({ client_id: 'walked-0', client_name: 'walked 0', scope: 'read' });
    await make({ client_id: 'walked-45', client_name: 'walked 45', scope: 'read' });
    const second = await list(
      `q=walked&sort=client_name&limit=3&cursor=${String(first.body.next_cursor)}`,
    );
    expect(idsOf(second)).toEqual(['walked-4', 'walked-45', 'walked-6']);
  });

  const forged = (value: unknown): string =>
    Buffer.from(JSON.stringify(value)).toString('base64url');

  it.each([
    ['limit', 'limit=0'],
    ['limit', 'limit=201'],
    ['limit', 'limit=1e1'],
    ['limit', 'limit=-1'],
    ['sort', 'sort=version'],
    ['sort', 'sort=client_name;DROP'],
    ['sort', 'sort=client_name&sort=created_at'],
    ['enabled', 'enabled=yes'],
    ['enabled', 'enabled=true&enabled=true'],
    ['unused_since', 'unused_since=yesterday'],
    ['unused_since', 'unused_since=2026-02-30'],
    ['unused_since', 'unused_since=2026-01-01T00:00:00'],
    ['secret_expires_before', 'secret_expires_before=1'],
    ['q', 'q=a%00b'],
    ['q', `q=${'x'.repeat(201)}`],
    ['scope', 'scope=%00'],
    ['nonsense', 'nonsense=1'],
    ['cursor', 'cursor=x'],
    ['cursor', 'cursor=a&cursor=b'],
    ['cursor', 'cursor=%00'],
    ['cursor', `cursor=${forged(null)}`],
    ['cursor', `cursor=${forged(['client_name', 'a', 1])}`],
    ['cursor', `cursor=${forged(['-created_at', 'now()', 1])}`],
    ['cursor', `cursor=${forged(['-created_at', -1, 1])}`],
    ['cursor', `cursor=${forged(['-created_at', 1e300, 1])}`],
    ['cursor', `cursor=${forged(['-created_at', 1, 2 ** 31])}`],
    ['cursor', `cursor=${forged(['-created_at', 1, '1'])}`],
    ['cursor', `cursor=${forged(['-created_at', 1, 1])}=`],
    ['cursor', `sort=client_name&cursor=${forged(['client_name', 'a\0', 1])}`],
    ['cursor', `sort=client_name&cursor=${forged(['client_name', 'a\ud800', 1])}`],
    ['cursor', `sort=client_name&cursor=${forged(['client_name', 7, 1])}`],
  ])('refuses by name what is out of range: %s in %s', async (name, query) => {
    const answer = await list(query);
    expect(answer.status).toBe(400);
    expect(answer.body.detail).toContain(`Wrong parameter: ${name}`);
  });

  it.each([
    forged(['-created_at', null, 1]),
    forged(['-created_at', Number.MAX_SAFE_INTEGER, 2 ** 31 - 1]),
    forged(['-created_at', 0, 0]),
  ])('a forged cursor names a place, and no more: %s', async (cursor) => {
    expect((await list(`cursor=${cursor}`)).status).toBe(200);
  });
});

describe('the last use', () => {
  it('of a client and of each secret is told, with the address, within a minute', async () => {
    const made = await make();
    await getToken(server.baseUrl, credentialsIn(made), 'read');
    // A wrong secret is no use.
    const stranger = await aClient(server.database);
    await postForm(
      `${server.baseUrl}/o/token/`,
      { grant_type: 'client_credentials' },
      { Authorization: basic({ ...stranger, clientSecret: 'wrong' }) },
    );
    const end = Date.now() + 15_000;
    let read = await admin.call('GET', pathOf(made));
    while (read.body.last_used_at === null && Date.now() < end) {
      await new Promise((resolve) => {
        setTimeout(resolve, 200);
      });
      read = await admin.call('GET', pathOf(made));
    }
    expect(read.body).toMatchObject({
      last_used_at: anyTime,
      version: 1,
      secrets: [{ last_used_at: anyTime, last_used_address: '127.0.0.1' }],
    });
    const age = Date.now() - Date.parse(String(read.body.last_used_at));
    expect(age).toBeGreaterThan(0);
    expect(age).toBeLessThan(15_000);
    const unused = await admin.call('GET', `/clients/${stranger.clientId}`);
    expect(unused.body.last_used_at).toBeNull();
  });
});
