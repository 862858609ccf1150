/**
 * Lone statements when the database refuses them, falls silent or goes away. Real: PostgreSQL and
 * TCP, with a proxy between that fails on demand.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import {
  dataSourceOptions,
  type DatabaseConnection,
} from '../../src/database/data-source-options.js';
import { Statements } from '../../src/database/statements.js';
import { isStoreUnavailable } from '../../src/errors/store-failure.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const TIMEOUT_MS = 1000;
const PID = { name: 'pid', text: 'SELECT pg_backend_pid() AS pid' };
const INSERT = { name: 'insert', text: 'INSERT INTO thing VALUES ($1) RETURNING id' };

describe.each<DatabaseConnection['pooler']>(['none', 'transaction'])(
  'a statement with the pooler %s',
  (pooler) => {
    let database: TestDatabase;
    let proxy: TcpProxy;
    let dataSource: DataSource;
    let statements: Statements;

    beforeEach(async () => {
      database = await createDatabase('empty');
      await database.query('CREATE TABLE thing (id integer PRIMARY KEY)');
      proxy = await TcpProxy.start(database.url);
      const connection = { url: proxy.url, poolSize: 1, timeoutMs: TIMEOUT_MS, pooler };
      dataSource = new DataSource(dataSourceOptions(connection));
      await dataSource.initialize();
      statements = new Statements(dataSource, connection);
    });

    afterEach(async () => {
      proxy.pass();
      await dataSource.destroy();
      await proxy.close();
      await database.drop();
    });

    const insert = (id: number) => statements.run<{ id: number }>(INSERT, [id]);
    const failure = (run: Promise<unknown>) =>
      run.then(
        () => undefined,
        (error: unknown) => error,
      );

    it('gives its rows, and is committed', async () => {
      expect(await insert(1)).toEqual([{ id: 1 }]);
      expect(await database.query('SELECT id FROM thing')).toEqual([{ id: 1 }]);
    });

    it('that is refused fails with the code of the refusal, and the next one runs', async () => {
      await insert(1);
      expect(await failure(insert(1))).toMatchObject({ code: '23505' });
      expect(await insert(2)).toEqual([{ id: 2 }]);
    });

    it.each(['forth', 'back'] as const)(
      'that is stalled on the way %s fails in time, and the next one has another connection',
      async (direction) => {
        const [before] = await statements.run<{ pid: number }>(PID, []);
        proxy.set({ kind: 'stall', direction });
        const start = performance.now();
        expect(isStoreUnavailable(await failure(insert(1)))).toBe(true);
        expect(performance.now() - start).toBeLessThan(1.9 * TIMEOUT_MS);
        proxy.pass();
        const [after] = await statements.run<{ pid: number }>(PID, []);
        expect(after?.pid).not.toBe(before?.pid);
      },
    );

    it('whose connection is half open fails in time, and the next one runs', async () => {
      await insert(1);
      proxy.halfOpen();
      expect(isStoreUnavailable(await failure(insert(2)))).toBe(true);
      expect(await insert(3)).toEqual([{ id: 3 }]);
    });

    it('that may not write fails, and the next one has another connection', async () => {
      await dataSource.query('SET default_transaction_read_only = on');
      expect(await failure(insert(1))).toMatchObject({ code: '25006' });
      expect(await insert(2)).toEqual([{ id: 2 }]);
    });

    it('whose connection is cut fails at once, and the next one runs', async () => {
      const slow = failure(statements.run({ text: 'SELECT pg_sleep(10)' }, []));
      await database.query('SELECT pg_sleep(0.05)');
      proxy.cut();
      expect(await slow).toMatchObject({ code: 'ECONNRESET' });
      expect(await insert(3)).toEqual([{ id: 3 }]);
    });
  },
);
