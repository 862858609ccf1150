/**
 * Partitions come and go while a transaction is held open on the tokens: nobody who issues or checks
 * waits for it. Real: the built server and PostgreSQL.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import {
  dropEndedPartitions,
  makePartitions,
  type PartitionedTable,
} from '../../src/database/partitions.js';
import { getToken, send } from '../support/http.js';
import {
  startProcess,
  startServer,
  type ServerProcess,
  type TestServer,
} from '../support/server.js';

const TABLE: PartitionedTable = {
  name: 'oauth_access_token',
  column: 'expires_at',
  period: 'day',
  // One more than the server has made, and one that is over.
  ahead: 8,
  keepDays: 0,
};
const LASTS_MS = 10_000;
const EVERY_MS = 40;
const BOUND_MS = 1000;

let server: TestServer;
let another: ServerProcess | undefined;
let reader: Client;

beforeAll(async () => {
  server = await startServer();
  reader = new Client({ connectionString: server.database.url, application_name: 'reader' });
  await reader.connect();
});

afterAll(async () => {
  await reader?.end();
  await another?.stop();
  await server?.stop();
});

async function day(offset: number): Promise<{ name: string; start: string; end: string }> {
  const [row] = await server.database.query<{ name: string; start: string; end: string }>(
    `SELECT $1 || '_' || to_char(start, 'YYYYMMDD') AS name, start || 'Z' AS start,
       start + interval '1 day' || 'Z' AS end
     FROM (SELECT date_trunc('day', now() AT TIME ZONE 'UTC') + make_interval(days => $2)) AS d (start)`,
    [TABLE.name, offset],
  );
  if (row === undefined) throw new Error('no answer');
  return row;
}

async function makeEnded(offset: number): Promise<string> {
  const { name, start, end } = await day(offset);
  await server.database.query(
    `CREATE TABLE ${name} PARTITION OF ${TABLE.name} FOR VALUES FROM ('${start}') TO ('${end}')`,
  );
  return name;
}

const isThere = async (name: string): Promise<boolean> =>
  (await server.database.query('SELECT FROM pg_class WHERE relname = $1', [name])).length > 0;

/** Issues a token and checks it, uncached, again and again; gives how long each took. */
async function issueAndCheck(until: () => boolean): Promise<number[]> {
  const took: number[] = [];
  while (!until()) {
    const start = performance.now();
    const token = await getToken(server.baseUrl, server.admin, 'admin');
    const headers = { Authorization: `Bearer ${token}` };
    const { status } = await send(`${server.baseUrl}/access-rules/`, { headers });
    took.push(performance.now() - start);
    expect(status).toBe(200);
    await delay(EVERY_MS);
  }
  return took;
}

/** Who of the server waits for a lock on a table, from time to time. */
async function waiting(until: () => boolean): Promise<object[]> {
  const seen: object[] = [];
  while (!until()) {
    seen.push(
      ...(await server.database.query(
        `SELECT query FROM pg_stat_activity WHERE datname = current_database()
         AND application_name = 'postern' AND wait_event_type = 'Lock' AND wait_event = 'relation'`,
      )),
    );
    await delay(50);
  }
  return seen;
}

it('Partitions are made and dropped under an open transaction, and nothing queues behind', async () => {
  // The server has only just started: its own first cleaning must not meet what is made here.
  await delay(3000);
  const ended = [await makeEnded(-3), await makeEnded(-2)];
  await reader.query('BEGIN');
  await reader.query(`SELECT count(*) FROM ${TABLE.name}`);

  let over = false;
  const load = issueAndCheck(() => over);
  const queue = waiting(() => over);
  const made: string[] = [];
  const end = performance.now() + LASTS_MS;
  while (performance.now() < end) {
    // As two nodes do it in the same moment, and as the start of another one does.
    const [first, second] = await Promise.all([
      makePartitions(server.database.url, TABLE),
      makePartitions(server.database.url, TABLE),
      dropEndedPartitions(server.database.url, TABLE),
      dropEndedPartitions(server.database.url, TABLE),
    ]);
    made.push(...first, ...second);
  }
  another = await startProcess({
    DATABASE_URL: server.database.url,
    ADMIN_CLIENT_ID: server.admin.clientId,
    ADMIN_CLIENT_SECRET: server.admin.clientSecret,
    SHUTDOWN_DRAIN_MS: '0',
  });
  over = true;
  const took = (await load).toSorted((one, other) => one - other);

  expect(made).toEqual([(await day(8)).name]);
  expect(took.length).toBeGreaterThan(50);
  expect(Math.max(...took)).toBeLessThan(BOUND_MS);
  expect(await queue).toEqual([]);
  expect(await isThere(ended[0] ?? '')).toBe(true);

  await reader.query('COMMIT');
  // The node that has just started may still be at it, and about to give up.
  for (let tries = 0; tries < 50 && (await isThere(ended[1] ?? '')); tries += 1) {
    await dropEndedPartitions(server.database.url, TABLE);
    await delay(100);
  }
  expect(await Promise.all(ended.map(isThere))).toEqual([false, false]);
  for (const node of [server, another]) expect(node.output()).not.toContain('could not be kept');
});
