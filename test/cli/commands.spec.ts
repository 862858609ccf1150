// Real: the built command line as processes, and PostgreSQL. Every command once, on one database:
// the tests of a describe tell one story, in order.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { userInfo } from 'node:os';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { postern, type Postern } from './command-line.js';

const ACTOR = `os:${userInfo().username}`;
const SECRET = /^pst_[A-Za-z0-9]{40}$/;

let database: TestDatabase;
let run: Postern;

beforeAll(async () => {
  database = await createDatabase();
  run = postern({ DATABASE_URL: database.url, PUBLIC_URL: 'https://auth.example.com' });
});

afterAll(() => database.drop());

/** The newest events, oldest first. */
async function events(count: number) {
  const rows = await database.query<{ action: string; actor: string; client_id: string }>(
    `SELECT action, actor, client_id, address, request_id FROM audit_event
     ORDER BY "time" DESC, event_id DESC LIMIT ${count}`,
  );
  return rows.toReversed();
}

describe('the life of a client', () => {
  it('is made with a secret, which --json gives once', async () => {
    const made = await run(
      ...['clients', 'create', '--client-id', 'billing', '--client-name', 'Billing'],
      ...['--scope', 'write read', '--allowed-ips', '10.0.0.0/8, 192.0.2.7', '--json'],
    );
    expect(made.code).toBe(0);
    expect(made.json()).toMatchObject({
      client_id: 'billing',
      client_secret: expect.stringMatching(SECRET),
      client_name: 'Billing',
      scope: 'read write',
      allowed_ips: ['10.0.0.0/8', '192.0.2.7'],
      version: 1,
    });
    expect(made.stderr).toBe(
      'The secret is shown this once, and kept nowhere.\nNext: postern clients show billing\n',
    );
    expect(await events(1)).toEqual([
      {
        action: 'client.created',
        actor: ACTOR,
        client_id: 'billing',
        address: null,
        request_id: null,
      },
    ]);
  });

  it('is listed in a table without colours, the count and the next command on stderr', async () => {
    const listed = await run('clients', 'list');
    const [head = '', row = ''] = listed.stdout.split('\n');
    expect(head).toMatch(/^CLIENT ID {2}NAME {5}SCOPE {7}STATUS {3}LAST USED/);
    expect(row).toMatch(/^billing {4}Billing {2}read write {2}enabled {2}never {6}1 {8}none/);
    expect(listed.stdout).not.toContain('\u001b');
    expect(listed.stderr).toBe('1 of 1\nNext: postern clients show billing\n');
  });

  it('is listed as the API lists it, with its filters and its cursor', async () => {
    await run('clients', 'create', '--client-name', 'Other', '--scope', 'read');
    const first = await run('clients', 'list', '--json', '--sort', 'client_name', '--limit', '1');
    const { items, next_cursor: cursor, total } = first.json();
    expect(items).toMatchObject([{ client_id: 'billing', next_secret_expiry: null }]);
    expect(total).toBe(2);
    const more = ['--sort', 'client_name', '--cursor', String(cursor), '--enabled', 'true'];
    const second = await run('clients', 'list', '--json', ...more);
    expect(second.json()).toMatchObject({ items: [{ client_name: 'Other' }], next_cursor: null });
  });

  it('is shown, without its secrets', async () => {
    const shown = await run('clients', 'show', 'billing', '--json');
    expect(shown.json()).toMatchObject({
      client_id: 'billing',
      secrets: [{ hint: expect.stringMatching(/^….{4}$/) }],
    });
    expect(shown.stdout).not.toContain('pst_');
  });

  it('is changed where an option says so', async () => {
    const changed = await run(
      ...['clients', 'update', 'billing', '--scope', 'read', '--token-quota', '100'],
      ...['--access-token-ttl', 'default', '--allowed-ips', '', '--json'],
    );
    expect(changed.json()).toMatchObject({
      scope: 'read',
      default_scope: 'read',
      token_quota: 100,
      access_token_ttl: 36_000,
      allowed_ips: [],
    });
    expect(await events(1)).toMatchObject([{ action: 'client.updated', actor: ACTOR }]);
  });

  it('is switched off and on', async () => {
    const off = await run('clients', 'disable', 'billing', '--confirm', 'billing', '--json');
    expect(off.json()).toMatchObject({ enabled: false });
    const on = await run('clients', 'enable', 'billing');
    expect(on).toMatchObject({ code: 0, stdout: '' });
    expect(on.stderr).toContain('The client billing is enabled.');
  });

  it('loses its tokens', async () => {
    const done = await run('tokens', 'revoke', 'billing', '--confirm', 'billing', '--json');
    expect(done.json()).toEqual({ client_id: 'billing', tokens_revoked: true });
    expect(await events(1)).toMatchObject([{ action: 'tokens.revoked', client_id: 'billing' }]);
  });

  it('is deleted', async () => {
    const done = await run('clients', 'delete', 'billing', '--confirm', 'billing', '--json');
    expect(done.json()).toEqual({ client_id: 'billing', deleted: true });
    expect(await events(1)).toMatchObject([{ action: 'client.deleted', actor: ACTOR }]);
  });
});

