import { expect } from '@jest/globals';
import { administrator, anIntrospector } from './administrator.js';
import type { StoredClient } from './builders.js';
import { basic, postForm } from './http.js';
import type { Ledger } from './mixed-load.js';

/** Of the questions. */
const AT_A_TIME = 16;

type Query = <Row extends object>(text: string) => Promise<Row[]>;

/** Holds what was answered, and what was not, against a node and the database. */
export async function assertKept(
  ledger: Ledger,
  baseUrl: string,
  admin: StoredClient,
  query: Query,
): Promise<void> {
  await assertTokensOf(ledger, baseUrl, admin);
  await assertClients(ledger, baseUrl, admin);
  await assertAudit(ledger, admin, query);
}

async function assertTokensOf(ledger: Ledger, baseUrl: string, admin: StoredClient): Promise<void> {
  const ofClients = ledger.clients.flatMap(({ token }) => token ?? []);
  const { tokens: live, revoked } = ledger;
  const active = await assertTokensKept({ live, revoked }, baseUrl, admin, ofClients);
  for (const { clientId, token, disabled, tokensRevoked } of ledger.clients) {
    const kills = [disabled, tokensRevoked];
    // What was not answered may have been done.
    if (token === undefined || kills.includes('unanswered')) continue;
    expect([clientId, active.has(token)]).toEqual([clientId, !kills.includes('answered')]);
  }
}

/**
 * Holds that tokens are live, and others not, as was answered.
 *
 * @returns those that are active, of these and of more
 */
export async function assertTokensKept(
  { live, revoked }: { readonly live: readonly string[]; readonly revoked: readonly string[] },
  baseUrl: string,
  admin: StoredClient,
  more: readonly string[] = [],
): Promise<Set<string>> {
  const active = await introspected(baseUrl, admin, [...live, ...revoked, ...more]);
  expect(live.filter((token) => !active.has(token))).toEqual([]);
  expect(revoked.filter((token) => active.has(token))).toEqual([]);
  return active;
}

/** Those of the tokens that are active. */
async function introspected(
  baseUrl: string,
  admin: StoredClient,
  tokens: readonly string[],
): Promise<Set<string>> {
  const by = await administrator(baseUrl, admin);
  const headers = { Authorization: basic(await anIntrospector(by)) };
  const active = new Set<string>();
  await inTurn(tokens, async (token) => {
    const { status, body } = await postForm(`${baseUrl}/o/introspect/`, { token }, headers);
    expect(status).toBe(200);
    if (body.active === true) active.add(token);
  });
  return active;
}

async function assertClients(ledger: Ledger, baseUrl: string, admin: StoredClient): Promise<void> {
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

const eventsOf = ({ clientId }: StoredClient): string => `
  SELECT request_id, client_id, action FROM audit_event
  WHERE outcome = 'success'
    AND (client_id LIKE 'made-%' OR (client_id = '${clientId}' AND action = 'tokens.revoked'))`;

const REVOKED = `
  SELECT count(*)::integer AS tokens FROM oauth_access_token WHERE revoked_at IS NOT NULL`;

/** Exactly one event for each effect, and none without: also where no answer arrived. */
async function assertAudit(ledger: Ledger, admin: StoredClient, query: Query): Promise<void> {
  const states = await query<Record<string, unknown>>(STATES);
  const asTold = { created: 1, secrets: 0, versions: 0, epochs: 0, disabled: 0 };
  for (const { client_id, ...differences } of states) {
    expect([client_id, differences]).toEqual([client_id, asTold]);
  }
  const events = await query<{ request_id: string; client_id: string; action: string }>(
    eventsOf(admin),
  );
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
