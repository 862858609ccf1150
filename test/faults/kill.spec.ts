/**
 * Nothing that was answered is lost or taken back by kill -9, of a node or of the database; and what
 * was not answered was done with its audit event, or not at all. Real: processes of the built
 * server, SIGKILL, PostgreSQL.
 */
import { expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { generateClientSecret } from '../../src/clients/domain/client-secret.js';
import { administrator, credentialsIn } from '../support/administrator.js';
import { createDatabase } from '../support/database.js';
import { DebianPostgres, describeWithDebianPostgres } from '../support/debian-postgres.js';
import { basic, postForm } from '../support/http.js';
import { inFull } from '../support/lengths.js';
import { MixedLoad, type Ledger } from '../support/mixed-load.js';
import { freePort, startProcess, type ServerProcess } from '../support/server.js';

const KILLS_OF_A_NODE = inFull(50, 3);
const KILLS_OF_THE_DATABASE = inFull(10, 1);
/** A node is killed so long after the last one, at the most. */
const MOST_PAUSE_MS = 700;
const SERVED_AGAIN_WITHIN_MS = 30_000;
const LONG = 10 * 60_000;
/** Of the questions afterwards. */
const AT_A_TIME = 16;

type Query = <Row extends object>(text: string) => Promise<Row[]>;

const admin = { clientId: 'test-admin', clientSecret: generateClientSecret() };

/** Starts a node, on a port of its own that it keeps over its lives. */
function startNode(url: string, port: number): Promise<ServerProcess> {
  return startProcess({
    PORT: String(port),
    DATABASE_URL: url,
    ADMIN_CLIENT_ID: admin.clientId,
    ADMIN_CLIENT_SECRET: admin.clientSecret,
    PUBLIC_URL: 'http://nodes.postern.test',
    SHUTDOWN_DRAIN_MS: '0',
  });
}

it(
  `kill -9 of a node under load, ${KILLS_OF_A_NODE} times: what was answered holds`,
  async () => {
    const database = await createDatabase();
    const ports = await Promise.all([freePort(), freePort(), freePort()]);
    const start = (port: number) => startNode(database.url, port);
    let nodes: ServerProcess[] = [];
    try {
      nodes = await Promise.all(ports.map(start));
      const load = await MixedLoad.start(nodes, admin);
      await load.ledger.answered(100);
      for (let kills = 0; kills < KILLS_OF_A_NODE; kills += 1) {
        await delay(Math.random() * MOST_PAUSE_MS);
        const [victim] = nodes.splice(Math.floor(Math.random() * nodes.length), 1);
        await victim?.stop('SIGKILL');
        // One that is killed while another has not come back yet would leave too few.
        nodes.push(await start(Number(new URL(victim?.baseUrl ?? '').port)));
      }
      await load.ledger.answered(100);
      await load.stop();
      // One that has just started has nothing in its caches.
      const fresh = await start(await freePort());
      nodes.push(fresh);
      await assertKept(load.ledger, fresh.baseUrl, (text) => database.query(text));
      tell('kill -9 of a node', KILLS_OF_A_NODE, load.ledger);
      // Of a few kills, all may have come between two requests.
      expect(load.ledger.unanswered).toBeGreaterThanOrEqual(inFull(1, 0));
      expect(load.ledger.refused.filter((status) => status !== 503)).toEqual([]);
    } finally {
      await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
      await database.drop();
    }
  },
  LONG,
);

describeWithDebianPostgres('kill -9 of PostgreSQL with all its processes', () => {
  it(
    `under load, ${KILLS_OF_THE_DATABASE} times: what was answered holds`,
    async () => {
      const postgres = await DebianPostgres.make();
      const nodes: ServerProcess[] = [];
      try {
        await postgres.start();
        nodes.push(await startNode(postgres.url, await freePort()));
        nodes.push(await startNode(postgres.url, await freePort()));
        const load = await MixedLoad.start(nodes, admin);
        await load.ledger.answered(100);
        for (let kills = 0; kills < KILLS_OF_THE_DATABASE; kills += 1) {
          await delay(Math.random() * MOST_PAUSE_MS);
          await postgres.kill();
          await postgres.start();
          await load.ledger.answered(50, SERVED_AGAIN_WITHIN_MS);
        }
        await load.stop();
        const fresh = await startNode(postgres.url, await freePort());
        nodes.push(fresh);
        await assertKept(load.ledger, fresh.baseUrl, (text) => postgres.query(text));
        tell('kill -9 of PostgreSQL', KILLS_OF_THE_DATABASE, load.ledger);
        // A node outlives it: none was started anew, and all that it said meanwhile was 503.
        expect(nodes.map(({ process: { exitCode } }) => exitCode)).toEqual([null, null, null]);
        expect(load.ledger.refused.filter((status) => status !== 503)).toEqual([]);
      } finally {
        await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
        await postgres.remove();
      }
    },
    LONG,
  );
});

function tell(what: string, times: number, ledger: Ledger): void {
  process.stderr.write(`${what}, ${times} times: ${ledger.summary()}\n`);
}

/** Holds what was answered, and what was not, against a node and the database. */
async function assertKept(ledger: Ledger, baseUrl: string, query: Query): Promise<void> {
  await assertTokens(ledger, baseUrl);
  await assertClients(ledger, baseUrl);
  await assertAudit(ledger, query);
}

async function assertTokens(ledger: Ledger, baseUrl: string): Promise<void> {
  const ofClients = ledger.clients.flatMap(({ token }) => token ?? []);
  const all = [...ledger.tokens, ...ledger.revoked, ...ofClients];
  const active = await introspected(baseUrl, all);
  expect(ledger.tokens.filter((token) => !active.has(token))).toEqual([]);
  expect(ledger.revoked.filter((token) => active.has(token))).toEqual([]);
  for (const { clientId, token, disabled, tokensRevoked } of ledger.clients) {
    const kills = [disabled, tokensRevoked];
    // What was not answered may have been done.
    if (token === undefined || kills.includes('unanswered')) continue;
    expect([clientId, active.has(token)]).toEqual([clientId, !kills.includes('answered')]);
  }
}

/** Those of the tokens that are active. */
async function introspected(baseUrl: string, tokens: readonly string[]): Promise<Set<string>> {
  const by = await administrator(baseUrl, admin);
  const settings = { client_name: 'Introspector', scope: 'introspection', grant_types: [] };
  const client = credentialsIn(await by.call('POST', '/clients/', settings));
  const headers = { Authorization: basic(client) };
  const active = new Set<string>();
  await inTurn(tokens, async (token) => {
    const { status, body } = await postForm(`${baseUrl}/o/introspect/`, { token }, headers);
    expect(status).toBe(200);
    if (body.active === true) active.add(token);
  });
  return active;
}

async function assertClients(ledger: Ledger, baseUrl: string): Promise<void> {
  const by = await administrator(baseUrl, admin);
  const known = ledger.clients.filter(({ made }) => made === 'answered');
  await inTurn(known, async ({ clientId, secrets, disabled }) => {
    const { status, body } = await by.call('GET', `/clients/${clientId}`);
    expect([clientId, status]).toEqual([clientId, 200]);
    if (disabled === 'unanswered') return;
    expect([clientId, body.enabled]).toEqual([clientId, disabled === 'not sent']);
    for (const clientSecret of secrets) {
      const headers = { Authorization: basic({ clientId, clientSecret }) };
      const form = { grant_type: 'client_credentials' };
      const answer = await postForm(`${baseUrl}/o/token/`, form, headers);
      const expected = disabled === 'not sent' ? 200 : 401;
      expect([clientId, answer.status]).toEqual([clientId, expected]);
    }
  });
}

/** Every client of the load with what was done to it, and with the events of that. */
const STATES = `
  SELECT c.client_id, e.created, s.secrets - 1 - e.rotated AS secrets,
    c.version - 1 - e.rotated - e.updated AS versions,
    c.token_epoch - e.updated - e.revoked AS epochs,
    (NOT c.enabled)::integer - e.updated AS disabled
  FROM oauth_client c
  CROSS JOIN LATERAL (
    SELECT count(*)::integer AS secrets FROM oauth_client_secret WHERE client = c.id
  ) AS s
  CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE action = 'client.created')::integer AS created,
      count(*) FILTER (WHERE action = 'secret.created')::integer AS rotated,
      count(*) FILTER (WHERE action = 'client.updated')::integer AS updated,
      count(*) FILTER (WHERE action = 'tokens.revoked')::integer AS revoked
    FROM audit_event WHERE client_id = c.client_id AND outcome = 'success'
  ) AS e
  WHERE c.client_id LIKE 'made-%'`;

const EVENTS = `
  SELECT request_id, client_id, action FROM audit_event
  WHERE outcome = 'success'
    AND (client_id LIKE 'made-%' OR (client_id = '${admin.clientId}' AND action = 'tokens.revoked'))`;

const REVOKED = `
  SELECT count(*)::integer AS tokens FROM oauth_access_token WHERE revoked_at IS NOT NULL`;

/** Exactly one event for each effect, and none without: also where no answer arrived. */
async function assertAudit(ledger: Ledger, query: Query): Promise<void> {
  const states = await query<Record<string, unknown>>(STATES);
  const asTold = { created: 1, secrets: 0, versions: 0, epochs: 0, disabled: 0 };
  for (const { client_id, ...differences } of states) {
    expect([client_id, differences]).toEqual([client_id, asTold]);
  }
  const events = await query<{ request_id: string; client_id: string; action: string }>(EVENTS);
  const made = new Set([admin.clientId, ...states.map(({ client_id }) => client_id)]);
  expect(events.filter(({ client_id }) => !made.has(client_id))).toEqual([]);
  const revocations = events.filter(({ client_id }) => client_id === admin.clientId);
  expect(await query(REVOKED)).toEqual([{ tokens: revocations.length }]);
  const actions = new Map(events.map(({ request_id, action }) => [request_id, action]));
  // No request has two.
  expect(actions.size).toBe(events.length);
  for (const [requestId, action] of ledger.events) {
    expect([requestId, actions.get(requestId)]).toEqual([requestId, action]);
  }
}

async function inTurn<Item>(
  items: readonly Item[],
  task: (item: Item) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const work = async (): Promise<void> => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await task(item);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
}