describe('the secrets of a client', () => {
  it('are rotated, listed and deleted', async () => {
    await run('clients', 'create', '--client-id', 'rot', '--client-name', 'R', '--scope', 'read');
    const rotated = await run('secrets', 'rotate', 'rot', '--expires-previous-in', '60', '--json');
    const { secret_id: newest, client_secret: secret } = rotated.json();
    expect(secret).toMatch(SECRET);

    const listed = await run('secrets', 'list', 'rot', '--json');
    const { items = [] } = listed.json();
    expect(items.map((item) => item.expires_at === null)).toEqual([false, true]);
    expect(items[1]).toMatchObject({ secret_id: newest });
    expect(listed.stdout).not.toContain(String(secret));

    const oldest = String(items[0]?.secret_id);
    const deleted = await run('secrets', 'delete', 'rot', oldest, '--confirm', 'rot', '--json');
    expect(deleted.json()).toEqual({ client_id: 'rot', secret_id: oldest, deleted: true });
    const last = await run('secrets', 'delete', 'rot', String(newest), '--confirm', 'rot');
    expect(last.code).toBe(5);
  });

  it('end now, with their tokens, only where the name of the client is repeated', async () => {
    const leak = ['secrets', 'rotate', 'rot', '--expires-previous-in', '0', '--revoke-tokens'];
    const unconfirmed = await run(...leak);
    expect(unconfirmed).toMatchObject({ code: 2, stdout: '' });
    expect(unconfirmed.stderr).toContain('Add --confirm rot if you mean it. Nothing was done.');
    const confirmed = await run(...leak, '--confirm', 'rot');
    expect(confirmed.code).toBe(0);
    expect(confirmed.stdout).toMatch(/^client_secret +pst_/m);
  });
});

describe('scopes', () => {
  it('are made, described anew, listed and deleted', async () => {
    const name = 'invoices:read';
    const made = await run('scopes', 'create', name, '--description', 'Read', '--json');
    expect(made.json()).toEqual({
      scope: name,
      description: 'Read',
      built_in: false,
      declared_by: null,
    });
    const told = await run('scopes', 'update', name, '--description', 'Read invoices');
    expect(told.stdout).toMatch(/^description +Read invoices$/m);
    const listed = await run('scopes', 'list', '--json');
    expect(listed.json().items).toContainEqual(expect.objectContaining({ scope: name }));
    expect((await run('scopes', 'delete', name, '--confirm', name)).code).toBe(0);
    expect(await events(1)).toMatchObject([{ action: 'scope.deleted', actor: ACTOR }]);
  });
});

describe('the audit trail', () => {
  it('is listed by its filters, with the names of the API', async () => {
    const listed = await run('audit', 'list', '--actor', ACTOR, '--limit', '1', '--json');
    expect(listed.json()).toMatchObject({
      items: [{ actor: ACTOR, address: null, request_id: null, outcome: 'success' }],
      next_cursor: expect.any(String),
    });
  });

  it('tells why a request was refused, with nothing of the caller obeyed by the terminal', async () => {
    await database.query(
      `INSERT INTO audit_event (event_id, "time", action, actor, client_id, address, request_id,
         outcome, reason)
       VALUES (gen_random_uuid(), now(), 'authentication.failed', $1, $1, '192.0.2.1', 'req-1',
         'failure', 'unknown client')`,
      ['evil\u001b[2J\u202e'],
    );
    const why = await run('audit', 'why', 'req-1');
    expect(why.code).toBe(0);
    expect(why.stdout).toMatch(
      /from 192\.0\.2\.1\. There was no client with the id "evil\\u\{1b\}\[2J\\u\{202e\}"\.\n$/,
    );
    expect(why.stderr).not.toContain('\u001b');
    expect(why.stderr).toContain('What to do: Compare the id');
    expect((await run('audit', 'why', 'req-2')).code).toBe(3);
  });
});

