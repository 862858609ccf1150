import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { chosen, overStarts, runContests } from './contest.mjs';
import { OWN, report } from './report.mjs';
import { addClient, addTokens } from './support/seed.mjs';
import { startServer } from './support/server-process.mjs';

/** Of the cached kind; few enough for every cache. */
const CACHED = 500;
/** Of the uncached kind, taken in turn: more than a cache would hold. */
const UNCACHED = 200_000;
const JWTS = 100;
const KEY = randomBytes(32).toString('base64');
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** The open handler of this server's own process: two processes of one program are not equally fast. */
const SAME_PROCESS = 'own-open';

/** This server as it is, with two handlers of the bench in it: a guarded and an open one. */
const APP = 'guarded-app';
const FILES = {
  [OWN]: APP,
  'nest-open': APP,
  'http-cached': 'http-cached',
  'http-lookup': 'http-lookup',
};

/** The check of a token on a protected route, against routes that check less or are less. */
export async function runCheck(options, postgres) {
  const names = chosen(Object.keys(FILES), OWN, options.only);
  const databaseUrl = await postgres.database('check');
  const [client, jwtClient] = [newClient('bench', 'opaque'), newClient('bench-jwt', 'jwt')];
  await addTokens(databaseUrl, await addClient(databaseUrl, client), CACHED + UNCACHED);
  await addClient(databaseUrl, jwtClient);
  const { cells } = await overStarts(options, async (some) => {
    const servers = [];
    for (const name of names) servers.push(await start(name, databaseUrl));
    servers.push({ ...servers[0], name: SAME_PROCESS });
    const jwts = await drawJwts(servers[0], jwtClient);
    return runContests(contestsOf(servers, jwts), some, postgres);
  });
  return { text: report(cells, options, postgres), data: cells };
}

function newClient(id, format) {
  return { id, format, secret: randomBytes(32).toString('base64url') };
}

/** All look tokens up in the same table. */
function start(name, databaseUrl) {
  const file = join(import.meta.dirname, `servers/${FILES[name]}.mjs`);
  return startServer(name, [file], {
    DATABASE_URL: databaseUrl,
    KEY_ENCRYPTION_KEY: KEY,
    SHUTDOWN_DRAIN_MS: '0',
  });
}

function contestsOf(servers, jwts) {
  const kinds = [
    ['cached', { first: 0, count: CACHED }, [OWN, SAME_PROCESS, 'nest-open', 'http-cached']],
    ['uncached', { first: CACHED, count: UNCACHED }, [OWN, 'http-lookup']],
    ['jwt', jwts, [OWN, SAME_PROCESS, 'nest-open']],
  ];
  return kinds.map(([subject, tokens, names]) => ({
    subject,
    loadOf: ({ name }) => checkLoad(name.endsWith('-open') ? 'open' : 'guarded', tokens),
    servers: servers.filter(({ name }) => names.includes(name)),
    // Where PostgreSQL has work to do, it would take its processor.
    awake: subject !== 'uncached',
  }));
}

function checkLoad(handler, tokens) {
  return {
    before: `GET /bench/${handler} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer `,
    tokens,
    after: '\r\n\r\n',
  };
}

/** @returns JWTs of this server, for a client that is set up to get them */
async function drawJwts(server, client) {
  const jwts = [];
  while (jwts.length < JWTS) jwts.push(await drawToken(server, client));
  if (jwts.every((jwt) => JWT.test(jwt))) return jwts;
  throw new Error(`${OWN} gave other tokens than JWTs`);
}

async function drawToken({ port }, { id, secret }) {
  const response = await fetch(`http://127.0.0.1:${port}/o/token/`, {
    method: 'POST',
    headers: { Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  if (!response.ok) throw new Error(`${OWN} gave no token: ${await response.text()}`);
  const { access_token: token } = await response.json();
  return token;
}
