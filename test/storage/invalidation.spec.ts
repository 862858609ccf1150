/** The log of invalidations on a real PostgreSQL: transactions that commit out of order. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { loadSettings } from '../../src/config/settings.js';
import type { LogPosition } from '../../src/invalidation/domain/invalidation-log.js';
import { PostgresInvalidationLog } from '../../src/invalidation/storage/postgres-invalidation-log.js';
import { createDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let log: PostgresInvalidationLog;
let slow: Client;

beforeAll(async () => {
  database = await createDatabase();
  log = new PostgresInvalidationLog(loadSettings({ DATABASE_URL: database.url }));
  slow = new Client({ connectionString: database.url });
  await slow.connect();
});

afterAll(async () => {
  await slow.end();
  await log.onModuleDestroy();
  await database.drop();
});

function note(client: number): Promise<object[]> {
  return database.query('INSERT INTO invalidation (client) VALUES ($1)', [client]);
}

async function clientsSince(since: LogPosition | undefined) {
  const { clients, position } = await log.read(since);
  return { clients: [...clients].toSorted((one, other) => one - other), position };
}

/**
 * Waits until no transaction is open that began before what is in the log: another test's, on the same
 * server, keeps rows from being forgotten, as it should.
 */
async function settled(): Promise<void> {
  const end = performance.now() + 20_000;
  const open = () =>
    database.query(
      'SELECT FROM invalidation WHERE xid >= pg_snapshot_xmin(pg_current_snapshot()) LIMIT 1',
    );
  while ((await open()).length > 0 && performance.now() < end) await delay(50);
}

describe('the log', () => {
  it('tells nothing of what was before the first read, and each row after it once', async () => {
    await note(1);
    const first = await clientsSince(undefined);
    await note(2);
    const second = await clientsSince(first.position);
    const third = await clientsSince(second.position);
    expect([first.clients, second.clients, third.clients]).toEqual([[], [2], []]);
  });

  it('tells what a transaction did that began before others which were read already', async () => {
    const { position } = await clientsSince(undefined);
    await slow.query('BEGIN');
    await slow.query('INSERT INTO invalidation (client) VALUES (10)');
    await note(11);
    const meanwhile = await clientsSince(position);
    await slow.query('COMMIT');
    const after = await clientsSince(meanwhile.position);
    expect([meanwhile.clients, after.clients]).toEqual([[11], [10]]);
  });

  it('forgets what was before a position, and nothing that committed since', async () => {
    await settled();
    await slow.query('BEGIN');
    await slow.query('INSERT INTO invalidation (client) VALUES (20)');
    const { position } = await clientsSince(undefined);
    await slow.query('COMMIT');
    await note(21);
    expect(await log.forget(position)).toBe(false);
    expect((await clientsSince(position)).clients).toEqual([20, 21]);
    expect(await database.query('SELECT client FROM invalidation WHERE client < 20')).toEqual([]);
  });

  it('passes over what a restored dump brought from a server with more transactions, and forgets it', async () => {
    const { position } = await clientsSince(undefined);
    await database.query(`
      INSERT INTO invalidation (xid, client)
      SELECT (pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 1000000)::text::xid8, 40`);
    await note(41);
    expect((await clientsSince(position)).clients).toEqual([41]);
    expect(await log.forget(position)).toBe(false);
    expect(await database.query('SELECT FROM invalidation WHERE client = 40')).toEqual([]);
    expect((await clientsSince(position)).clients).toEqual([41]);
  });

  it('forgets a part at a time', async () => {
    await database.query(
      'INSERT INTO invalidation (client) SELECT 30 FROM generate_series(1, 7000)',
    );
    await settled();
    const { position } = await clientsSince(undefined);
    expect(await log.forget(position)).toBe(true);
    expect(await log.forget(position)).toBe(false);
    expect(await database.query('SELECT FROM invalidation')).toEqual([]);
  });
});
