/** What is done outside the pool, against a database that falls silent. Real: PostgreSQL, TCP. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { withClient } from '../../src/database/prepare-database.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const LIMIT_MS = 500;

let database: TestDatabase;
let proxy: TcpProxy;

beforeEach(async () => {
  database = await createDatabase('empty');
  proxy = await TcpProxy.start(database.url);
});

afterEach(async () => {
  await proxy.close();
  await database.drop();
});

const fallSilent = () => proxy.set({ kind: 'stall', direction: 'both' });

it('a statement beside the pool fails in time', async () => {
  const asking = withClient(
    proxy.url,
    (client) => {
      fallSilent();
      return client.query('SELECT 1');
    },
    LIMIT_MS,
  );
  await expect(asking).rejects.toThrow('Query read timeout');
});

it('a leave that the database does not take is not waited for', async () => {
  const asked = withClient(proxy.url, async (client) => {
    const { rows } = await client.query('SELECT 1 AS one');
    fallSilent();
    return rows;
  });
  expect(await asked).toEqual([{ one: 1 }]);
});
