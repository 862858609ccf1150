/** The audit trail: who did what, and why a caller was refused; over HTTP, on a real PostgreSQL. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { aClient } from '../support/builders.js';
import { basic, getToken, postForm, send, type Answer } from '../support/http.js';
import { startServer, type TestServer } from '../support/server.js';

const GRANT = 'grant_type=client_credentials';

let server: TestServer;
let authorization: string;

beforeAll(async () => {
  server = await startServer();
  authorization = `Bearer ${await getToken(server.baseUrl, server.admin, 'admin')}`;
});

afterAll(() => server.stop());

interface Event {
  readonly [field: string]: unknown;
  readonly time: string;
  readonly request_id: string;
}

function list(query = ''): Promise<Answer> {
  return send(`${server.baseUrl}/audit-events/${query}`, {
    headers: { Authorization: authorization },
  });
}

function items(answer: Answer): Event[] {
  return answer.body.items as Event[];
}

/** The events of a request, as soon as there are any. */
async function eventsOf(requestId: string): Promise<Event[]> {
  const end = performance.now() + 2000;
  for (;;) {
    const found = items(await list(`?request_id=${requestId}`));
    if (found.length > 0 || performance.now() > end) return found;
    await delay(50);
  }
}

describe('a refused client', () => {
  it.each<[string, Parameters<typeof aClient>[1], RegExp]>([
    [
      'with an expired secret',
      { expiresAt: new Date(Date.now() - 60_000) },
      /^secret …\w{4} expired at 20\S+Z$/,
    ],
    ['that is disabled', { enabled: false }, /^client is disabled$/],
    [
      'from an address that is not allowed',
      { allowedIps: ['192.0.2.1'] },
      /^address 127\.0\.0\.1 is not allowed$/,
    ],
    [
      'by a method that is not allowed',
      { tokenEndpointAuthMethod: 'client_secret_post' },
      /may only use/,
    ],
  ])(
    '%s finds its reason by the id of its request, within two seconds',
    async (_how, traits, reason) => {
      const client = await aClient(server.database, traits);
      const answer = await postForm(`${server.baseUrl}/o/token/`, GRANT, {
        Authorization: basic(client),
      });
      expect(answer.status).toBe(401);
      const requestId = String(answer.headers.get('x-request-id'));
      expect(await eventsOf(requestId)).toEqual([
        {
          event_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
          time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
          action: 'authentication.failed',
          actor: client.clientId,
          client_id: client.clientId,
          address: '127.0.0.1',
          request_id: requestId,
          outcome: 'failure',
          reason: expect.stringMatching(reason),
          changes: null,
          count: 1,
          request_ids: [],
        },
      ]);
    },
  );

  it('past twenty a minute is folded, and still found by the id of its request', async () => {
    const stale = { clientId: 'stale-machine', clientSecret: 'x' };
    const ids: string[] = [];
    for (let index = 0; index < 40; index += 1) {
      const answer = await postForm(`${server.baseUrl}/o/token/`, GRANT, {
        Authorization: basic(stale),
      });
      ids.push(String(answer.headers.get('x-request-id')));
    }
    const [folded] = await eventsOf(String(ids.at(-1)));
    expect(folded).toMatchObject({ client_id: 'stale-machine', reason: 'unknown client' });
    expect(Number(folded?.count)).toBeGreaterThan(1);
    const all = items(await list('?client_id=stale-machine&limit=200'));
    // Two where a flush, or the turn of a minute, fell into the row of forty.
    expect(all.filter(({ count }) => Number(count) > 1).length).toBeLessThanOrEqual(2);
    expect(all.reduce((sum, { count }) => sum + Number(count), 0)).toBe(40);
  });

  it('leaves no secret in the trail', async () => {
    const client = await aClient(server.database);
    const clientSecret = `wrong-${client.clientSecret}`;
    const answer = await postForm(`${server.baseUrl}/o/token/`, GRANT, {
      Authorization: basic({ ...client, clientSecret }),
    });
    const events = await eventsOf(String(answer.headers.get('x-request-id')));
    expect(events).toHaveLength(1);
    expect(JSON.stringify(events)).not.toContain(clientSecret);
  });
});

