/**
 * Secrets: made, rotated with an overlap, deleted, by administrators and by clients themselves.
 * Real: the built server and PostgreSQL.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  administrator,
  credentialsIn,
  statusesOf,
  type Administrator,
} from '../support/administrator.js';
import type { StoredClient } from '../support/builders.js';
import { basic, getToken, postForm, type Answer } from '../support/http.js';
import { startServer, type TestServer } from '../support/server.js';

let server: TestServer;
let admin: Administrator;

beforeAll(async () => {
  server = await startServer();
  admin = await administrator(server.baseUrl, server.admin);
});

afterAll(() => server.stop());

interface Secret {
  secret_id: string;
  hint: string;
  expires_at: string | null;
}

/** A client with one secret, and what is done with it. */
async function aPartner(settings: object = {}) {
  const made = await admin.call('POST', '/clients/', {
    client_name: 'Partner',
    scope: 'read write',
    ...settings,
  });
  const first = credentialsIn(made);
  const path = `/clients/${first.clientId}`;
  return {
    first,
    path,
    rotate: (body?: unknown) => admin.call('POST', `${path}/secrets`, body),
    remove: (secretId: string, query = '') =>
      admin.call('DELETE', `${path}/secrets/${secretId}${query}`),
    read: () => admin.call('GET', path),
    secrets: async () => (await admin.call('GET', path)).body.secrets as Secret[],
    using: (answer: Answer): StoredClient => ({
      clientId: first.clientId,
      clientSecret: String(answer.body.client_secret),
    }),
  };
}

/** Whether a client gets in with a secret. */
async function works(client: StoredClient): Promise<boolean> {
  const { status } = await postForm(
    `${server.baseUrl}/o/token/`,
    { grant_type: 'client_credentials' },
    { Authorization: basic(client) },
  );
  return status === 200;
}

/** Whether a token is let in somewhere. */
async function lives(token: string): Promise<boolean> {
  const response = await fetch(`${server.baseUrl}/scopes/`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  return response.status === 200;
}

const anyTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/);

function secondsUntil(time: string | null | undefined): number {
  return (Date.parse(time ?? '') - Date.now()) / 1000;
}

function rotateOwn(client: StoredClient, form: Record<string, string> = {}): Promise<Answer> {
  return postForm(
    `${server.baseUrl}/o/client/secrets`,
    { unknown: '', ...form },
    {
      Authorization: basic(client),
    },
  );
}

/** Without refusals, which are written within a second of them, at a moment that nobody can foretell. */
async function eventsOf(clientId: string) {
  return server.database.query<{ action: string; actor: string; reason: string; changes: unknown }>(
    `SELECT action, actor, reason, changes FROM audit_event
      WHERE client_id = $1 AND action <> 'authentication.failed' ORDER BY "time"`,
    [clientId],
  );
}

