/**
 * Migrations that run while a node serves on the same database. What is newest is taken back under a
 * node that runs, which so stands in for one of the version before. Real: the built server,
 * PostgreSQL, the transaction in the way.
 */
import { describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { basic, getToken, postForm, send } from '../support/http.js';
import { revert } from '../support/migrations.js';
import { startServerNodes, type ServerNodes } from '../support/server-nodes.js';
import { freePort, spawnServer, startProcess } from '../support/server.js';
import { SteadyLoad } from '../support/steady-load.js';
import { until } from '../support/until.js';
import { cleanUpAfterEach } from '../support/clean-up.js';

const SO_WITHIN_MS = 30_000;

/** The triggers on tokens, clients and secrets; the keys that sign JWTs. */
const NEWEST = 3;
const CALLERS = 8;
const HELD_MS = 5000;

const cleanUp = cleanUpAfterEach();

/** A node under load, on a database whose newest migrations are pending. */
async function servingBefore(): Promise<{
  database: TestDatabase;
  before: ServerNodes;
  baseUrl: string;
  load: SteadyLoad;
}> {
  const database = await createDatabase();
  cleanUp(() => database.drop());
  const before = await startServerNodes(database, [{}]);
  cleanUp(() => before.stop());
  const baseUrl = before.nodes[0]?.baseUrl ?? '';
  await revert(database.url, NEWEST);
  const load = new SteadyLoad(baseUrl, before.admin, CALLERS);
  cleanUp(() => load.stop());
  await load.answered(200);
  return { database, before, baseUrl, load };
}

/** Sees that another node, which has cached a token, learns of its revocation: the triggers do their work. */
async function revocationsSpread(from: string, to: string, before: ServerNodes): Promise<void> {
  const token = await getToken(from, before.admin);
  const headers = { Authorization: `Bearer ${token}` };
  expect((await send(`${to}/scopes/`, { headers })).status).toBe(200);
  const client = { Authorization: basic(before.admin) };
  await postForm(`${from}/o/revoke_token/`, { token }, client);
  await until(async () => (await send(`${to}/scopes/`, { headers })).status === 401, SO_WITHIN_MS);
}

describe('Migrations while a node of before serves', () => {
  it('run under load, and no request fails', async () => {
    const { database, before, baseUrl, load } = await servingBefore();
    const after = await startProcess({ DATABASE_URL: database.url, SHUTDOWN_DRAIN_MS: '0' });
    cleanUp(() => after.stop());
    expect(await after.logLine('Migrations run')).toContain('TokenInvalidation');
    await load.answered(200);
    await load.stop();
    expect(load.failed).toEqual([]);
    process.stderr.write(`slowest of ${load.sent.length}: ${Math.round(load.slowestMs)} ms\n`);
    await revocationsSpread(baseUrl, after.baseUrl, before);
  });

  it('wait for a transaction on the tokens by turns, and no request fails meanwhile', async () => {
    const { database, before, baseUrl, load } = await servingBefore();
    const holder = new Client({ connectionString: database.url });
    await holder.connect();
    cleanUp(() => holder.end());
    await holder.query('BEGIN; LOCK TABLE oauth_access_token IN ROW EXCLUSIVE MODE');

    const port = await freePort();
    const after = spawnServer({
      PORT: String(port),
      DATABASE_URL: database.url,
      SHUTDOWN_DRAIN_MS: '0',
    });
    cleanUp(() => after.stop());
    // From the moment on in which it is in the way.
    await until(() => waits(database), SO_WITHIN_MS);
    const sentBefore = load.sent.length;
    await delay(HELD_MS);
    const servedMeanwhile = load.sent.length - sentBefore;
    expect(await waitsOrMigrated(database)).not.toBe('migrated');
    await holder.query('COMMIT');
    await until(async () => (await waitsOrMigrated(database)) === 'migrated', SO_WITHIN_MS);
    await until(() => after.output().includes('"ready"'), SO_WITHIN_MS);
    await load.stop();
    process.stderr.write(
      `${servedMeanwhile} in ${HELD_MS} ms meanwhile, slowest: ${Math.round(load.slowestMs)} ms\n`,
    );
    expect(load.failed).toEqual([]);
    expect(servedMeanwhile).toBeGreaterThan(100);
    await revocationsSpread(baseUrl, `http://127.0.0.1:${port}`, before);
  });
});

/** Whether a migration waits for a lock on a table. */
async function waits(database: TestDatabase): Promise<boolean> {
  const rows = await database.query(
    `SELECT FROM pg_locks WHERE NOT granted AND locktype = 'relation' AND mode = 'ShareRowExclusiveLock'
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  return rows.length > 0;
}

async function waitsOrMigrated(database: TestDatabase): Promise<'pending' | 'migrated'> {
  const rows = await database.query(
    `SELECT FROM schema_migration WHERE name LIKE 'TokenInvalidation%'`,
  );
  return rows.length > 0 ? 'migrated' : 'pending';
}
