/**
 * What administrators can't break, also when two act at once, each at another node; and that what
 * they take away is gone from tokens that are out already, on both nodes. Real: two processes of
 * the built server over one PostgreSQL.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  administrator,
  credentialsIn,
  statusesOf,
  type Administrator,
} from '../support/administrator.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import type { StoredClient } from '../support/builders.js';
import { generateClientSecret } from '../../src/clients/domain/client-secret.js';
import { basic, getToken, postForm } from '../support/http.js';
import { startProcess, type ServerProcess } from '../support/server.js';

let database: TestDatabase;
let nodes: [ServerProcess, ServerProcess];
let admins: [Administrator, Administrator];
const boss: StoredClient = { clientId: 'boss', clientSecret: generateClientSecret() };

beforeAll(async () => {
  database = await createDatabase();
  const settings = {
    DATABASE_URL: database.url,
    ADMIN_CLIENT_ID: boss.clientId,
    ADMIN_CLIENT_SECRET: boss.clientSecret,
    SHUTDOWN_DRAIN_MS: '0',
  };
  const one = await startProcess(settings);
  nodes = [one, await startProcess(settings)];
  admins = await bothAdmins();
});

afterAll(async () => {
  await Promise.all((nodes ?? []).map((node) => node.stop()));
  await database?.drop();
});

async function bothAdmins(): Promise<[Administrator, Administrator]> {
  return [await administrator(nodes[0].baseUrl, boss), await administrator(nodes[1].baseUrl, boss)];
}

/** The contract: a change is seen on every node within a second. */
const WITHIN_MS = 1000;

async function make(settings: object = {}): Promise<StoredClient> {
  const made = await admins[0].call('POST', '/clients/', {
    client_name: 'Safe',
    scope: 'read write',
    ...settings,
  });
  if (made.status !== 201) throw new Error(made.text);
  return credentialsIn(made);
}

/** The statuses that a token gets at each node: from a route for every token, or from another. */
function statuses(token: string, path = '/scopes/'): Promise<number[]> {
  return Promise.all(
    nodes.map(async ({ baseUrl }) => {
      const response = await fetch(`${baseUrl}${path}`, {
        headers: { Authorization: `Bearer ${token}` },
      });
      return response.status;
    }),
  );
}

function tokenStatuses(client: StoredClient): Promise<number[]> {
  return Promise.all(
    nodes.map(async ({ baseUrl }) => {
      const form = { grant_type: 'client_credentials' };
      const { status } = await postForm(`${baseUrl}/o/token/`, form, {
        Authorization: basic(client),
      });
      return status;
    }),
  );
}

describe('tokens that are out already', () => {
  it('die on both nodes with a client that is switched off, and for good', async () => {
    const client = await make();
    const token = await getToken(nodes[1].baseUrl, client);
    expect(await statuses(token)).toEqual([200, 200]);
    const path = `/clients/${client.clientId}`;
    expect((await admins[0].call('PATCH', path, { enabled: false })).status).toBe(200);
    await delay(WITHIN_MS);
    expect(await statuses(token)).toEqual([401, 401]);
    expect(await tokenStatuses(client)).toEqual([401, 401]);
    expect((await admins[1].call('PATCH', path, { enabled: true })).status).toBe(200);
    await delay(WITHIN_MS);
    expect(await statuses(token)).toEqual([401, 401]);
    expect(await statuses(await getToken(nodes[0].baseUrl, client))).toEqual([200, 200]);
  });

  it('die with a client that is deleted, and with one made anew under its id', async () => {
    const client = await make({ client_id: 'phoenix' });
    const token = await getToken(nodes[0].baseUrl, client);
    expect((await admins[1].call('DELETE', '/clients/phoenix')).status).toBe(204);
    await delay(WITHIN_MS);
    expect(await statuses(token)).toEqual([401, 401]);
    expect(await tokenStatuses(client)).toEqual([401, 401]);
    const again = await make({ client_id: 'phoenix' });
    expect(await statuses(token)).toEqual([401, 401]);
    expect(await tokenStatuses(client)).toEqual([401, 401]);
    expect(await tokenStatuses(again)).toEqual([200, 200]);
  });

  it('lose a scope that their client loses, and keep the rest', async () => {
    const client = await make();
    const path = `/clients/${client.clientId}`;
    await admins[1].call('PATCH', path, { scope: 'read admin' });
    const token = await getToken(nodes[0].baseUrl, client, 'read admin');
    expect(await statuses(token, '/audit-events/')).toEqual([200, 200]);
    expect((await admins[1].call('PATCH', path, { scope: 'read' })).status).toBe(200);
    await delay(WITHIN_MS);
    expect(await statuses(token, '/audit-events/')).toEqual([403, 403]);
    expect(await statuses(token)).toEqual([200, 200]);
  });

  it('die with DELETE …/tokens, and those issued after live', async () => {
    const client = await make();
    const before = await getToken(nodes[0].baseUrl, client);
    const path = `/clients/${client.clientId}`;
    expect((await admins[1].call('DELETE', `${path}/tokens`)).status).toBe(204);
    const after = await Promise.all(nodes.map(({ baseUrl }) => getToken(baseUrl, client)));
    await delay(WITHIN_MS);
    expect(await statuses(before)).toEqual([401, 401]);
    for (const token of after) expect(await statuses(token)).toEqual([200, 200]);
    const { body } = await admins[0].call('GET', path);
    expect(body.enabled).toBe(true);
  });

  it('live on when a secret is rotated, unless they are to die with it', async () => {
    const client = await make();
    const token = await getToken(nodes[0].baseUrl, client);
    const path = `/clients/${client.clientId}/secrets`;
    const next = await admins[1].call('POST', path, { expires_previous_in: 0 });
    await delay(WITHIN_MS);
    expect(await tokenStatuses(client)).toEqual([401, 401]);
    expect(await statuses(token)).toEqual([200, 200]);
    const second = { ...client, clientSecret: String(next.body.client_secret) };
    const leaked = await getToken(nodes[1].baseUrl, second);
    await admins[0].call('POST', path, { expires_previous_in: 0, revoke_tokens: true });
    await delay(WITHIN_MS);
    expect(await statuses(leaked)).toEqual([401, 401]);
  });
});

