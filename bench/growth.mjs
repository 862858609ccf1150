import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { runContests } from './contest.mjs';
import { table } from './report.mjs';
import { addClient, addClients, addTokens } from './support/seed.mjs';
import { query } from './support/postgres.mjs';
import { startServer } from './support/server-process.mjs';
import { medians } from './support/statistics.mjs';
import { tokenLoad, tokenLoadOfMany } from './token.mjs';

const MAIN = join(import.meta.dirname, '../dist/src/main.js');
const WORKERS = [1, 2, 4];
const CLIENTS = [1, 1000, 100_000];
const CONNECTIONS = [1, 8, 32, 128, 512, 1000];

/** How this server grows: with processes, clients, tokens in the table, and connections. */
export async function runGrowth(options, postgres) {
  const postgresAndOptions = { options, postgres };
  const data = {
    workers: await byWorkers(postgresAndOptions),
    clients: await byClients(postgresAndOptions),
    tokens: await byTokens(postgresAndOptions),
    connections: await byConnections(postgresAndOptions),
  };
  const text = Object.entries(data).map(([what, cells]) => `By ${what}\n${tableOf(cells)}`);
  return { text: text.join('\n\n'), data };
}

async function byWorkers({ options, postgres }) {
  const client = newClient();
  const url = await postgres.database('workers');
  await addClient(url, client);
  const servers = [];
  for (const workers of WORKERS) {
    servers.push(await start(`${workers} processes`, url, { WORKERS: String(workers) }));
  }
  return run(servers, () => tokenLoad(client), options, postgres);
}

async function byClients({ options, postgres }) {
  const servers = [];
  const loads = new Map();
  for (const count of CLIENTS) {
    const url = await postgres.database(`clients-${count}`);
    await addClients(url, count, secretOf);
    const server = await start(`${count} clients`, url);
    servers.push(server);
    loads.set(server.name, tokenLoadOfMany(count, secretOf));
  }
  const usual = { ...options, connections: [32] };
  return run(servers, ({ name }) => loads.get(name), usual, postgres);
}

async function byTokens({ options, postgres }) {
  const client = newClient();
  const servers = [];
  for (const count of [0, options.rows]) {
    const url = await postgres.database(`tokens-${count}`);
    const key = await addClient(url, client);
    if (count > 0) await addTokens(url, key, count);
    await query(url, 'CHECKPOINT');
    servers.push(await start(`${count} tokens`, url));
  }
  return run(servers, () => tokenLoad(client), { ...options, connections: [32] }, postgres);
}

async function byConnections({ options, postgres }) {
  const client = newClient();
  const url = await postgres.database('connections');
  await addClient(url, client);
  const server = await start('one process', url);
  return run([server], () => tokenLoad(client), { ...options, connections: CONNECTIONS }, postgres);
}

/** One more beside the others that are up: those rest while it has its turn. */
function start(name, databaseUrl, env = {}) {
  const args = ['--enable-source-maps', MAIN];
  return startServer(name, args, { DATABASE_URL: databaseUrl, SHUTDOWN_DRAIN_MS: '0', ...env });
}

async function run(servers, loadOf, options, postgres) {
  const { cells } = await runContests([{ subject: 'token', loadOf, servers }], options, postgres);
  return cells;
}

function newClient() {
  return { id: 'bench', secret: randomBytes(32).toString('base64url') };
}

/** The secret of the client of a number. */
function secretOf(number) {
  return createHash('md5').update(`secret ${number}`).digest('hex');
}

function tableOf(cells) {
  const rows = cells.map(({ connections, server, slices }) => {
    const { rate, p50, p99, cpu, postgresCpu } = medians(slices);
    return [
      server,
      String(connections),
      rate.toFixed(0),
      p50.toFixed(2),
      p99.toFixed(2),
      cpu.toFixed(0),
      postgresCpu.toFixed(0),
    ];
  });
  const head = ['server', 'conn.', 'req/s', 'p50 ms', 'p99 ms', 'CPU µs/req', 'PostgreSQL'];
  return table(head, rows);
}
