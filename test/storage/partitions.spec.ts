/** How partitions come and go, on a real PostgreSQL. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { PARTITION_LOCK } from '../../src/database/locks.js';
import {
  dropEndedPartitions,
  makePartitions,
  type PartitionedTable,
} from '../../src/database/partitions.js';
import { createDatabase, type TestDatabase } from '../support/database.js';

const TABLE: PartitionedTable = {
  name: 'thing',
  column: 'at',
  period: 'day',
  ahead: 2,
  keepDays: 1,
};

let database: TestDatabase;

beforeEach(async () => {
  database = await createDatabase('empty');
  await database.query(
    `CREATE TABLE thing (at timestamptz NOT NULL, name text, PRIMARY KEY (at)) PARTITION BY RANGE (at)`,
  );
});

afterEach(() => database.drop());

const name = (day: number): string =>
  `thing_${new Date(Date.now() + day * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '')}`;

async function partitions(): Promise<string[]> {
  const rows = await database.query<{ name: string }>(
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits
     WHERE inhparent = 'thing'::regclass ORDER BY 1`,
  );
  return rows.map((row) => row.name);
}

async function makeOld(day: number): Promise<void> {
  const start = new Date(Date.now() + day * 86_400_000).toISOString().slice(0, 10);
  const end = new Date(Date.now() + (day + 1) * 86_400_000).toISOString().slice(0, 10);
  await database.query(
    `CREATE TABLE ${name(day)} PARTITION OF thing FOR VALUES FROM ('${start} 00:00Z') TO ('${end} 00:00Z')`,
  );
}

describe('partitions', () => {
  it('are made for today and the days ahead, whatever the time zone of the database', async () => {
    await database.query(
      `ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET timezone TO 'Pacific/Kiritimati'`,
    );
    const made = await makePartitions(database.url, TABLE);
    expect(made).toEqual([name(0), name(1), name(2)]);
    expect(await partitions()).toEqual(made);
    await database.query(`INSERT INTO thing VALUES (now()), (now() + interval '48 hours')`);
    expect(await makePartitions(database.url, TABLE)).toEqual([]);
  });

  it('by the month end where the next one begins', async () => {
    await makePartitions(database.url, { ...TABLE, period: 'month' });
    await database.query(
      `INSERT INTO thing SELECT now() + make_interval(days => day) FROM generate_series(0, 55) AS day`,
    );
    expect(await partitions()).toHaveLength(3);
  });

  it('that are over are dropped, and those that are kept are not', async () => {
    await makeOld(-3);
    await makeOld(-2);
    await makeOld(-1);
    const dropped = await dropEndedPartitions(database.url, TABLE);
    expect(new Set(dropped)).toEqual(new Set([name(-3), name(-2)]));
    expect(await partitions()).toContain(name(-1));
  });

  it('are dropped the next time where a long read is in the way, and nobody waits', async () => {
    await makeOld(-4);
    await makeOld(-3);
    await makePartitions(database.url, TABLE);
    const reader = new Client({ connectionString: database.url });
    await reader.connect();
    await reader.query('BEGIN');
    await reader.query('SELECT * FROM thing');
    // Several nodes at it, several times: none fails, none makes a reader or a writer wait.
    const dropping = Promise.all([1, 2, 3].map(() => dropEndedPartitions(database.url, TABLE)));
    await new Promise((resolve) => setTimeout(resolve, 300));
    const began = performance.now();
    await database.query('INSERT INTO thing VALUES (now())');
    await database.query('SELECT * FROM thing');
    expect(performance.now() - began).toBeLessThan(1000);
    await dropping;
    await dropEndedPartitions(database.url, TABLE);
    await reader.query('COMMIT');
    await reader.end();
    await dropEndedPartitions(database.url, TABLE);
    expect(await partitions()).toEqual([name(0), name(1), name(2)]);
    expect(await database.query(`SELECT 1 FROM pg_class WHERE relname = '${name(-3)}'`)).toEqual(
      [],
    );
  });

  it('are dropped by one process at a time, and the others leave it to that one', async () => {
    for (const day of [-6, -5, -4, -3]) await makeOld(day);
    const all = await Promise.all([1, 2, 3].map(() => dropEndedPartitions(database.url, TABLE)));
    expect(all.filter((dropped) => dropped.length > 0)).toEqual([
      [name(-6), name(-5), name(-4), name(-3)],
    ]);
  });

  it('whose drop was cut short after their detachment are dropped the next time', async () => {
    await makeOld(-3);
    await database.query(`CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql
      AS $$ BEGIN RAISE 'cut short'; END $$`);
    await database.query(`CREATE EVENT TRIGGER refuse ON ddl_command_start
      WHEN TAG IN ('DROP TABLE') EXECUTE FUNCTION refuse()`);
    await expect(dropEndedPartitions(database.url, TABLE)).rejects.toThrow('cut short');
    await database.query('DROP EVENT TRIGGER refuse');
    // What an operator has detached by hand is left to them.
    await database.query(`CREATE TABLE ${name(-4)} (LIKE thing)`);
    expect(await partitions()).toEqual([]);
    expect(await dropEndedPartitions(database.url, TABLE)).toEqual([name(-3)]);
    const left = await database.query(
      `SELECT relname FROM pg_class WHERE relname ~ '^thing_\\d+$'`,
    );
    expect(left).toEqual([{ relname: name(-4) }]);
  });

  it('are made once by several processes at the same time', async () => {
    const all = await Promise.all([1, 2, 3, 4].map(() => makePartitions(database.url, TABLE)));
    expect(all.flat()).toHaveLength(3);
  });

  it('are not waited for without end where another process keeps the lock, and not at all where none is missing', async () => {
    const other = new Client({ connectionString: database.url });
    await other.connect();
    await other.query('BEGIN');
    await other.query('SELECT pg_advisory_xact_lock($1)', [PARTITION_LOCK]);
    try {
      await expect(makePartitions(database.url, TABLE)).rejects.toMatchObject({ code: '55P03' });
      for (const day of [0, 1, 2]) await makeOld(day);
      expect(await makePartitions(database.url, TABLE)).toEqual([]);
    } finally {
      await other.end();
    }
  });
});