describe('an audit event that can not be written', () => {
  it('takes the change of a client back with it', async () => {
    const { clientId, clientSecret } = await make();
    const token = await getToken(nodes[0].baseUrl, { clientId, clientSecret });
    const path = `/clients/${clientId}`;
    const { body: before } = await admins[0].call('GET', path);
    await database.query('ALTER TABLE audit_event ADD CONSTRAINT none CHECK (false) NOT VALID');
    try {
      const refused: [string, string, object?][] = [
        ['POST', '/clients/', { client_id: 'not-made', client_name: 'New', scope: 'read' }],
        ['PATCH', path, { client_name: 'New', enabled: false }],
        ['POST', `${path}/secrets`, { expires_previous_in: 0, revoke_tokens: true }],
        ['DELETE', `${path}/tokens`],
        ['DELETE', path],
      ];
      for (const [method, target, body] of refused)
        expect((await admins[0].call(method, target, body)).status).toBe(500);
    } finally {
      await database.query('ALTER TABLE audit_event DROP CONSTRAINT none');
    }
    expect((await admins[0].call('GET', '/clients/not-made')).status).toBe(404);
    const { body: after } = await admins[0].call('GET', path);
    // Told of a moment after the use, whatever happens here.
    const unused = { last_used_at: null, last_used_address: null, tokens_this_hour: 0 };
    const secrets = (settings: Record<string, unknown>): unknown =>
      (settings.secrets as object[]).map((secret) => ({ ...secret, ...unused }));
    expect({ ...after, ...unused, secrets: secrets(after) }).toEqual({
      ...before,
      ...unused,
      secrets: secrets(before),
    });
    expect(await statuses(token)).toEqual([200, 200]);
    await getToken(nodes[0].baseUrl, { clientId, clientSecret });
  });
});

describe('two administrators at once', () => {
  it('who change one version: one 200, the others 412', async () => {
    const { clientId } = await make();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, turn) =>
        admins[turn % 2 === 0 ? 0 : 1].call(
          'PATCH',
          `/clients/${clientId}`,
          { description: `by ${turn}` },
          { 'If-Match': '"1"' },
        ),
      ),
    );
    const counts = statusesOf(answers);
    expect(counts).toEqual([200, ...Array<number>(9).fill(412)]);
    const { body } = await admins[0].call('GET', `/clients/${clientId}`);
    const winner = answers.find(({ status }) => status === 200);
    expect(body).toMatchObject({ version: 2, description: winner?.body.description });
  });

  it('who change without If-Match: each change counts, none is lost', async () => {
    const { clientId } = await make();
    const changes = [{ description: 'x' }, { contacts: ['a@b.example'] }, { token_quota: 5 }];
    await Promise.all(
      changes.map((change, turn) =>
        admins[turn % 2 === 0 ? 0 : 1].call('PATCH', `/clients/${clientId}`, change),
      ),
    );
    const { body } = await admins[0].call('GET', `/clients/${clientId}`);
    expect(body).toMatchObject({ version: 4, ...Object.assign({}, ...changes) });
  });

  it('who make a client of one id: one 201, one 409', async () => {
    const body = { client_id: 'wanted', client_name: 'x', scope: 'read' };
    const answers = await Promise.all(admins.map((admin) => admin.call('POST', '/clients/', body)));
    expect(statusesOf(answers)).toEqual([201, 409]);
  });
});

