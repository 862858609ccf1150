/**
 * A list of 100,000 clients: every kind of question is answered by index alone, page after page.
 * Real: the built server and PostgreSQL. The plans are those of the statements that the server
 * runs, with the same setting. `docs/clients-at-scale.md` shows them; to write it anew:
 * `WRITE_PLANS=1 npm test -- test/contract/clients-at-scale`.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { CLIENT_SORTS, type ClientQuery } from '../../src/clients/domain/client-list.js';
import {
  countStatement,
  pageStatement,
  type BoundStatement,
} from '../../src/clients/storage/client-list.query.js';
import { getToken, send } from '../support/http.js';
import { startServer, type TestServer } from '../support/server.js';

const CLIENTS = 100_000;
/** How far the server counts. */
const COUNTED = 10_000;
const DAY_MS = 86_400_000;

/** One in twenty can't write, one in 500 has `introspection`, one in 50 is off, 7 in 10 are used. */
const SEED = `
  INSERT INTO oauth_client (client_id, client_name, scopes, default_scopes, enabled, created_at)
  SELECT 'seed' || lpad(n::text, 8, '0'),
    (ARRAY['Billing','Reporting','Ledger','Payout','Rates','Risk','Zürich Desk','請求書'])[1 + n % 8]
      || ' ' || md5(n::text),
    CASE WHEN n % 500 = 0 THEN '{read,introspection}'::text[]
      WHEN n % 20 = 0 THEN '{read}' ELSE '{read,write}' END,
    '{read}', n % 50 <> 0, now() - interval '2 years' + n * interval '10 minutes'
  FROM generate_series(1, ${CLIENTS}) AS n`;
const SEED_SECRETS = `
  INSERT INTO oauth_client_secret (secret_id, client, digest, hint, expires_at)
  SELECT gen_random_uuid(), id, sha256(client_id::bytea), right(client_id, 4),
    CASE WHEN id % 10 = 0 THEN now() + id * interval '10 minutes' END
  FROM oauth_client WHERE client_id LIKE 'seed%'`;
const SEED_USAGE = `
  UPDATE oauth_client_usage SET last_used_at = now() - client * interval '3 minutes'
  WHERE client % 10 < 7`;

const ago = (days: number): Date => new Date(Date.now() - days * DAY_MS);

const QUESTIONS: readonly [string, Partial<ClientQuery>][] = [
  ['all', {}],
  ['a part of the name', { text: 'LLING 3F' }],
  ['a part of the name that many have', { text: 'billing' }],
  ['a part of the name of two letters', { text: 'zq' }],
  ['a part of the name in another script', { text: '請求' }],
  ['the start of the id', { text: 'seed000423' }],
  ['a scope that nearly all have', { scope: 'write' }],
  ['a scope that few have', { scope: 'introspection' }],
  ['those that are switched on', { enabled: true }],
  ['those that are switched off', { enabled: false }],
  ['those unused for long', { unusedSince: ago(200) }],
  ['those unused for a week', { unusedSince: ago(7) }],
  ['those whose secret ends within a month', { secretExpiresBefore: ago(-30) }],
  [
    'all filters at once',
    {
      text: 'report',
      scope: 'write',
      enabled: true,
      unusedSince: ago(30),
      secretExpiresBefore: ago(-365),
    },
  ],
];

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly Plans?: readonly PlanNode[];
}

let server: TestServer;
let database: Client;
let token: string;

beforeAll(async () => {
  server = await startServer();
  database = new Client({ connectionString: server.database.url });
  await database.connect();
  for (const statement of [SEED, SEED_SECRETS, SEED_USAGE, 'VACUUM ANALYZE']) {
    await database.query(statement);
  }
  token = await getToken(server.baseUrl, server.admin, 'admin');
}, 120_000);

afterAll(async () => {
  if (process.env.WRITE_PLANS !== undefined) writePlans();
  await database?.end();
  await server?.stop();
});

/** The rows of the document, as they are found. */
const found: string[] = [];

interface Explained {
  readonly plan: PlanNode;
  readonly ms: number;
}

async function explained({ text, values }: BoundStatement): Promise<Explained> {
  await database.query('BEGIN');
  await database.query('SET LOCAL enable_seqscan = off');
  const { rows } = await database.query<{
    'QUERY PLAN': { Plan: PlanNode; 'Execution Time': number }[];
  }>(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, [...values]);
  await database.query('COMMIT');
  const [answer] = rows[0]?.['QUERY PLAN'] ?? [];
  if (answer === undefined) throw new Error('no plan');
  return { plan: answer.Plan, ms: answer['Execution Time'] };
}

function nodesOf(plan: PlanNode): PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

