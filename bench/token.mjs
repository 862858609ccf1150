import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { chosen, overStarts, runContests } from './contest.mjs';
import { OWN, report } from './report.mjs';
import { addClient, countTokens } from './support/seed.mjs';
import { startServer } from './support/server-process.mjs';

const ROOT = join(import.meta.dirname, '..');
const OTHERS = ['oidc-provider', 'oauth2-server', 'express-insert', 'http-insert', 'http-batch'];
const BODY = 'grant_type=client_credentials&scope=read+write';

/** The token endpoint: this server, its peers and the floors, with the same requests. */
export async function runToken(options, postgres) {
  const names = chosen([OWN, ...OTHERS], OWN, options.only);
  const client = { id: 'bench', secret: randomBytes(32).toString('base64url') };
  const databases = new Map();
  for (const name of names) databases.set(name, await prepare(name, client, postgres));
  const load = tokenLoad(client);
  const { cells, answered } = await overStarts(options, async (some) => {
    const servers = [];
    for (const [name, url] of databases) servers.push(await start(name, client, url, postgres));
    const contests = [{ subject: 'token', loadOf: () => load, servers }];
    return runContests(contests, some, postgres);
  });
  for (const [name, url] of databases) await assertStored(name, url, answered.get(name));
  return { text: report(cells, options, postgres), data: cells };
}

async function prepare(name, client, postgres) {
  const databaseUrl = await postgres.database(name === OWN ? undefined : name);
  await addClient(databaseUrl, client);
  return databaseUrl;
}

function start(name, client, databaseUrl, postgres) {
  return name === OWN ? startOwn(postgres) : startOther(name, client, databaseUrl);
}

/** As in production, all settings at their defaults; it is told where the database is, and to end at once. */
function startOwn({ dataDir }) {
  const args = ['--enable-source-maps', join(ROOT, 'dist/src/main.js')];
  return startServer(OWN, args, { DATA_DIR: dataDir, SHUTDOWN_DRAIN_MS: '0' });
}

function startOther(name, { id, secret }, databaseUrl) {
  const env = { DATABASE_URL: databaseUrl, CLIENT_ID: id, CLIENT_SECRET: secret };
  return startServer(name, [join(import.meta.dirname, `servers/${name}.mjs`)], env);
}

/** The same bytes for every server. */
export function tokenLoad({ id, secret }) {
  const [before, after] = requestParts();
  return { before: before + basicCredentials(id, secret) + after };
}

/** The same from many clients in turn: those that addClients makes, from 0 on. */
export function tokenLoadOfMany(count, secretOf) {
  const [before, after] = requestParts();
  const tokens = Array.from({ length: count }, (_, number) =>
    basicCredentials(`bench-${number}`, secretOf(number)),
  );
  return { before, tokens, after };
}

function basicCredentials(id, secret) {
  return Buffer.from(`${id}:${secret}`).toString('base64');
}

/** What stands before the credentials, and what behind them. */
function requestParts() {
  const before = 'POST /o/token/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic ';
  const head = [
    '',
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${BODY.length}`,
  ];
  return [before, `${head.join('\r\n')}\r\n\r\n${BODY}`];
}

/** A token that was answered and is not there would have been cheap. */
async function assertStored(name, databaseUrl, answered) {
  const stored = await countTokens(databaseUrl);
  if (stored < answered)
    throw new Error(`${name} answered ${answered} tokens and stored ${stored}`);
}