describe('the last working admin', () => {
  const last = `/clients/${boss.clientId}`;
  let chief: StoredClient;

  beforeAll(() => database.query(`DELETE FROM oauth_client WHERE client_id <> 'boss'`));

  /** `boss` alone works; `chief` is an admin that does not. */
  beforeEach(async () => {
    chief = await make({ client_id: 'chief', scope: 'read write admin', enabled: false });
  });

  afterEach(async () => {
    // Whatever a test came to: `boss` works again, with tokens of its own, and all others are gone.
    await database.query(
      `UPDATE oauth_client SET enabled = true, scopes = '{read,write,admin}',
         grant_types = '{client_credentials}', allowed_ips = '{}' WHERE client_id = 'boss'`,
    );
    await database.query('UPDATE oauth_client_secret SET expires_at = NULL');
    await database.query(`DELETE FROM oauth_client WHERE client_id <> 'boss'`);
    admins = await bothAdmins();
  });

  async function expectUnchanged(act: () => Promise<{ status: number; body: object }>) {
    const before = await admins[0].call('GET', last);
    const refused = await act();
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({
      detail: expect.stringContaining('last working admin'),
    });
    // What is counted beside the client, some time later, is no change of it.
    const counted = { tokens_this_hour: 0, last_used_at: null, secrets: [] };
    const after = await admins[0].call('GET', last);
    expect({ ...after.body, ...counted }).toEqual({ ...before.body, ...counted });
    expect(secretsIn(after.body)).toEqual(secretsIn(before.body));
    expect(await tokenStatuses(boss)).toEqual([200, 200]);
  }

  const CHANGES: readonly object[] = [
    { enabled: false },
    { scope: 'read write' },
    { grant_types: [] },
    { allowed_ips: ['127.0.0.1'] },
  ];

  it.each(CHANGES)('is not taken away by %j', async (change) => {
    await expectUnchanged(() => admins[1].call('PATCH', last, change));
  });

  it('is not deleted', async () => {
    await expectUnchanged(() => admins[1].call('DELETE', last));
  });

  it.each([
    { expires_at: '2099-01-01T00:00:00Z', expires_previous_in: 3600 },
    { expires_at: '2099-01-01T00:00:00Z', expires_previous_in: 0 },
    { expires_at: '2099-01-01T00:00:00Z', expires_previous_in: 0, revoke_tokens: true },
  ])('is not left with secrets that end: %j', async (body) => {
    await expectUnchanged(() => admins[1].call('POST', `${last}/secrets`, body));
  });

  it('does not rotate itself away either', async () => {
    await admins[0].call('PATCH', last, { self_rotation: true });
    await expectUnchanged(() =>
      postForm(
        `${nodes[0].baseUrl}/o/client/secrets`,
        { expires_previous_in: '0', expires_at: '2099-01-01T00:00:00Z' },
        { Authorization: basic(boss) },
      ),
    );
  });

  it('keeps its one secret without an end', async () => {
    await admins[0].call('POST', `${last}/secrets`, { expires_at: '2099-01-01T00:00:00Z' });
    const { body } = await admins[0].call('GET', last);
    const [endless, ending] = body.secrets as { secret_id: string }[];
    await expectUnchanged(() => admins[1].call('DELETE', `${last}/secrets/${endless?.secret_id}`));
    const { status } = await admins[1].call('DELETE', `${last}/secrets/${ending?.secret_id}`);
    expect(status).toBe(204);
  });

  it.each(CHANGES)('may go by %j where another one works', async (change) => {
    await admins[0].call('PATCH', '/clients/chief', { enabled: true });
    expect((await admins[0].call('PATCH', last, change)).status).toBe(200);
  });

  it('may be changed in all else', async () => {
    const { status } = await admins[0].call('PATCH', last, {
      description: 'x',
      scope: 'read admin',
      token_quota: 100_000,
    });
    expect(status).toBe(200);
  });

  it('remains when the last two go at once, each at another node', async () => {
    for (let round = 0; round < 5; round += 1) {
      await database.query(`UPDATE oauth_client SET enabled = true`);
      const [one, other] = [
        await administrator(nodes[0].baseUrl, boss),
        await administrator(nodes[1].baseUrl, chief),
      ];
      const answers = await Promise.all([
        one.call('PATCH', '/clients/chief', { enabled: false }),
        other.call('PATCH', last, { enabled: false }),
      ]);
      // Whoever came second found its own token dead already, or was refused by the rule.
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 409 || status === 401)).toHaveLength(1);
      const rows = await database.query(
        `SELECT FROM oauth_client WHERE enabled AND client_id IN ('boss', 'chief')`,
      );
      expect(rows).toHaveLength(1);
    }
  });

  it('remains when two delete each other’s client by a third one’s token', async () => {
    await database.query(`UPDATE oauth_client SET enabled = true`);
    const third = await make({ scope: 'read write admin', allowed_ips: ['127.0.0.1'] });
    const [one, other] = [
      await administrator(nodes[0].baseUrl, third),
      await administrator(nodes[1].baseUrl, third),
    ];
    const answers = await Promise.all([
      one.call('PATCH', '/clients/chief', { grant_types: [] }),
      other.call('PATCH', last, { grant_types: [] }),
    ]);
    expect(statusesOf(answers)).toEqual([200, 409]);
    await database.query('DELETE FROM oauth_client WHERE client_id = $1', [third.clientId]);
  });
});

/** The secrets of a client, each with its end. */
function secretsIn(client: { secrets?: unknown }): string[] {
  const secrets = client.secrets as { secret_id: string; expires_at: string | null }[];
  return secrets.map(({ secret_id: id, expires_at: end }) => `${id} until ${end ?? 'ever'}`);
}
