/**
 * Migrations back and forth on a database with rows in it. Real: the built server that fills it,
 * Debian's PostgreSQL 15, whose `pg_dump` tells the schema.
 */
import { expect, it } from '@jest/globals';
import { generateClientSecret } from '../../src/clients/domain/client-secret.js';
import { administrator, credentialsIn } from '../support/administrator.js';
import { DebianPostgres, describeWithDebianPostgres } from '../support/debian-postgres.js';
import { basic, getToken, postForm, send } from '../support/http.js';
import { migrations, withMigrations } from '../support/migrations.js';
import { startProcess } from '../support/server.js';

const admin = { clientId: 'test-admin', clientSecret: generateClientSecret() };

describeWithDebianPostgres('Each migration, taken back and run again on a filled database', () => {
  let postgres: DebianPostgres;

  beforeAll(async () => {
    postgres = await DebianPostgres.make();
    await postgres.start();
  });

  afterAll(() => postgres?.remove());

  it('finds the schema of before each time, and leaves the rows of all other tables', async () => {
    const known = await migrations();
    const { url } = postgres;
    /** The schema after that many of them. */
    const schemas = [await schemaOf(postgres)];
    for (let count = 1; count <= known.length; count += 1) {
      await withMigrations(url, known.slice(0, count), (to) => to.runMigrations());
      schemas.push(await schemaOf(postgres));
    }
    expect(new Set(schemas).size).toBe(known.length + 1);
    const token = await fill(url);
    const filled = await rowsOf(postgres);
    for (const table of FILLED) expect(filled.get(table)).not.toEqual([]);

    for (let count = known.length; count > 0; count -= 1) {
      const before = await rowsOf(postgres);
      const upTo = known.slice(0, count);
      await withMigrations(url, upTo, (from) => from.undoLastMigration());
      expect(await schemaOf(postgres)).toBe(schemas[count - 1]);
      const between = await rowsOf(postgres);
      await withMigrations(url, upTo, (to) => to.runMigrations());
      expect(await schemaOf(postgres)).toBe(schemas[count]);
      const after = await rowsOf(postgres);
      for (const [table, rows] of between) {
        expect([table, common(after.get(table), rows)]).toEqual([
          table,
          common(before.get(table), rows),
        ]);
      }
      // The tokens that were issued before are good as long as there is a table of them.
      if (between.has('oauth_access_token') && count === known.length) await works(url, token);
      await withMigrations(url, upTo, (from) => from.undoLastMigration());
    }
    expect(await schemaOf(postgres)).toBe(schemas[0]);

    await fill(url);
    expect(await schemaOf(postgres)).toBe(schemas.at(-1));
  });

  /** Starts a server, which runs what is pending, and lets it write into every table that it can. */
  async function fill(url: string): Promise<string> {
    const server = await startProcess({
      DATABASE_URL: url,
      ADMIN_CLIENT_ID: admin.clientId,
      ADMIN_CLIENT_SECRET: admin.clientSecret,
      KEY_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
      SHUTDOWN_DRAIN_MS: '0',
    });
    try {
      const by = await administrator(server.baseUrl, admin);
      const description = 'Read invoices';
      await by.call('POST', '/scopes/', { scope: 'invoices:read', description });
      const made = await by.call('POST', '/clients/', {
        client_name: 'Filled',
        scope: 'read invoices:read',
        token_quota: 100,
      });
      const client = credentialsIn(made);
      const token = await getToken(server.baseUrl, client);
      const revoked = await getToken(server.baseUrl, client);
      const headers = { Authorization: basic(client) };
      await postForm(`${server.baseUrl}/o/revoke_token/`, { token: revoked }, headers);
      return token;
    } finally {
      // What is gathered (last use, the counts of quotas) is written at the latest by a stop.
      expect(await server.stop()).toBe(0);
    }
  }

  async function works(url: string, token: string): Promise<void> {
    const server = await startProcess({
      DATABASE_URL: url,
      KEY_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
      SHUTDOWN_DRAIN_MS: '0',
    });
    const headers = { Authorization: `Bearer ${token}` };
    const { status } = await send(`${server.baseUrl}/scopes/`, { headers });
    await server.stop();
    expect(status).toBe(200);
  }
});

/** What the server has written into when it was filled. */
const FILLED = [
  'audit_event',
  'invalidation',
  'oauth_access_token',
  'oauth_client',
  'oauth_client_secret',
  'oauth_client_usage',
  'oauth_scope',
  'oauth_secret_usage',
  'oauth_signing_key',
  'oauth_token_count',
];

/** As `pg_dump` tells it, without the partitions: those are made by the server as days go by. */
async function schemaOf(postgres: DebianPostgres): Promise<string> {
  const partitions = ['oauth_access_token_*', 'audit_event_*'];
  const dump = await postgres.tool('pg_dump', [
    '--schema-only',
    ...partitions.map((name) => `--exclude-table=${name}`),
    // TypeORM's own, which it makes with the first.
    '--exclude-table=schema_migration*',
  ]);
  return (
    dump
      .split('\n')
      // The extension is left behind, since it may have been there before, for others.
      .filter((line) => !/^(--|\\(un)?restrict|$)| EXTENSION /.test(line))
      .join('\n')
  );
}

type Row = Record<string, unknown>;

/** The rows of each table, in an order of their own. */
async function rowsOf(postgres: DebianPostgres): Promise<Map<string, Row[]>> {
  const tables = await postgres.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace
     AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> 'schema_migration'
     ORDER BY relname`,
  );
  const rows = new Map<string, Row[]>();
  for (const { name } of tables) {
    const found = await postgres.query<{ row: Row }>(
      `SELECT to_jsonb(t) AS row FROM ${name} AS t ORDER BY to_jsonb(t)::text`,
    );
    rows.set(
      name,
      found.map(({ row }) => row),
    );
  }
  return rows;
}

/** Rows with those columns alone that other rows of the table have. */
function common(rows: readonly Row[] | undefined, others: readonly Row[]): Row[] {
  const columns = new Set(Object.keys(others[0] ?? {}));
  return (rows ?? []).map((row) =>
    Object.fromEntries(Object.entries(row).filter(([name]) => columns.has(name))),
  );
}
