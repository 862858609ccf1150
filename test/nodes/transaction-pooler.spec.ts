/**
 * Nodes behind a pooler in transaction mode, with far more callers than it has connections. Real:
 * the built server, PgBouncer, PostgreSQL.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import {
  administrator,
  credentialsIn,
  statusesOf,
  type Administrator,
} from '../support/administrator.js';
import { aClient } from '../support/builders.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { basic, getToken, postForm, send, type Answer } from '../support/http.js';
import { describeWithPgBouncer, startPgBouncer, type PgBouncer } from '../support/pgbouncer.js';
import { startServerNodes, type ServerNodes } from '../support/server-nodes.js';
import { spawnServer } from '../support/server.js';

const POOL_SIZE = 2;
const DB_TIMEOUT_MS = 2000;
const GRACE_MS = 200;
const GRANT = 'grant_type=client_credentials';
const WRONG_SECRET = 'x'.repeat(40);

interface Item {
  readonly [field: string]: unknown;
}

describeWithPgBouncer('Nodes behind PgBouncer in transaction mode', () => {
  let database: TestDatabase;
  let pgBouncer: PgBouncer;
  let servers: ServerNodes;
  /** One at each node. */
  let admins: Administrator[];

  beforeAll(async () => {
    database = await createDatabase('empty');
    pgBouncer = await startPgBouncer(database.url, POOL_SIZE);
    const pooled = {
      DATABASE_URL: pgBouncer.url,
      DB_POOLER: 'transaction',
      DB_TIMEOUT_MS: String(DB_TIMEOUT_MS),
    };
    servers = await startServerNodes(database, [pooled, pooled]);
    admins = await Promise.all(
      servers.nodes.map(({ baseUrl }) => administrator(baseUrl, servers.admin)),
    );
  });

  afterAll(async () => {
    await servers?.stop();
    await pgBouncer?.stop();
    await database?.drop();
  });

  /** The administrator at one node, by turns. */
  const admin = (turn = 0): Administrator => admins[turn % admins.length] as Administrator;
  const baseUrl = (turn = 0): string => servers.nodes[turn % servers.nodes.length]?.baseUrl ?? '';

  function token(turn: number, client: Parameters<typeof basic>[0]): Promise<Answer> {
    return postForm(`${baseUrl(turn)}/o/token/`, GRANT, { Authorization: basic(client) });
  }

  /** Asks until an answer fits; what is counted or recorded is written a little later. */
  async function soon(path: string, fits: (answer: Answer) => boolean): Promise<Answer> {
    const end = performance.now() + 15_000;
    for (;;) {
      const answer = await admin().call('GET', path);
      if (fits(answer) || performance.now() > end) return answer;
      await delay(100);
    }
  }

  const itemsOf = ({ body }: Answer): Item[] => body.items as Item[];

  it('have migrated past it, and made one first admin', async () => {
    expect(servers.nodes.some((node) => node.output().includes('Migrations run'))).toBe(true);
    const { body } = await admin().call('GET', '/audit-events/?action=client.created');
    expect(body.items).toHaveLength(1);
    const stored = await database.query('SELECT client_id FROM oauth_client');
    expect(stored).toEqual([{ client_id: servers.admin.clientId }]);
  });

  it('issue and check many tokens at once on its few connections', async () => {
    const clients = await Promise.all(
      Array.from({ length: 10 }, () => aClient(database, { scopes: ['read', 'admin'] })),
    );
    const scope = 'scope=admin';
    const rounds = Array.from({ length: 100 }, async (_, turn) => {
      const client = clients[turn % clients.length] ?? servers.admin;
      const issued = await postForm(`${baseUrl(turn)}/o/token/`, `${GRANT}&${scope}`, {
        Authorization: basic(client),
      });
      const headers = { Authorization: `Bearer ${String(issued.body.access_token)}` };
      const checked = await send(`${baseUrl(turn + 1)}/access-rules/`, { headers });
      return [issued.status, checked.status];
    });
    for (const statuses of await Promise.all(rounds)) expect(statuses).toEqual([200, 200]);
    expect(pgBouncer.proxy.count()).toBeLessThanOrEqual(POOL_SIZE);
  });

  it('refuse many at once, and say why in the audit trail', async () => {
    const client = await aClient(database);
    const refusals = Array.from({ length: 15 }, (_, turn) =>
      token(turn, { ...client, clientSecret: WRONG_SECRET }),
    );
    for (const answer of await Promise.all(refusals)) {
      expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    }
    const path = `/audit-events/?action=authentication.failed&client_id=${client.clientId}`;
    const counted = (answer: Answer) =>
      itemsOf(answer).reduce((sum, { count }) => sum + Number(count), 0);
    expect(counted(await soon(path, (answer) => counted(answer) === 15))).toBe(15);
    const unknown = { Authorization: 'Bearer mF_9.B5f-4.1JqM' };
    expect((await send(`${baseUrl()}/access-rules/`, { headers: unknown })).status).toBe(401);
  });

  it('make, change, list and delete clients', async () => {
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, turn) =>
        admin(turn).call('POST', '/clients/', { client_name: `Pooled ${turn}`, scope: 'read' }),
      ),
    );
    expect(new Set(statusesOf(made))).toEqual(new Set([201]));
    const changed = await Promise.all(
      made.map((answer, turn) =>
        admin(turn + 1).call('PATCH', `/clients/${credentialsIn(answer).clientId}`, {
          description: 'changed',
        }),
      ),
    );
    expect(new Set(statusesOf(changed))).toEqual(new Set([200]));
    const listed = await admin().call('GET', '/clients/?q=Pooled&limit=100');
    expect(itemsOf(listed).map(({ description }) => description)).toEqual(
      Array.from({ length: 20 }, () => 'changed'),
    );
    const deleted = await Promise.all(
      made.map((answer, turn) =>
        admin(turn).call('DELETE', `/clients/${credentialsIn(answer).clientId}`),
      ),
    );
    expect(new Set(statusesOf(deleted))).toEqual(new Set([204]));
  });

  it('rotate a secret, and kill what was got with the old one', async () => {
    const old = credentialsIn(
      await admin().call('POST', '/clients/', { client_name: 'Rotated', scope: 'read admin' }),
    );
    const bearer = `Bearer ${await getToken(baseUrl(), old, 'admin')}`;
    const path = `/clients/${old.clientId}/secrets`;
    const rotation = { expires_previous_in: 0, revoke_tokens: true };
    const rotated = await admin(1).call('POST', path, rotation);
    expect(rotated.status).toBe(201);
    expect((await token(0, old)).status).toBe(401);
    const headers = { Authorization: bearer };
    expect((await send(`${baseUrl()}/access-rules/`, { headers })).status).toBe(401);
    const next = { ...old, clientSecret: String(rotated.body.client_secret) };
    expect((await token(1, next)).status).toBe(200);
  });

  it('hold a quota and write down the last use', async () => {
    const client = await aClient(database, { tokenQuota: 3 });
    const answers = [];
    for (let turn = 0; turn < 4; turn += 1) answers.push(await token(0, client));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    const used = ({ body }: Answer) => body.last_used_at !== null && body.tokens_this_hour === 3;
    expect(used(await soon(`/clients/${client.clientId}`, used))).toBe(true);
  });

  it('add a scope to the catalogue, read it and take it away', async () => {
    const body = { scope: 'pooled', description: 'Behind a pooler' };
    expect((await admin().call('POST', '/scopes/', body)).status).toBe(201);
    expect((await admin(1).call('GET', '/scopes/pooled')).body).toMatchObject(body);
    expect((await admin(1).call('GET', '/scopes/')).text).toContain('pooled');
    expect((await admin().call('DELETE', '/scopes/pooled')).status).toBe(204);
  });

  it('leave no setting behind for whoever gets the connection next', async () => {
    const client = new Client({ connectionString: pgBouncer.url });
    await client.connect();
    const { rows } = await client.query(
      `SELECT name, setting FROM pg_settings
       WHERE name ~ '_timeout$|^enable_' AND source = 'session'`,
    );
    await client.end();
    expect(rows).toEqual([]);
  });

  it('have met no error of the pooler', () => {
    expect(pgBouncer.output()).not.toMatch(/prepared statement|unsupported|ERROR|FATAL/);
    for (const node of servers.nodes) {
      expect(node.output()).not.toMatch(/prepared statement|"level":"(error|fatal)"/);
    }
  });

  describe('when a statement would run for long', () => {
    let holder: Client;

    beforeEach(async () => {
      holder = new Client({ connectionString: database.url, application_name: 'holder' });
      await holder.connect();
      await holder.query('BEGIN');
    });

    afterEach(() => holder.end());

    /** Longer than it may: what the nodes write by themselves runs into the lock as well. */
    const overdue = () =>
      database.query<{ query: string }>(
        `SELECT query FROM pg_stat_activity WHERE datname = current_database()
         AND application_name <> 'holder' AND state <> 'idle'
         AND clock_timestamp() - xact_start > make_interval(secs => $1)`,
        [(DB_TIMEOUT_MS + GRACE_MS) / 1000],
      );

    it.each<[string, string, () => Promise<Answer>]>([
      ['a token is issued', 'oauth_access_token', () => token(0, servers.admin)],
      ['a client is authenticated', 'oauth_client', () => token(0, servers.admin)],
      ['a client is read', 'oauth_client_secret', () => admin().call('GET', '/clients/test-admin')],
      ['clients are listed', 'oauth_client_secret', () => admin().call('GET', '/clients/')],
      [
        'a client is made',
        'audit_event',
        () => admin().call('POST', '/clients/', { client_name: 'Late', scope: 'read' }),
      ],
      ['scopes are listed', 'oauth_scope', () => admin().call('GET', '/scopes/')],
      ['a scope is read', 'oauth_scope', () => admin().call('GET', '/scopes/read')],
      ['the audit trail is read', 'audit_event', () => admin().call('GET', '/audit-events/')],
    ])('as %s, the answer is 503 and the server ends it', async (_what, table, ask) => {
      await holder.query(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
      const start = performance.now();
      const answer = await ask();
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(performance.now() - start).toBeLessThan(2 * DB_TIMEOUT_MS);
      // The lock is held still: what goes on would go on as long as that.
      await delay(2 * GRACE_MS);
      expect(await overdue()).toEqual([]);
      await holder.query('ROLLBACK');
      expect((await ask()).status).toBeLessThan(300);
    });
  });

  it('do not start where DB_POOLER says that there is none', async () => {
    const node = spawnServer({
      PORT: '1',
      DATABASE_URL: pgBouncer.url,
      MIGRATION_DATABASE_URL: database.url,
    });
    await new Promise((resolve) => node.process.once('close', resolve));
    expect(node.process.exitCode).toBe(1);
    expect(node.output()).toContain('unsupported startup parameter: statement_timeout');
  });
});