describe('the trail', () => {
  it('can not be changed, not even by the role that owns it', async () => {
    await postForm(`${server.baseUrl}/o/token/`, GRANT, { Authorization: `Basic ${btoa('a:b')}` });
    await delay(1500);
    for (const statement of [
      `UPDATE audit_event SET reason = 'none'`,
      'DELETE FROM audit_event',
      'TRUNCATE audit_event',
    ]) {
      await expect(server.database.query(statement)).rejects.toThrow('append-only');
    }
  });

  it('is told newest first, page by page, each event once, while new ones come', async () => {
    const insert = (count: number) =>
      server.database.query(
        `INSERT INTO audit_event (event_id, "time", action, actor, outcome)
         SELECT gen_random_uuid(), now() - make_interval(secs => n / 3), 'client.updated', 'pager', 'success'
         FROM generate_series(1, $1) AS n`,
        [count],
      );
    await insert(57);
    const seen: Event[] = [];
    let cursor: string | null = '';
    for (let page = 0; page < 10 && cursor !== null; page += 1) {
      const answer = await list(`?actor=pager&limit=10${cursor === '' ? '' : `&cursor=${cursor}`}`);
      expect(answer.status).toBe(200);
      seen.push(...items(answer));
      cursor = answer.body.next_cursor as string | null;
      if (page === 2) {
        await server.database.query(
          `INSERT INTO audit_event (event_id, action, actor, outcome)
           VALUES (gen_random_uuid(), 'client.updated', 'pager', 'success')`,
        );
      }
    }
    expect(seen).toHaveLength(57);
    expect(new Set(seen.map(({ event_id: id }) => id)).size).toBe(57);
    const times = seen.map(({ time }) => time);
    expect(times).toEqual(times.toSorted((one, other) => (one < other ? 1 : -1)));
  });

  it('is filtered by action, outcome and time', async () => {
    const from = new Date(Date.now() - 10_000).toISOString();
    const updates = items(await list('?action=client.updated&limit=200'));
    expect(new Set(updates.map(({ action }) => action))).toEqual(new Set(['client.updated']));
    const failures = items(await list('?outcome=failure&limit=200'));
    expect(new Set(failures.map(({ outcome }) => outcome))).toEqual(new Set(['failure']));
    const recent = items(await list(`?from=${from}&limit=200`));
    expect(recent.every(({ time }) => time >= from)).toBe(true);
    expect(items(await list('?to=2001-01-01T00:00:00Z'))).toEqual([]);
  });

  it.each([
    'limit=0',
    'limit=201',
    'limit=ten',
    'action=client.exploded',
    'outcome=perhaps',
    'from=yesterday',
    'to=2026-13-01T00:00:00Z',
    'cursor=garbage',
    'cursor=' + Buffer.from("2026-01-01T00:00:00.000000Z x' OR 1=1").toString('base64url'),
    'client_id=a&client_id=b',
    'request_id=%00',
    'colour=blue',
    'actor=' + 'x'.repeat(200),
  ])('refuses %s with 400 and the parameter’s name', async (query) => {
    const answer = await list(`?${query}`);
    expect({ status: answer.status, type: answer.body.type }).toEqual({
      status: 400,
      type: expect.stringMatching(/\/errors\/invalid_parameter$/),
    });
    expect(answer.body.detail).toContain(query.split('=', 1)[0]);
  });

  it('is for administrators alone', async () => {
    const reader = await aClient(server.database);
    const token = await getToken(server.baseUrl, reader);
    const answer = await send(`${server.baseUrl}/audit-events/`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    expect(answer.status).toBe(403);
    expect((await send(`${server.baseUrl}/audit-events/`)).status).toBe(401);
  });
});
