/**
 * The last uses in PostgreSQL, as several nodes write them. Real: the adapter and PostgreSQL; no
 * server.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { PostgresUsageRepository } from '../../src/clients/storage/postgres-usage.repository.js';
import { dataSourceOptions } from '../../src/database/data-source-options.js';
import { Statements } from '../../src/database/statements.js';
import { aClient } from '../support/builders.js';
import { createDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let dataSource: DataSource;
let usage: PostgresUsageRepository;

beforeAll(async () => {
  database = await createDatabase();
  const connection = {
    url: database.url,
    poolSize: 8,
    timeoutMs: 4000,
    pooler: 'none',
  } as const;
  dataSource = new DataSource(dataSourceOptions(connection));
  await dataSource.initialize();
  usage = new PostgresUsageRepository(new Statements(dataSource, connection));
});

afterAll(async () => {
  await dataSource?.destroy();
  await database?.drop();
});

/** A stored client's keys: its own and that of its secret. */
async function keysOfNew(): Promise<{ clientKey: number; secretKey: number }> {
  const { clientId } = await aClient(database);
  const [keys] = await database.query<{ clientKey: number; secretKey: number }>(
    `SELECT c.id AS "clientKey", s.id AS "secretKey"
     FROM oauth_client c JOIN oauth_client_secret s ON s.client = c.id WHERE c.client_id = $1`,
    [clientId],
  );
  if (keys === undefined) throw new Error('not stored');
  return keys;
}

async function storedOf({ clientKey, secretKey }: { clientKey: number; secretKey: number }) {
  const [row] = await database.query<{ client: number; secret: number; address: string }>(
    `SELECT extract(epoch FROM now() - u.last_used_at)::float8 AS client,
       extract(epoch FROM now() - s.last_used_at)::float8 AS secret, s.last_used_address AS address
     FROM oauth_client_usage u JOIN oauth_secret_usage s ON s.secret = $2 WHERE u.client = $1`,
    [clientKey, secretKey],
  );
  return row;
}

describe('a use', () => {
  it('is stored for the client and for the secret, by the clock of the database', async () => {
    const keys = await keysOfNew();
    await usage.store([{ ...keys, address: '192.0.2.1', ageSeconds: 100 }]);
    const stored = await storedOf(keys);
    expect(stored?.client).toBeCloseTo(100, 0);
    expect(stored?.secret).toBeCloseTo(100, 0);
    expect(stored?.address).toBe('192.0.2.1');
  });

  it('gives way to a later one, and never to an earlier one that another node is late with', async () => {
    const keys = await keysOfNew();
    for (const [address, ageSeconds] of [
      ['first', 500],
      ['last', 10],
      ['late', 300],
    ] as const) {
      await usage.store([{ ...keys, address, ageSeconds }]);
    }
    const stored = await storedOf(keys);
    expect(stored?.client).toBeCloseTo(10, 0);
    expect(stored?.address).toBe('last');
  });

  it('of what is gone is dropped, and the others are stored', async () => {
    const [gone, there] = [await keysOfNew(), await keysOfNew()];
    await database.query('DELETE FROM oauth_client WHERE id = $1', [gone.clientKey]);
    await usage.store([
      { ...gone, address: 'gone', ageSeconds: 1 },
      { ...there, address: 'there', ageSeconds: 1 },
    ]);
    expect((await storedOf(there))?.address).toBe('there');
  });

  it('of two secrets counts once for their client: the later one', async () => {
    const keys = await keysOfNew();
    const [second] = await database.query<{ id: number }>(
      `INSERT INTO oauth_client_secret (secret_id, client, digest, hint)
       VALUES (gen_random_uuid(), $1, '', 'x') RETURNING id`,
      [keys.clientKey],
    );
    await usage.store([
      { ...keys, address: 'a', ageSeconds: 900 },
      { ...keys, secretKey: second?.id ?? 0, address: 'b', ageSeconds: 9 },
    ]);
    expect((await storedOf(keys))?.client).toBeCloseTo(9, 0);
  });

  it('of fifty clients is stored by many nodes at once, in whatever order, without a deadlock', async () => {
    const keys: Awaited<ReturnType<typeof keysOfNew>>[] = [];
    for (let made = 0; made < 50; made += 1) keys.push(await keysOfNew());
    const uses = keys.map((each) => ({ ...each, address: 'x', ageSeconds: 1 }));
    await expect(
      Promise.all(
        Array.from({ length: 40 }, (_, turn) =>
          usage.store(turn % 2 === 0 ? uses : uses.toReversed()),
        ),
      ),
    ).resolves.toHaveLength(40);
  }, 60_000);
});

it('a client that is made has its place among those never used', async () => {
  const { clientKey } = await keysOfNew();
  const rows = await database.query(
    `SELECT FROM oauth_client_usage WHERE client = $1 AND last_used_at = '-infinity'`,
    [clientKey],
  );
  expect(rows).toHaveLength(1);
});
