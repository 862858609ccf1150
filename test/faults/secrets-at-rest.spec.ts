/**
 * What is left of secrets and tokens after a run of everything. Real: the built server, its workers
 * and its command line at their most talkative, and Debian's PostgreSQL 15, which logs each
 * statement with its parameters.
 */
import { expect, it } from '@jest/globals';
import { compactDecrypt } from 'jose';
import { createSecretKey, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { generateClientSecret } from '../../src/clients/domain/client-secret.js';
import { runPostern, type Ended } from '../cli/command-line.js';
import type { StoredClient } from '../support/builders.js';
import { DebianPostgres, describeWithDebianPostgres } from '../support/debian-postgres.js';
import { basic, postForm, send, sendRaw, type Answer } from '../support/http.js';
import { commandLines, SecretSearch, type Finding } from '../support/secret-search.js';
import { startProcess, type ServerProcess } from '../support/server.js';
import { until } from '../support/until.js';

const SO_WITHIN_MS = 20_000;

const TALKATIVE = [
  "log_statement = 'all'",
  'log_min_duration_statement = 0',
  'log_duration = on',
  'log_parameter_max_length = -1',
  'log_parameter_max_length_on_error = -1',
  'log_error_verbosity = verbose',
  'log_min_messages = debug1',
  'log_connections = on',
];
/**
 * An opaque token has no shape that no id could have: where one is sent in an id's place, it is
 * looked for, and PostgreSQL's log of all parameters has it. Nothing else has.
 */
const AS_ID = 'a token in the place of an id';
const IS_LOCKED = `SELECT FROM pg_locks WHERE granted AND mode = 'AccessExclusiveLock'
  AND relation = 'oauth_client'::regclass`;
const GRANT = { grant_type: 'client_credentials' };
/** 32 characters at least: brought along, so it does not look like one that was made here. */
const aBroughtSecret = (): string => `own.${randomBytes(18).toString('hex')}`;

describeWithDebianPostgres('Secrets at rest, after a run of everything', () => {
  let folder: string;
  let postgres: DebianPostgres;
  let search: SecretSearch;
  let server: ServerProcess;
  let findings: Finding[];
  const answers: string[] = [];
  const told: string[] = [];
  const password = randomBytes(18).toString('base64url');
  const key = randomBytes(32);
  const admin: StoredClient = { clientId: 'first', clientSecret: aBroughtSecret() };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'postern-at-rest-'));
    search = await SecretSearch.make();
    postgres = await DebianPostgres.make();
    await postgres.start();
    await useRoleWithPassword();
    server = await startProcess(environment());
    await everything();
    await search.gather('processes', await commandLines());
    await server.stop();
    told.push(server.output());
    await gather();
    findings = await search.run([postgres.directory]);
  }, 180_000);

  afterAll(async () => {
    await server?.stop('SIGKILL');
    await postgres?.remove();
    await search?.remove();
    rmSync(folder, { recursive: true });
  });

  /** Only then does PostgreSQL log what it is told: the password is the test's own statement. */
  async function useRoleWithPassword(): Promise<void> {
    search.keep('the password of the database', password);
    await postgres.query(`CREATE ROLE app LOGIN PASSWORD '${password}'`);
    await postgres.query('ALTER DATABASE postgres OWNER TO app');
    const hba = ['all app 127.0.0.1/32 scram-sha-256', 'all all 127.0.0.1/32 trust'];
    await postgres.keep('pg_hba.conf', hba.map((line) => `host ${line}\n`).join(''));
    await postgres.configure(TALKATIVE);
    await postgres.query('SELECT pg_reload_conf()');
  }

  function environment(): Record<string, string> {
    search.keep('the first admin’s secret', admin.clientSecret);
    search.keepBytes('the key of the keys', key);
    return {
      DATABASE_URL: `postgres://app:${password}@${postgres.address}/postgres`,
      KEY_ENCRYPTION_KEY: key.toString('base64'),
      ADMIN_CLIENT_ID: admin.clientId,
      ADMIN_CLIENT_SECRET: admin.clientSecret,
      WORKERS: '2',
      LOG_LEVEL: 'trace',
      SHUTDOWN_DRAIN_MS: '0',
    };
  }

  const url = (path: string): string => `${server.baseUrl}${path}`;

  /** Every answer is searched, but for what is to be in it: the secret that it makes. */
  function heard(answer: Answer, but?: string): Answer {
    const text = JSON.stringify([answer.status, [...answer.headers], answer.text]);
    answers.push(but === undefined ? text : text.replaceAll(but, ''));
    return answer;
  }

  async function oauth(path: string, form: Record<string, string>, headers = {}): Promise<Answer> {
    const answer = await postForm(url(path), form, headers);
    const { access_token, client_secret } = answer.body;
    const [made] = [access_token, client_secret].filter((one) => typeof one === 'string');
    return heard(answer, made);
  }

  async function token(what: string, client: StoredClient, form = {}): Promise<string> {
    const headers = { Authorization: basic(client) };
    const { body } = await oauth('/o/token/', { ...GRANT, ...form }, headers);
    const made = search.keep(what, String(body.access_token));
    const signature = made.split('.')[2];
    if (signature !== undefined) search.keep(`${what}, its signature`, signature);
    return made;
  }

  /** A call of an administrator's; `what` names the secret that its answer has. */
  async function call(
    bearer: string,
    method: string,
    path: string,
    body?: unknown,
    what?: string,
  ): Promise<Answer> {
    const headers = { Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/json' };
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await send(url(path), {
      method,
      headers,
      ...(body !== undefined && { body: text }),
    });
    if (what === undefined) return heard(answer);
    const secret = search.keep(what, String(answer.body.client_secret));
    return heard(answer, secret);
  }

  async function everything(): Promise<void> {
    const adminToken = await token('an admin’s token', admin, { scope: 'read write admin' });
    const client = await clientsAndTheirSecrets(adminToken);
    const opaque = await tokensOfAllKinds(adminToken, client);
    await commandLine(adminToken);
    await wrongSecrets(client);
    await wrongPlaces(adminToken, client, opaque);
    await storeOutOfReach(client, opaque);
    for (const path of [
      '/metrics',
      '/docs/openapi.json',
      '/health/ready',
      '/o/.well-known/jwks.json',
    ])
      heard(await send(url(path)));
    // What is gathered in memory is written within two seconds.
    await delay(2500);
    for (const path of [
      '/clients/?limit=200',
      '/audit-events/?limit=200',
      `/clients/${client.clientId}`,
    ])
      heard(await send(url(path), { headers: { Authorization: `Bearer ${adminToken}` } }));
  }

  async function clientsAndTheirSecrets(bearer: string): Promise<StoredClient> {
    const settings = {
      client_name: 'Billing',
      scope: 'read write introspection',
      self_rotation: true,
    };
    const made = await call(bearer, 'POST', '/clients/', settings, 'a client’s secret');
    const clientId = String(made.body.client_id);
    const secrets = `/clients/${clientId}/secrets`;
    const rotated = await call(bearer, 'POST', secrets, {}, 'a rotated secret');
    const ended = await call(bearer, 'POST', secrets, {}, 'a deleted secret');
    await call(bearer, 'DELETE', `${secrets}/${String(ended.body.secret_id)}`);
    const clientSecret = String(rotated.body.client_secret);
    const own = await oauth(
      '/o/client/secrets',
      { expires_previous_in: '600' },
      { Authorization: basic({ clientId, clientSecret }) },
    );
    expect(own.status).toBe(201);
    search.keep('a secret rotated by its client', String(own.body.client_secret));
    await call(bearer, 'PATCH', `/clients/${clientId}`, { client_name: 'Renamed' });
    await call(bearer, 'GET', `/clients/${clientId}/quickstart`);
    return { clientId, clientSecret: String(own.body.client_secret) };
  }

  async function tokensOfAllKinds(bearer: string, client: StoredClient): Promise<string> {
    const settings = { client_name: 'JWTs', scope: 'read', access_token_format: 'jwt' };
    const made = await call(bearer, 'POST', '/clients/', settings, 'the secret of one for JWTs');
    const { client_id, client_secret } = made.body;
    const forJwts = { clientId: String(client_id), clientSecret: String(client_secret) };
    const Authorization = basic(client);
    const opaque = await token('an opaque token', client);
    const revoked = await token('a revoked token', client);
    const jwt = await token('a JWT', forJwts);
    const inBody = { client_id: client.clientId, client_secret: client.clientSecret };
    const { body } = await oauth('/o/token/', { ...GRANT, ...inBody });
    search.keep('a token by credentials in the body', String(body.access_token));
    const asking = await token('a token that asks', client, { scope: 'introspection' });
    for (const each of [opaque, revoked, jwt, `${opaque}x`]) {
      await oauth('/o/introspect/', { token: each }, { Authorization });
      await oauth('/o/introspect/', { token: each }, { Authorization: `Bearer ${asking}` });
    }
    expect((await oauth('/o/revoke_token/', { token: revoked }, { Authorization })).status).toBe(
      200,
    );
    // Another client's: refused.
    await oauth('/o/revoke_token/', { token: opaque }, { Authorization: basic(forJwts) });
    for (const each of [opaque, revoked, jwt]) {
      await call(each, 'GET', '/scopes/');
      await call(each, 'GET', '/clients/');
    }
    return opaque;
  }

  async function commandLine(bearer: string): Promise<void> {
    const run = async (what: string, args: string[], stdin = ''): Promise<Ended> => {
      const ended = await runPostern(environment(), args, stdin);
      if (ended.code !== 0) throw new Error(`${args.join(' ')}: ${ended.stderr}`);
      told.push(ended.stderr);
      if (args.includes('--json')) search.keep(what, String(ended.json().client_secret));
      else told.push(ended.stdout);
      return ended;
    };
    const out = join(folder, 'secret');
    const create = ['clients', 'create', '--client-name', 'By hand', '--scope', 'read'];
    const { client_id } = (await run('made by hand', [...create, '--json'])).json();
    await run('rotated by hand', ['secrets', 'rotate', String(client_id), '--json']);
    await run('kept in a file', ['secrets', 'rotate', String(client_id), '--out', out]);
    search.keep('kept in a file', readFileSync(out, 'utf8').trim());
    const brought = search.keep('brought by a pipe', aBroughtSecret());
    await run('', ['admin', 'reset', admin.clientId, '--secret-stdin'], `${brought}\n`);
    const file = join(folder, 'brought');
    writeFileSync(file, search.keep('brought by a file', aBroughtSecret()));
    await run('', ['admin', 'reset', admin.clientId, '--secret-file', file]);
    await run('', ['audit', 'list']);
    await run('', ['keys', 'list']);
    await call(bearer, 'DELETE', `/clients/${String(client_id)}`);
  }

  /** Of one address and client, past the count of 429, on all routes. */
  async function wrongSecrets({ clientId, clientSecret }: StoredClient): Promise<void> {
    for (const route of ['token', 'revoke_token', 'introspect']) {
      for (let round = 0; round < 6; round += 1) {
        const drawn = round % 2 === 0 ? generateClientSecret() : aBroughtSecret();
        const wrong = search.keep(`wrong secret ${round} at ${route}`, drawn);
        const Authorization = basic({ clientId, clientSecret: wrong });
        await oauth(`/o/${route}/`, { ...GRANT, token: 'x' }, { Authorization });
      }
    }
    const mistyped = search.keep('a mistyped secret', `${clientSecret.slice(0, -1)}_`);
    await oauth('/o/token/', { ...GRANT, client_id: clientId, client_secret: mistyped });
  }

  async function wrongPlaces(bearer: string, client: StoredClient, opaque: string): Promise<void> {
    const { clientId, clientSecret: secret } = client;
    const Authorization = basic(client);
    const asId = await token(AS_ID, client);
    for (const each of [secret, opaque]) await inOtherParameters(each, { Authorization }, clientId);
    for (const each of [secret, asId]) {
      const swapped = { clientId: each, clientSecret: clientId };
      await oauth('/o/token/', { ...GRANT, client_id: each, client_secret: clientId });
      await oauth('/o/token/', GRANT, { Authorization: basic(swapped) });
      await oauth(`/o/token/${each}`, GRANT, { Authorization });
      for (const path of ['', 'clients/', 'errors/', `clients/${clientId}/secrets/`])
        await call(bearer, path.endsWith('secrets/') ? 'DELETE' : 'GET', `/${path}${each}`);
      await call(bearer, 'DELETE', `/scopes/${each}`);
      await call(bearer, 'GET', `/clients/?q=${each}`);
      for (const filter of ['client_id', 'actor', 'request_id'])
        await call(bearer, 'GET', `/audit-events/?${filter}=${each}`);
    }
    for (const each of [secret, opaque, search.keep('brought', aBroughtSecret())])
      await whereNobodyReads(bearer, each);
  }

  async function inOtherParameters(
    each: string,
    headers: Record<string, string>,
    clientId: string,
  ): Promise<void> {
    await oauth(`/o/token/?client_id=${clientId}&client_secret=${each}`, GRANT);
    await oauth(`/o/token/?access_token=${each}`, GRANT, headers);
    await oauth('/o/token/', { grant_type: each }, headers);
    await oauth('/o/token/', { ...GRANT, scope: each }, headers);
    await oauth('/o/token/', { ...GRANT, resource: `https://api.test/?token=${each}` }, headers);
    await oauth('/o/token/', { ...GRANT, [each]: each }, headers);
    await oauth('/o/revoke_token/', { token: 'x', token_type_hint: each }, headers);
    for (const value of [each, `Bearer ${each}`, `Basic ${each}`, `Basic ${btoa(each)}`])
      await oauth('/o/token/', GRANT, { Authorization: value });
  }

  async function whereNobodyReads(bearer: string, each: string): Promise<void> {
    const wanted = { client_name: 'x', scope: 'read' };
    await call(bearer, 'GET', `/clients/?cursor=${each}`);
    await call(bearer, 'GET', `/clients/?sort=${each}&token=${each}`);
    await call(bearer, 'POST', '/clients/', { ...wanted, client_secret: each });
    await call(bearer, 'POST', '/clients/', { ...wanted, scope: each });
    await call(bearer, 'POST', '/clients/', `{"client_secret": "${each}`);
    await call(each.slice(0, -1), 'GET', '/scopes/');
    const headers = {
      Authorization: 'Bearer x',
      Cookie: `token=${each}`,
      Referer: `https://app.test/?token=${each}`,
      'User-Agent': each,
    };
    heard(await send(url('/scopes/'), { headers }));
    heard(await send(url(`/scopes/?access_token=${each}`)));
    const json = { 'Content-Type': 'application/json' };
    heard(await postForm(url('/o/token/'), `{"client_secret":"${each}"}`, json));
    for (const line of [`GET /?secret=${each} HTTP/9`, each, `GET / HTTP/1.1\r\n${each}`]) {
      const request = `${line}\r\nHost: x\r\nConnection: close\r\n\r\n`;
      answers.push(await sendRaw(server.baseUrl, request));
    }
    if (each.startsWith('own.')) return;
    // What is told by its shape is found in these places too.
    await call(bearer, 'GET', `/scopes/%/${each}`);
    heard(await send(url('/scopes/'), { headers: { ...headers, 'X-Request-Id': each } }));
  }

  /** So that what the driver throws is logged. */
  async function storeOutOfReach(client: StoredClient, opaque: string): Promise<void> {
    const Authorization = basic(client);
    const held = postgres.query(
      'BEGIN; LOCK TABLE oauth_access_token, oauth_client; SELECT pg_sleep(5); COMMIT',
    );
    await until(async () => (await postgres.query(IS_LOCKED)).length > 0, SO_WITHIN_MS);
    const unknown = search.keep('a token of nobody', 'N0body'.repeat(5));
    const statuses = await Promise.all([
      oauth('/o/token/', GRANT, { Authorization }),
      oauth('/o/revoke_token/', { token: opaque }, { Authorization }),
      oauth('/o/introspect/', { token: unknown }, { Authorization }),
      oauth('/o/token/', { ...GRANT, client_id: 'x', client_secret: client.clientSecret }),
      call(unknown, 'GET', '/scopes/'),
    ]);
    expect(statuses.map(({ status }) => status)).toContain(503);
    await held;
    await postgres.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'",
    );
    await oauth('/o/revoke_token/', { token: opaque }, { Authorization });
  }

  async function gather(): Promise<void> {
    await keepSigningKeys();
    await postgres.query('CHECKPOINT');
    await search.gather('dump', await postgres.tool('pg_dumpall'));
    await search.gather('log of PostgreSQL', postgres.log);
    await search.gather('log', told.join('\n'));
    await search.gather('answers', answers.join('\n'));
  }

  /** What they are under their seal. */
  async function keepSigningKeys(): Promise<void> {
    const keys = await postgres.query<{ private_jwe: string }>(
      'SELECT private_jwe FROM oauth_signing_key',
    );
    expect(keys.length).toBeGreaterThan(1);
    for (const [index, { private_jwe }] of keys.entries()) {
      const { plaintext } = await compactDecrypt(private_jwe, createSecretKey(key));
      const { d } = JSON.parse(Buffer.from(plaintext).toString()) as { d: string };
      search.keepBytes(`private key ${index}`, Buffer.from(d, 'base64url'));
    }
  }

  const foundIn = (place: RegExp): Finding[] => findings.filter((one) => place.test(one.place));

  it('none is in a dump of the database', () => {
    expect(foundIn(/^dump$/)).toEqual([]);
  });

  it('none is in its data files or its WAL', () => {
    expect(foundIn(/^\//)).toEqual([]);
  });

  it('none is in PostgreSQL’s log of all statements with their parameters', () => {
    expect(postgres.log).toMatch(/parameters: \$1 = /);
    const found = foundIn(/^log of PostgreSQL$/);
    expect(found.filter(({ what }) => what !== AS_ID)).toEqual([]);
  });

  it('none is in what the server and the command line say at their most talkative', () => {
    expect(told.join('\n')).toContain('"path":"/o/introspect/"');
    expect(foundIn(/^log$/)).toEqual([]);
  });

  it('none is in an answer but the one that makes it: error, list, audit event, metric, document', () => {
    expect(answers.length).toBeGreaterThan(100);
    expect(foundIn(/^answers$/)).toEqual([]);
  });

  it('none is in the arguments or the title of a process', () => {
    expect(foundIn(/^processes$/)).toEqual([]);
  });

  it('and one that was there would have been found, in each of these places', async () => {
    const planted = search.keep('planted', generateClientSecret());
    const header = basic({ clientId: 'id', clientSecret: planted });
    await postgres.query(`COMMENT ON TABLE oauth_client IS '${planted}'`);
    await postgres.query(`COMMENT ON TABLE oauth_scope IS '${header}'`);
    await postgres.query('CHECKPOINT');
    await gather();
    const found = (await search.run([postgres.directory])).filter(({ what }) => what === 'planted');
    expect(found).toEqual(
      expect.arrayContaining(
        [
          'dump',
          'log of PostgreSQL',
          expect.stringMatching(/\/base\//),
          expect.stringMatching(/\/pg_wal\//),
        ].flatMap((place) =>
          ['as it is', 'base64'].map((form) => ({ what: 'planted', form, place })),
        ),
      ),
    );
  });
});