/** Holds a plan to reading no table from start to end, and notes it for the document. */
function expectByIndex(what: string, { plan, ms }: Explained): void {
  const nodes = nodesOf(plan);
  const indexes = new Set(nodes.flatMap((node) => node['Index Name'] ?? []));
  // Every page reads its 50 clients by these, whatever they were found by.
  const finding = [...indexes].filter((name) => !/_pkey$|_secret_client_idx$/.test(name));
  const shown = finding.length > 0 ? finding : ['oauth_client_pkey'];
  found.push(`| ${what} | ${ms.toFixed(1)} | ${shown.map((name) => `\`${name}\``).join(', ')} |`);
  const readWhole = nodes
    .filter((node) => node['Node Type'] === 'Seq Scan')
    .map((node) => node['Relation Name']);
  expect(readWhole).toEqual([]);
  expect(ms).toBeLessThan(1000);
}

/** Whether so few match that the server finds them first and then puts them in order. */
async function fewMatch(filter: Partial<ClientQuery>): Promise<boolean> {
  const { text, values } = countStatement(filter, COUNTED + 1);
  const { rows } = await database.query<{ counted: number }>(text, [...values]);
  return (rows[0]?.counted ?? 0) <= COUNTED;
}

describe.each(QUESTIONS)('%s', (name, filter) => {
  it.each(CLIENT_SORTS)('by %s: found by index alone', async (sort) => {
    const few = await fewMatch(filter);
    const page = await explained(pageStatement({ ...filter, sort }, 51, few));
    expectByIndex(`${name}, by \`${sort}\``, page);
  });

  it('counted by index alone', async () => {
    expectByIndex(`${name}, counted`, await explained(countStatement(filter, COUNTED + 1)));
  });
});

describe('a page in the middle', () => {
  const at = ago(365).getTime() * 1000;
  const places: readonly ClientQuery[] = [
    { sort: 'client_name', after: { by: 'client_name', name: 'Ledger 7', key: 50_000 } },
    { sort: '-client_name', after: { by: 'client_name', name: 'Ledger 7', key: 50_000 } },
    { sort: 'created_at', after: { by: 'created_at', at, key: 50_000 } },
    { sort: '-created_at', after: { by: 'created_at', at, key: 50_000 } },
    { sort: 'last_used_at', after: { by: 'last_used_at', at: null, key: 50_000 } },
    { sort: 'last_used_at', after: { by: 'last_used_at', at, key: 50_000 } },
    { sort: '-last_used_at', after: { by: 'last_used_at', at, key: 50_000 } },
  ];

  it.each(places)('by $sort costs as little as the first: $after', async (query) => {
    const page = await explained(pageStatement(query, 51, false));
    expectByIndex(`a page in the middle, by \`${query.sort}\``, page);
    expect(page.ms).toBeLessThan(100);
  });
});

describe('over HTTP', () => {
  async function list(query: string) {
    const headers = { Authorization: `Bearer ${token}` };
    const { status, body } = await send(`${server.baseUrl}/clients?${query}`, { headers });
    expect(status).toBe(200);
    const items = body.items as { client_id: string }[];
    return {
      ids: items.map(({ client_id }) => client_id),
      next: body.next_cursor,
      total: body.total,
    };
  }

  it.each([
    ['', null],
    ['q=Billing', null],
    ['scope=introspection', 200],
    ['enabled=false', 2000],
    ['q=seed0004', 10_000],
  ])('the total of "%s" is %j: exact to 10,000', async (query, total) => {
    expect((await list(query)).total).toBe(total);
  });

  it.each(['created_at', '-last_used_at', 'client_name'])(
    'a walk by %s meets every client once',
    async (sort) => {
      const ids: string[] = [];
      let cursor: unknown = '';
      do {
        const page = await list(`q=zürich&limit=200&sort=${sort}&cursor=${String(cursor)}`);
        ids.push(...page.ids);
        cursor = page.next;
      } while (cursor !== null);
      expect(ids).toHaveLength(CLIENTS / 8);
      expect(new Set(ids).size).toBe(CLIENTS / 8);
    },
  );
});

const DOCUMENT = `# The list of clients at 100,000 clients

Written by \`WRITE_PLANS=1 npm test -- test/contract/clients-at-scale\`, which also holds every one of
these statements to reading no table from start to end (no \`Seq Scan\` in \`EXPLAIN ANALYZE\`), on the
embedded PostgreSQL with 100,000 clients, 100,000 secrets and 70,000 last uses. A page is of 50; a
count stops at 10,001.

- The order of a list is that of an index that ends with the client's key, and a cursor names a place
  in it by value: a page in the middle costs as little as the first.
- \`oauth_client_usage\` has a row for every client (a trigger makes it), with \`-infinity\` for one that
  was never used: so the order by last use is an index too, and those never used have a place in it.
- A part of a name is found by its trigrams (\`pg_trgm\`). A part of one or two letters has none: the
  index is then walked from end to end.
- Where no more than 10,000 match, they are found first and then put in order; where more do, the index
  of the order is walked until the page is full, which is soon. The count, which the answer has anyway,
  decides; the planner would have to guess.
- The server says \`SET LOCAL enable_seqscan = off\` for a list. Without it PostgreSQL prefers to read
  the whole table where it would step through some thousand entries of an index.

| question | ms | found by |
|---|---|---|
`;

function writePlans(): void {
  const file = join(import.meta.dirname, '../../docs/clients-at-scale.md');
  writeFileSync(file, `${DOCUMENT}${found.join('\n')}\n`);
}