describe('POST /clients/{client_id}/secrets', () => {
  it('answers 201 with the secret, this once', async () => {
    const partner = await aPartner();
    const answer = await partner.rotate({});
    expect(answer.status).toBe(201);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body).toEqual({
      secret_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      client_secret: expect.stringMatching(/^pst_[A-Za-z0-9]{40}$/),
      hint: `…${String(answer.body.client_secret).slice(-4)}`,
      created_at: anyTime,
      expires_at: null,
      last_used_at: null,
      last_used_address: null,
    });
    const { text, body } = await partner.read();
    expect(text).not.toContain(answer.body.client_secret);
    expect(body.version).toBe(2);
  });

  it.each([undefined, {}, { expires_previous_in: null, expires_at: null, revoke_tokens: null }])(
    'leaves the secrets before it as they are where nothing is said of them: %j',
    async (body) => {
      const partner = await aPartner();
      const second = await partner.rotate(body);
      expect(second.status).toBe(201);
      expect(await works(partner.first)).toBe(true);
      expect(await works(partner.using(second))).toBe(true);
    },
  );

  it('with expires_previous_in lets the secrets before it end then, and none later than it would', async () => {
    const partner = await aPartner();
    const brief = await partner.rotate({ expires_at: new Date(Date.now() + 60_000).toISOString() });
    const last = await partner.rotate({ expires_previous_in: 3600 });
    const [first, second, third] = await partner.secrets();
    expect(secondsUntil(first?.expires_at)).toBeGreaterThan(3590);
    expect(secondsUntil(first?.expires_at)).toBeLessThanOrEqual(3600);
    expect(second?.expires_at).toBe(brief.body.expires_at);
    expect(third?.expires_at).toBeNull();
    for (const client of [partner.first, partner.using(brief), partner.using(last)]) {
      expect(await works(client)).toBe(true);
    }
  });

  it('with expires_previous_in 1 the overlap ends by itself', async () => {
    const partner = await aPartner();
    const next = await partner.rotate({ expires_previous_in: 1 });
    expect(await works(partner.first)).toBe(true);
    await new Promise((resolve) => {
      setTimeout(resolve, 1100);
    });
    expect(await works(partner.first)).toBe(false);
    expect(await works(partner.using(next))).toBe(true);
  });

  it('with expires_previous_in 0 ends the secrets before it at once, and leaves the tokens', async () => {
    const partner = await aPartner();
    const token = await getToken(server.baseUrl, partner.first);
    const next = await partner.rotate({ expires_previous_in: 0 });
    expect(await works(partner.first)).toBe(false);
    expect(await works(partner.using(next))).toBe(true);
    expect(await lives(token)).toBe(true);
  });

  it('with revoke_tokens kills the tokens got with the secrets that end, and no others', async () => {
    const [partner, other] = [await aPartner(), await aPartner()];
    const leaked = await getToken(server.baseUrl, partner.first);
    const others = await getToken(server.baseUrl, other.first);
    const next = await partner.rotate({ expires_previous_in: 0, revoke_tokens: true });
    expect(next.status).toBe(201);
    expect(await lives(leaked)).toBe(false);
    expect(await lives(others)).toBe(true);
    expect(await lives(await getToken(server.baseUrl, partner.using(next)))).toBe(true);
    const events = await eventsOf(partner.first.clientId);
    expect(events.map(({ action }) => action)).toEqual([
      'client.created',
      'tokens.revoked',
      'secret.created',
    ]);
    expect(events[1]?.reason).toContain(`…${partner.first.clientSecret.slice(-4)}`);
    expect(JSON.stringify(events)).not.toContain('pst_');
  });

  it('ends at its own expires_at', async () => {
    const partner = await aPartner();
    const brief = await partner.rotate({ expires_at: new Date(Date.now() + 1500).toISOString() });
    expect(await works(partner.using(brief))).toBe(true);
    await new Promise((resolve) => {
      setTimeout(resolve, 1600);
    });
    expect(await works(partner.using(brief))).toBe(false);
  });

  it.each([
    [{ expires_previous_in: -1 }, '/expires_previous_in'],
    [{ expires_previous_in: 31_536_001 }, '/expires_previous_in'],
    [{ expires_previous_in: 0.5 }, '/expires_previous_in'],
    [{ expires_previous_in: '0' }, '/expires_previous_in'],
    [{ expires_at: '2020-01-01T00:00:00Z' }, '/expires_at'],
    [{ expires_at: 'tomorrow' }, '/expires_at'],
    [{ expires_at: '2099-01-01T00:00:00' }, '/expires_at'],
    [{ expires_at: '2099-02-29' }, '/expires_at'],
    [{ expires_at: 4_070_908_800 }, '/expires_at'],
    [{ expires_at: '2099-01-01\0' }, '/expires_at'],
    [{ revoke_tokens: 'true', expires_previous_in: 0 }, '/revoke_tokens'],
    [{ revoke_tokens: true }, '/revoke_tokens'],
    [{ revoke_tokens: true, expires_previous_in: 60 }, '/revoke_tokens'],
    [{ client_secret: 'one-of-my-own-of-more-than-32-letters' }, '/client_secret'],
  ])('refuses %j at %s, and nothing is changed', async (body, pointer) => {
    const partner = await aPartner();
    const answer = await partner.rotate(body);
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toEqual([{ pointer, detail: expect.any(String) }]);
    expect((await partner.read()).body.version).toBe(1);
    expect(await partner.secrets()).toHaveLength(1);
  });

  it('five work at a time and no more; with those before it ended there is room', async () => {
    const partner = await aPartner();
    for (let made = 2; made <= 5; made += 1) expect((await partner.rotate({})).status).toBe(201);
    expect((await partner.rotate({})).status).toBe(409);
    expect((await partner.rotate({ expires_previous_in: 60 })).status).toBe(409);
    expect(await partner.secrets()).toHaveLength(5);
    expect((await partner.secrets()).every(({ expires_at }) => expires_at === null)).toBe(true);
    expect((await partner.rotate({ expires_previous_in: 0 })).status).toBe(201);
    expect((await partner.rotate({})).status).toBe(201);
  });

  it('is held to five when many ask at once', async () => {
    const partner = await aPartner();
    const answers = await Promise.all(Array.from({ length: 12 }, () => partner.rotate({})));
    expect(statusesOf(answers)).toEqual([
      ...Array<number>(4).fill(201),
      ...Array<number>(8).fill(409),
    ]);
    expect(await partner.secrets()).toHaveLength(5);
  });

  it('ended secrets do not pile up: the last ten are kept', async () => {
    const partner = await aPartner();
    for (let turn = 0; turn < 14; turn += 1) await partner.rotate({ expires_previous_in: 0 });
    const secrets = await partner.secrets();
    expect(secrets.length).toBeLessThanOrEqual(12);
    expect(secrets.at(-1)?.expires_at).toBeNull();
  });
});

