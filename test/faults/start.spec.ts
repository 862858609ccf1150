/**
 * The start against a database that is empty, not there yet, or of a newer version. Real: processes
 * of the built server, PostgreSQL.
 */
import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { generateClientSecret } from '../../src/clients/domain/client-secret.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { DebianPostgres, describeWithDebianPostgres } from '../support/debian-postgres.js';
import { getToken, send } from '../support/http.js';
import { inFull } from '../support/lengths.js';
import { migrations } from '../support/migrations.js';
import { startServerNodes } from '../support/server-nodes.js';
import { freePort, spawnServer } from '../support/server.js';
import { until } from '../support/until.js';
import { cleanUpAfterEach } from '../support/clean-up.js';

const SO_WITHIN_MS = 60_000;

const ROUNDS = inFull(5, 1);

const cleanUp = cleanUpAfterEach();

async function emptyDatabase(): Promise<TestDatabase> {
  const database = await createDatabase('empty');
  cleanUp(() => database.drop());
  return database;
}

/** The times in the names of the migrations that there are, in order. */
async function stampsOfSource(): Promise<string[]> {
  return (await migrations()).map(({ name }) => name.slice(-13));
}

async function stampsIn(database: TestDatabase): Promise<string[]> {
  const rows = await database.query<{ timestamp: string }>(
    'SELECT "timestamp" FROM schema_migration ORDER BY "timestamp"',
  );
  return rows.map(({ timestamp }) => timestamp);
}

describe('Three nodes that start at once on an empty database', () => {
  it.each(Array.from({ length: ROUNDS }, (_, index) => index + 1))(
    'run each migration once, and make one admin client with one audit event (%i)',
    async () => {
      const database = await emptyDatabase();
      const started = await startServerNodes(database, [{}, {}, {}]);
      cleanUp(() => started.stop());
      const { nodes, admin } = started;
      expect(await stampsIn(database)).toEqual(await stampsOfSource());
      expect(nodes.filter((node) => node.output().includes('Migrations run'))).toHaveLength(1);
      expect(await database.query('SELECT client_id FROM oauth_client')).toEqual([
        { client_id: admin.clientId },
      ]);
      expect(
        await database.query(
          `SELECT actor, client_id, outcome FROM audit_event WHERE action = 'client.created'`,
        ),
      ).toEqual([{ actor: 'os:start', client_id: admin.clientId, outcome: 'success' }]);
      for (const { baseUrl } of nodes) {
        expect((await send(`${baseUrl}/health/ready`)).status).toBe(200);
        await getToken(baseUrl, admin, 'read write admin');
      }
    },
  );
});

describeWithDebianPostgres('A database that is not there yet', () => {
  it('is waited for, with one log line, and is served as soon as it is there', async () => {
    const postgres = await DebianPostgres.make();
    cleanUp(() => postgres.remove());
    const admin = { clientId: 'test-admin', clientSecret: generateClientSecret() };
    const port = await freePort();
    const server = spawnServer({
      PORT: String(port),
      DATABASE_URL: postgres.url,
      ADMIN_CLIENT_ID: admin.clientId,
      ADMIN_CLIENT_SECRET: admin.clientSecret,
      SHUTDOWN_DRAIN_MS: '0',
    });
    cleanUp(() => server.stop('SIGKILL'));
    await until(
      () => server.output().includes('Waiting for the database, 60 s at most'),
      SO_WITHIN_MS,
    );
    // Some tries later it still waits.
    await delay(1500);
    expect(server.process.exitCode).toBeNull();
    await postgres.start();
    await until(() => server.output().includes('"ready"'), SO_WITHIN_MS);
    await getToken(`http://127.0.0.1:${port}`, admin);
    expect(server.output().split('Waiting for the database')).toHaveLength(2);
    expect(await server.stop()).toBe(0);
  });
});

describe('A database of a newer version', () => {
  const refusal = (latest: string | undefined): string =>
    `The database is of a newer version: it has the migration FromTheFuture 9999999999999, and the last that this version knows is of ${latest}. Start that version, or take its migrations back with it: npm run migration:revert.\n`;

  async function newer(): Promise<TestDatabase> {
    const database = await createDatabase();
    cleanUp(() => database.drop());
    await database.query(
      `INSERT INTO schema_migration ("timestamp", name) VALUES (9999999999999, 'FromTheFuture9999999999999')`,
    );
    return database;
  }

  it.each([
    ['one process', {}],
    ['several workers', { WORKERS: '2' }],
  ])('is refused by %s, with one line and status 1, and stays as it is', async (_, settings) => {
    const database = await newer();
    const before = await stampsIn(database);
    const server = spawnServer({ DATABASE_URL: database.url, ...settings });
    cleanUp(() => server.stop('SIGKILL'));
    await once(server.process, 'close');
    expect({ status: server.process.exitCode, output: server.output() }).toEqual({
      status: 1,
      output: refusal((await stampsOfSource()).at(-1)),
    });
    expect(await stampsIn(database)).toEqual(before);
  });

  it('is not one that has an older migration of a feature that was deleted', async () => {
    const database = await createDatabase();
    cleanUp(() => database.drop());
    await database.query(
      `INSERT INTO schema_migration ("timestamp", name) VALUES (1764000000001, 'Gone1764000000001')`,
    );
    const started = await startServerNodes(database, [{}]);
    cleanUp(() => started.stop());
    const { nodes, admin } = started;
    expect(await getToken(nodes[0]?.baseUrl ?? '', admin)).toMatch(/^\w{30}$/);
  });

  it('goes on to be served by a node of this version that runs', async () => {
    const database = await createDatabase();
    cleanUp(() => database.drop());
    const started = await startServerNodes(database, [{}]);
    cleanUp(() => started.stop());
    const { nodes, admin } = started;
    const [{ baseUrl } = { baseUrl: '' }] = nodes;
    await database.query(
      `INSERT INTO schema_migration ("timestamp", name) VALUES (9999999999999, 'FromTheFuture9999999999999')`,
    );
    expect((await send(`${baseUrl}/health/ready`)).status).toBe(200);
    await getToken(baseUrl, admin);
  });
});
