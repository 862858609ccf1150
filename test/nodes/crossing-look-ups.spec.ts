/**
 * A look-up that crosses a kill: the database has answered it that all is well, and while the answer
 * is on its way the node is told of the kill. It may let that one request in, but must leave nothing
 * behind for the next. Real: the built server (two nodes) and PostgreSQL, with a proxy between that
 * holds the answers back.
 */
import { aClient, type StoredClient } from '../support/builders.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { basic, getToken, postForm, send, type Answer } from '../support/http.js';
import { metric } from '../support/metrics.js';
import { startServerNodes, type ServerNodes } from '../support/server-nodes.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

const FEED = 'postern-invalidation';
const POOL = 'postern';
const WITHIN_MS = 3000;

let database: TestDatabase;
let proxy: TcpProxy;
let servers: ServerNodes;
/** The one that kills, and the one whose look-up crosses. */
let here: string;
let there: string;
let adminToken: string;

beforeAll(async () => {
  database = await createDatabase();
  proxy = await TcpProxy.start(database.url);
  servers = await startServerNodes(database, [
    {},
    { DATABASE_URL: proxy.url, DB_TIMEOUT_MS: '4000' },
  ]);
  [here = '', there = ''] = servers.nodes.map(({ baseUrl }) => baseUrl);
  adminToken = await getToken(here, servers.admin, 'admin');
});

afterAll(async () => {
  await servers?.stop();
  await proxy?.close();
  await database?.drop();
});

const withToken = (baseUrl: string, token: string): Promise<Answer> =>
  send(`${baseUrl}/access-rules/`, { headers: { Authorization: `Bearer ${token}` } });

const tokenRequest = (client: StoredClient): Promise<Answer> =>
  postForm(`${there}/o/token/`, 'grant_type=client_credentials', { Authorization: basic(client) });

const change = (method: string, path: string, body?: object): Promise<Answer> =>
  send(`${here}${path}`, {
    method,
    headers: { Authorization: `Bearer ${adminToken}`, 'Content-Type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

/** Whether the database has answered a statement since a moment, by its own clock. */
async function answered(text: string, since: Date): Promise<boolean> {
  const rows = await database.query(
    `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1
       AND position($2 IN query) > 0 AND state = 'idle' AND state_change > $3`,
    [POOL, text, since],
  );
  return rows.length > 0;
}

/** Whether the other node has read the log since a moment, on its way that is not held up. */
async function hasRead(since: number): Promise<boolean> {
  return (await metric(there, 'postern_invalidation_last_read_timestamp_seconds')) * 1000 > since;
}

/**
 * Holds back what the database answers to a request, kills meanwhile, and lets the answer go when
 * the node has been told.
 *
 * @param statement a part of the one that looks up
 */
async function crossing(
  statement: string,
  request: () => Promise<Answer>,
  kill: () => Promise<Answer>,
): Promise<Answer> {
  const [row] = await database.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  const since = row?.now ?? new Date();
  proxy.set({ kind: 'none' }, FEED);
  proxy.set({ kind: 'stall', direction: 'back' }, POOL);
  const held = request();
  await until(() => answered(statement, since), WITHIN_MS);
  expect((await kill()).status).toBeLessThan(300);
  const killedAt = Date.now();
  await until(() => hasRead(killedAt), WITHIN_MS);
  proxy.pass();
  return held;
}

describe('A look-up that crosses a kill leaves nothing live behind', () => {
  let client: StoredClient;

  beforeEach(async () => {
    client = await aClient(database, { scopes: ['read', 'admin'] });
    // The node has a connection to ask on; and from the second time on, when its cache is asked, it
    // reads the log.
    expect((await withToken(there, adminToken)).status).toBe(200);
    expect((await withToken(there, adminToken)).status).toBe(200);
    await until(() => hasRead(Date.now() - 400), WITHIN_MS);
  });

  const TOKEN_LOOK_UP = 'FROM oauth_access_token t JOIN oauth_client c';

  it.each<[string, number, (token: string) => Promise<Answer>]>([
    [
      'a revoked token',
      401,
      (token) => postForm(`${here}/o/revoke_token/`, { token }, { Authorization: basic(client) }),
    ],
    [
      'a disabled client',
      401,
      () => change('PATCH', `/clients/${client.clientId}`, { enabled: false }),
    ],
    ['a deleted client', 401, () => change('DELETE', `/clients/${client.clientId}`)],
    [
      'a narrowed scope',
      403,
      () => change('PATCH', `/clients/${client.clientId}`, { scope: 'read' }),
    ],
    ['all tokens of a client', 401, () => change('DELETE', `/clients/${client.clientId}/tokens`)],
  ])('of the tokens: %s', async (_what, refusal, kill) => {
    const token = await getToken(here, client, 'read admin');
    const held = await crossing(
      TOKEN_LOOK_UP,
      () => withToken(there, token),
      () => kill(token),
    );
    // It was sent before: so the database had found the token alive, and the answer did cross.
    expect(held.status).toBe(200);
    expect((await withToken(there, token)).status).toBe(refusal);
  });

  it('of the clients: a rotated secret', async () => {
    const held = await crossing(
      '$1::text AS "clientId"',
      () => tokenRequest(client),
      () => change('POST', `/clients/${client.clientId}/secrets`, { expires_previous_in: 0 }),
    );
    expect(held.status).toBe(200);
    expect((await tokenRequest(client)).status).toBe(401);
  });
});