describe('DELETE /clients/{client_id}/secrets/{secret_id}', () => {
  it('answers 204; the secret is of no use, its tokens live', async () => {
    const partner = await aPartner();
    const [first] = await partner.secrets();
    const next = await partner.rotate({});
    const token = await getToken(server.baseUrl, partner.first);
    expect(await partner.remove(first?.secret_id ?? '')).toMatchObject({ status: 204, text: '' });
    expect(await works(partner.first)).toBe(false);
    expect(await works(partner.using(next))).toBe(true);
    expect(await lives(token)).toBe(true);
    expect((await partner.remove(first?.secret_id ?? '')).status).toBe(404);
    const events = await eventsOf(partner.first.clientId);
    expect(events.at(-1)).toMatchObject({ action: 'secret.deleted', actor: 'test-admin' });
  });

  it('with revoke_tokens=true its tokens die, and those of the other secrets live', async () => {
    const partner = await aPartner();
    const [first] = await partner.secrets();
    const next = await partner.rotate({});
    const leaked = await getToken(server.baseUrl, partner.first);
    const good = await getToken(server.baseUrl, partner.using(next));
    expect((await partner.remove(first?.secret_id ?? '', '?revoke_tokens=true')).status).toBe(204);
    expect(await lives(leaked)).toBe(false);
    expect(await lives(good)).toBe(true);
  });

  it('of the last one that works is refused, whatever has ended beside it', async () => {
    const partner = await aPartner();
    const [first] = await partner.secrets();
    expect((await partner.remove(first?.secret_id ?? '')).status).toBe(409);
    await partner.rotate({ expires_previous_in: 0 });
    const [ended, working] = await partner.secrets();
    const refused = await partner.remove(working?.secret_id ?? '', '?revoke_tokens=true');
    expect(refused.status).toBe(409);
    expect(refused.body.detail).toContain('disable the client');
    expect(await partner.secrets()).toHaveLength(2);
    expect((await partner.remove(ended?.secret_id ?? '')).status).toBe(204);
  });

  it('of the last two at once leaves one', async () => {
    const partner = await aPartner();
    await partner.rotate({});
    const secrets = await partner.secrets();
    const answers = await Promise.all(secrets.map(({ secret_id: id }) => partner.remove(id)));
    expect(statusesOf(answers)).toEqual([204, 409]);
    expect(await partner.secrets()).toHaveLength(1);
  });

  it('of another client is not found', async () => {
    const [partner, other] = [await aPartner(), await aPartner()];
    await other.rotate({});
    const [foreign] = await other.secrets();
    expect((await partner.remove(foreign?.secret_id ?? '')).status).toBe(404);
    expect(await other.secrets()).toHaveLength(2);
  });

  it('refuses by name a revoke_tokens that is neither true nor false', async () => {
    const partner = await aPartner();
    const answer = await partner.remove('x', '?revoke_tokens=yes');
    expect(answer.status).toBe(400);
    expect(answer.body.detail).toContain('revoke_tokens');
  });
});

