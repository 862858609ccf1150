/** TypeORM on connections that fall silent. Real: PostgreSQL and TCP, with a proxy that fails. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { DataSource, type EntityManager } from 'typeorm';
import { dataSourceOptions } from '../../src/database/data-source-options.js';
import { SilentConnections } from '../../src/database/silent-connections.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const TIMEOUT_MS = 1000;

let database: TestDatabase;
let proxy: TcpProxy;
let dataSource: DataSource;

beforeEach(async () => {
  database = await createDatabase('empty');
  proxy = await TcpProxy.start(database.url);
  const connection = {
    url: proxy.url,
    poolSize: 1,
    timeoutMs: TIMEOUT_MS,
    pooler: 'none',
  } as const;
  dataSource = new DataSource(dataSourceOptions(connection));
  await dataSource.initialize();
  dataSource.subscribers.push(new SilentConnections());
});

afterEach(async () => {
  await dataSource.destroy();
  await proxy.close();
  await database.drop();
});

const ask = (manager: EntityManager) => manager.query<{ one: number }[]>('SELECT 1 AS one');

it.each<[string, () => Promise<unknown>]>([
  ['alone', () => ask(dataSource.manager)],
  ['in a transaction', () => dataSource.transaction(ask)],
])('a call %s fails in time, and the next one has another connection', async (_how, call) => {
  proxy.halfOpen();
  const start = performance.now();
  await expect(call()).rejects.toThrow('Query read timeout');
  expect(performance.now() - start).toBeLessThan(1.9 * TIMEOUT_MS);
  expect(await call()).toEqual([{ one: 1 }]);
});

it('a call that may not write fails, and the next one has another connection', async () => {
  await dataSource.query('CREATE TABLE written ()');
  // As all of a server's are that was made read only; the next is to another one.
  await dataSource.query('SET default_transaction_read_only = on');
  const write = () => dataSource.query('INSERT INTO written DEFAULT VALUES');
  await expect(write()).rejects.toMatchObject({ driverError: { code: '25006' } });
  await expect(write()).resolves.toEqual([]);
});
