// What 20 million tokens cost: bytes for each, the time to drop a day of them, and whether issuing
// and checking cost the same as with an empty table. Two built servers on one embedded PostgreSQL,
// each with a database of its own, are asked by turns. Everything is deleted afterwards.
//
//   npm run build && node scripts/measure-twenty-million.mjs
//
// TOKENS=1000000 takes fewer. 20 million take some eight minutes and 5 GB under the system's
// directory for temporary files, or TMPDIR.
import { spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const root = join(import.meta.dirname, '..');
const { startEmbeddedPostgres } = await import(
  join(root, 'dist/src/database/embedded/embedded-postgres.js')
);
const { withClient } = await import(join(root, 'dist/src/database/prepare-database.js'));
const { dropEndedPartitions } = await import(join(root, 'dist/src/database/partitions.js'));

const TOKENS = Number(process.env.TOKENS ?? 20_000_000);
/** Yesterday, which is dropped in the end; today and tomorrow, where live tokens are; and one more. */
const DAYS = [-1, 0, 1, 2];
const A_DAY = Math.floor(TOKENS / DAYS.length);
/** Rows of one statement while the table is filled. */
const CHUNK = 250_000;
const ROUNDS = 12;
const SLICE_MS = 2000;
const CALLERS = 16;
/** Which of the stored tokens may call the route that is asked: one in this many. */
const ADMIN_ONE_IN = 4;
const TABLE = {
  name: 'oauth_access_token',
  column: 'expires_at',
  period: 'day',
  ahead: 7,
  keepDays: 0,
};

const admin = { id: 'measurer', secret: randomBytes(24).toString('hex') };
const basic = `Basic ${Buffer.from(`${admin.id}:${admin.secret}`).toString('base64')}`;
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

const say = (text) => process.stdout.write(`${text}\n`);
const seconds = (ms) => (ms / 1000).toFixed(1);

/** The token of a number, so that any of the stored ones can be shown. */
const tokenOf = (number) => String(number).padStart(30, '0');

const TOKEN_IN_SQL = `lpad(n::text, 30, '0')`;

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

async function startServer(postgresUrl, name) {
  await withClient(postgresUrl, (client) => client.query(`CREATE DATABASE "${name}"`));
  const url = new URL(postgresUrl);
  url.pathname = `/${name}`;
  const port = await freePort();
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [join(root, 'dist/src/main.js')], {
    env: {
      PATH,
      HOME,
      PORT: String(port),
      DATABASE_URL: url.href,
      ADMIN_CLIENT_ID: admin.id,
      ADMIN_CLIENT_SECRET: admin.secret,
      LOG_LEVEL: 'warn',
      SHUTDOWN_DRAIN_MS: '0',
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const server = { name, url: url.href, port, child, fresh: [] };
  for (let tries = 0; tries < 600; tries += 1) {
    const status = await call(server, { path: '/health/ready' }).catch(() => undefined);
    if (status?.status === 200) return server;
    await delay(50);
  }
  throw new Error(`the server on ${name} did not start`);
}

function call({ port }, { method = 'GET', path, headers = {}, body }) {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method, path, headers, agent };
    const sent = request(options, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Issues one token, and keeps it to be checked. */
async function issue(server) {
  const { status, text } = await call(server, {
    method: 'POST',
    path: '/o/token/',
    headers: { Authorization: basic, 'Content-Type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials&scope=admin',
  });
  if (status !== 200) throw new Error(`a token request was answered ${status}: ${text}`);
  server.fresh.push(JSON.parse(text).access_token);
}

/** Checks a token at a route that needs nothing else of the database. */
async function check(server, token) {
  const headers = { Authorization: `Bearer ${token}` };
  const { status } = await call(server, { path: '/access-rules/', headers });
  if (status !== 200) throw new Error(`a check was answered ${status}`);
}

/** None is checked twice, so that none is answered from the cache of the node. */
const checkFresh = (server) => check(server, server.fresh.pop() ?? fail('no fresh tokens left'));

/** One of those of today that are still live for long, or of tomorrow; seldom the same again. */
function checkStored(server) {
  const [, today, tomorrow] = DAYS.map((_, index) => index * A_DAY);
  const start = randomInt(2) === 0 ? today : tomorrow;
  const number = start + ADMIN_ONE_IN * randomInt(Math.floor(A_DAY / ADMIN_ONE_IN));
  return check(server, tokenOf(number));
}

function fail(text) {
  throw new Error(text);
}

/** Callers that each send one request after the other. */
async function slice(server, task, { ms = SLICE_MS, callers = CALLERS, until } = {}) {
  const took = [];
  const start = performance.now();
  const over = until ?? (() => performance.now() - start >= ms);
  const caller = async () => {
    while (!over()) {
      const sent = performance.now();
      await task(server);
      took.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return { took, ms: performance.now() - start };
}

function quantile(values, share) {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? NaN;
}

/** A rate by the median of the slices, and the latencies of all. */
function summary(slices) {
  const rates = slices.map(({ took, ms }) => (1000 * took.length) / ms);
  const all = slices.flatMap(({ took }) => took);
  const at = (share) => quantile(all, share).toFixed(1);
  return { rate: Math.round(quantile(rates, 0.5)), p50: at(0.5), p99: at(0.99), max: at(1) };
}

const dayName = (day) =>
  new Date(Date.now() + day * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '');

/** Fills the days, each row as the server writes it, into the index as it stands. */
async function fill({ url }) {
  await withClient(url, async (client) => {
    const day = (offset) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
    await client.query(`CREATE TABLE oauth_access_token_${dayName(-1)}
      PARTITION OF oauth_access_token FOR VALUES FROM ('${day(-1)} 00:00Z') TO ('${day(0)} 00:00Z')`);
    for (const [index, offset] of DAYS.entries()) {
      const began = performance.now();
      // Of today none that ends while this runs; of tomorrow none that lives longer than a token may.
      const [from, to] =
        offset === 0
          ? [`now() + interval '2 hours'`, `'${day(1)} 00:00Z'::timestamptz`]
          : offset === 1
            ? [`'${day(1)} 00:00Z'::timestamptz`, `now() + interval '23 hours'`]
            : [`'${day(offset)} 00:00Z'::timestamptz`, `'${day(offset + 1)} 00:00Z'::timestamptz`];
      for (let done = 0; done < A_DAY; done += CHUNK) {
        const first = index * A_DAY + done;
        const last = index * A_DAY + Math.min(done + CHUNK, A_DAY) - 1;
        await client.query(
          `INSERT INTO oauth_access_token
             (digest, client, secret, scope, audience, epoch, issued_at, expires_at)
           SELECT substring(sha256(${TOKEN_IN_SQL}::bytea) FOR 20), c.id, s.id,
             CASE WHEN n % ${ADMIN_ONE_IN} = 0 THEN 'admin' ELSE 'read write' END, NULL,
             c.token_epoch, now(), ${from} + (n - ${index * A_DAY})::float8 / ${A_DAY}
               * (${to} - (${from})) * 0.9999
           FROM generate_series(${first}, ${last}) AS n, oauth_client c
           JOIN oauth_client_secret s ON s.client = c.id WHERE c.client_id = '${admin.id}'`,
        );
      }
      const took = performance.now() - began;
      say(`day ${offset}: ${A_DAY} tokens in ${seconds(took)} s (load ${loadavg()[0].toFixed(1)})`);
    }
    await client.query('VACUUM ANALYZE oauth_access_token');
    await client.query('CHECKPOINT');
  });
}

async function size({ url }) {
  const { rows } = await withClient(url, (client) =>
    client.query(
      `SELECT pg_total_relation_size($1)::float8 AS total, pg_indexes_size($1)::float8 AS index`,
      [`oauth_access_token_${dayName(2)}`],
    ),
  );
  return { total: rows[0].total / A_DAY, index: rows[0].index / A_DAY };
}

async function measure(empty, full) {
  const slices = { issue: { empty: [], full: [] }, fresh: { empty: [], full: [] }, stored: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    const turn = round % 2 === 0 ? [empty, full] : [full, empty];
    for (const server of turn) slices.issue[server.name].push(await slice(server, issue));
    for (const server of turn) {
      const fresh = { until: () => server.fresh.length < CALLERS };
      slices.fresh[server.name].push(await slice(server, checkFresh, fresh));
    }
    slices.stored.push(await slice(full, checkStored));
    say(`round ${round + 1} of ${ROUNDS} (load ${loadavg()[0].toFixed(1)})`);
  }
  return slices;
}

/** Drops yesterday while tokens are issued and checked. */
async function dropUnderLoad(server) {
  let over = false;
  const options = { callers: 4, until: () => over };
  const running = [slice(server, issue, options), slice(server, checkStored, options)];
  await delay(1000);
  const began = performance.now();
  const dropped = await dropEndedPartitions(server.url, TABLE);
  const ms = performance.now() - began;
  await delay(1000);
  over = true;
  const [issued, checked] = await Promise.all(running);
  if (dropped.length !== 1) fail(`dropped: ${dropped.join(', ') || 'nothing'}`);
  return { ms, issued: summary([issued]), checked: summary([checked]) };
}

/** How the full table does against the empty one: by the median of the rounds, each beside its own. */
function against(full, empty) {
  const rate = ({ took, ms }) => took.length / ms;
  const ratios = full.map((one, round) => rate(one) / rate(empty[round]));
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(ratios, share).toFixed(2));
  return `${middle} (quartiles ${low} and ${high})`;
}

const row = (what, { rate, p50, p99, max }) => `| ${what} | ${rate} | ${p50} | ${p99} | ${max} |`;

async function main() {
  const dataDir = mkdtempSync(join(tmpdir(), 'postern-measure-'));
  const postgres = await startEmbeddedPostgres({ dataDir, onProgress: say });
  const servers = [];
  try {
    const empty = await startServer(postgres.url, 'empty');
    servers.push(empty);
    const full = await startServer(postgres.url, 'full');
    servers.push(full);
    await fill(full);
    for (const server of servers) await slice(server, issue, { ms: 2000 });
    for (const server of servers) server.fresh = [];
    const { total, index } = await size(full);
    const { issue: issued, fresh, stored } = await measure(empty, full);
    const drop = await dropUnderLoad(full);
    say(`
${TOKENS} tokens, ${CALLERS} callers, ${ROUNDS} slices of ${SLICE_MS / 1000} s each by turns, ${availableParallelism()} cores, load ${loadavg()[0].toFixed(1)}

| what | a second | p50 ms | p99 ms | max ms |
| --- | --- | --- | --- | --- |
${row('issue, empty table', summary(issued.empty))}
${row('issue, full table', summary(issued.full))}
${row('check of a token just issued, empty table', summary(fresh.empty))}
${row('check of a token just issued, full table', summary(fresh.full))}
${row('check of any live token, full table', summary(stored))}
${row('issue while a day is dropped', drop.issued)}
${row('check while a day is dropped', drop.checked)}

full against empty, rates of each round: issue ${against(issued.full, issued.empty)}, check of a token just issued ${against(fresh.full, fresh.empty)}
bytes a token: ${total.toFixed(0)}, of them ${index.toFixed(0)} in the index
drop of a day (${A_DAY} tokens): ${seconds(drop.ms)} s`);
  } finally {
    agent.destroy();
    for (const { child } of servers) {
      if (child.exitCode !== null) continue;
      child.kill('SIGTERM');
      await once(child, 'close');
    }
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

await main();