describe('POST /o/client/secrets', () => {
  it('gives a client a new secret of its own, as an administrator would', async () => {
    const partner = await aPartner({ self_rotation: true });
    const answer = await rotateOwn(partner.first, { expires_previous_in: '3600' });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(Object.keys(answer.body).toSorted()).toEqual([
      'client_secret',
      'created_at',
      'expires_at',
      'hint',
      'last_used_address',
      'last_used_at',
      'secret_id',
    ]);
    expect(await works(partner.using(answer))).toBe(true);
    const [first] = await partner.secrets();
    expect(secondsUntil(first?.expires_at)).toBeGreaterThan(3590);
    const events = await eventsOf(partner.first.clientId);
    expect(events.at(-1)).toMatchObject({
      action: 'secret.created',
      actor: partner.first.clientId,
    });
  });

  it('takes the credentials in the body too, and after a leak kills the tokens', async () => {
    const partner = await aPartner({ self_rotation: true });
    const leaked = await getToken(server.baseUrl, partner.first);
    const answer = await postForm(`${server.baseUrl}/o/client/secrets/`, {
      client_id: partner.first.clientId,
      client_secret: partner.first.clientSecret,
      expires_previous_in: '0',
      revoke_tokens: 'true',
    });
    expect(answer.status).toBe(201);
    expect(await works(partner.first)).toBe(false);
    expect(await lives(leaked)).toBe(false);
  });

  it('is 403 as a problem document where the client may not, and nothing is changed', async () => {
    const partner = await aPartner();
    const answer = await rotateOwn(partner.first, { expires_previous_in: '0' });
    expect(answer.status).toBe(403);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body).toMatchObject({
      status: 403,
      type: expect.stringContaining('/errors/self_rotation_not_allowed'),
      request_id: answer.headers.get('x-request-id'),
    });
    expect(await partner.secrets()).toHaveLength(1);
    expect(await works(partner.first)).toBe(true);
  });

  it('authenticates as the token endpoint does: 401 in OAuth JSON', async () => {
    const partner = await aPartner({ self_rotation: true });
    const answer = await rotateOwn({ ...partner.first, clientSecret: 'wrong' });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Basic realm="oauth"');
    expect(answer.body.error).toBe('invalid_client');
  });

  it.each([
    [{ expires_previous_in: '-1' }, '/expires_previous_in'],
    [{ expires_previous_in: '1e3' }, '/expires_previous_in'],
    [{ expires_previous_in: ' 1' }, '/expires_previous_in'],
    [{ expires_at: 'soon' }, '/expires_at'],
    [{ expires_at: '2020-01-01' }, '/expires_at'],
    [{ expires_previous_in: '0', revoke_tokens: '1' }, '/revoke_tokens'],
    [{ revoke_tokens: 'true' }, '/revoke_tokens'],
  ])('refuses %j with a pointer, never to be stored', async (form, pointer) => {
    const partner = await aPartner({ self_rotation: true });
    const answer = await rotateOwn(partner.first, form);
    expect(answer.status).toBe(422);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body.errors).toMatchObject([{ pointer }]);
    expect(await partner.secrets()).toHaveLength(1);
  });

  it('holds the limit of five: 409 as a problem document', async () => {
    const partner = await aPartner({ self_rotation: true });
    for (let made = 2; made <= 5; made += 1) await rotateOwn(partner.first);
    const answer = await rotateOwn(partner.first);
    expect(answer.status).toBe(409);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  it('is for POST alone: 405', async () => {
    const response = await fetch(`${server.baseUrl}/o/client/secrets`);
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
  });
});