describe('the signing keys', () => {
  let withKey: Postern;

  beforeAll(() => {
    withKey = postern({
      DATABASE_URL: database.url,
      PUBLIC_URL: 'https://auth.example.com',
      KEY_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
    });
  });

  it('need a setting, which the refusal names', async () => {
    const refused = await run('keys', 'rotate');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/^error: KEY_ENCRYPTION_KEY is not set[^\n]+\n$/);
    expect((await run('keys', 'list', '--json')).json()).toEqual({ items: [] });
  });

  it('are made where there are none, listed without their private halves, and recorded', async () => {
    const made = await withKey('keys', 'rotate', '--json');
    expect(made.code).toBe(0);
    const key = {
      kid: expect.stringMatching(/^[\w-]{43}$/),
      algorithm: 'EdDSA',
      created_at: expect.any(String),
      retired_at: null,
    };
    const listed = await withKey('keys', 'list', '--json');
    expect(listed.stdout).toBe(made.stdout);
    expect(listed.json().items).toHaveLength(2);
    expect(listed.json().items).toEqual(
      expect.arrayContaining([
        { ...key, state: 'current', activated_at: expect.any(String) },
        { ...key, state: 'next', activated_at: null },
      ]),
    );
    expect(await events(1)).toMatchObject([{ action: 'signing_key.rotated', actor: ACTOR }]);
  });

  it('are not rotated twice in a row, unless by force, which has to be confirmed', async () => {
    const refused = await withKey('keys', 'rotate');
    expect(refused.code).toBe(5);
    expect(refused.stderr).toMatch(/^error: The next key was published \d+ seconds ago/);
    const unconfirmed = await withKey('keys', 'rotate', '--force');
    expect(unconfirmed.code).toBe(2);
    const kidOf = async (state: string): Promise<string> => {
      const { items = [] } = (await withKey('keys', 'list', '--json')).json();
      return String(items.find((item) => item.state === state)?.kid);
    };
    const [current, next] = [await kidOf('current'), await kidOf('next')];
    expect(unconfirmed.stderr).toContain(`Add --confirm ${current} if you mean it`);
    const forced = await withKey('keys', 'rotate', '--force', '--confirm', current);
    expect(forced.code).toBe(0);
    expect(forced.stdout).toMatch(/^KID +ALGORITHM +STATE +PUBLISHED +SIGNS SINCE +RETIRED\n/);
    expect(await kidOf('retired')).toBe(current);
    expect(await kidOf('current')).toBe(next);
  });

  it('let a client get JWTs, and without the setting none', async () => {
    const words = ['clients', 'update', 'billing', '--access-token-format', 'jwt'];
    const refused = await run(...words);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/^error: --access-token-format [^\n]+KEY_ENCRYPTION_KEY/);
    await withKey(
      'clients',
      'create',
      '--client-id',
      'jwts',
      '--client-name',
      'x',
      '--scope',
      'read',
    );
    const changed = await withKey(
      'clients',
      'update',
      'jwts',
      '--access-token-format',
      'jwt',
      '--json',
    );
    expect(changed.json()).toMatchObject({ access_token_format: 'jwt', access_token_ttl: 3600 });
    const back = await run(
      'clients',
      'update',
      'jwts',
      '--access-token-format',
      'default',
      '--json',
    );
    expect(back.json()).toMatchObject({ access_token_format: 'opaque' });
  });
});

describe('info', () => {
  it('tells where everything is, and no password', async () => {
    await run('admin', 'create', '--client-id', 'root', '--json');
    const info = await run('info', '--json');
    expect(info.json()).toMatchObject({
      base_url: 'https://auth.example.com',
      docs_url: 'https://auth.example.com/docs',
      version: expect.stringMatching(/^\d/),
      database: { kind: 'external' },
      migrations: { applied: expect.any(Number), latest: expect.any(String) },
      admin_clients: [{ client_id: 'root', working: true }],
      admin_file: { exists: false },
      token_command: expect.stringContaining('curl -X POST https://auth.example.com/o/token/'),
    });
    const { password } = new URL(database.url);
    if (password !== '') expect(info.stdout).not.toContain(password);
  });
});
