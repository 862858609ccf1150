import type { Client } from 'pg';
import { PARTITION_LOCK } from './locks.js';
import { withClient } from './prepare-database.js';

const LOCK_TIMEOUT = `SET lock_timeout = '2s'`;

/** A table that is partitioned by time, and how its partitions come and go. */
export interface PartitionedTable {
  readonly name: string;
  /** The column that it is partitioned by; `timestamptz`. */
  readonly column: string;
  /** What one partition holds: a day or a month, in UTC. */
  readonly period: 'day' | 'month';
  /** How many periods beyond the present one are made ahead. */
  readonly ahead: number;
  /** How many days a partition is kept after its end. */
  readonly keepDays: number;
}

/** What was done to the partitions of a table. */
export interface PartitionChanges {
  readonly made: readonly string[];
  readonly dropped: readonly string[];
}

/**
 * Makes the partitions that are missing for the present and the periods ahead, and drops those
 * whose time is over; one process at a time, for the others would only wait.
 *
 * No long lock is taken on the table, so that reading and writing go on: a partition is made by
 * itself and then attached, and is detached concurrently before it is dropped. Where a long read
 * is in the way, the drop is left to the next time.
 *
 * @param url of the role that owns the table, without a pooler between
 * @throws what the database says
 */
export function maintainPartitions(
  url: string,
  table: PartitionedTable,
): Promise<PartitionChanges> {
  return withClient(url, async (client) => {
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1)', [PARTITION_LOCK]);
    const made = await makeMissing(client, table);
    await client.query('COMMIT');
    await client.query(LOCK_TIMEOUT);
    const dropped: string[] = [];
    for (const name of await endedPartitions(client, table)) {
      if (await drop(client, table, name)) dropped.push(name);
    }
    return { made, dropped };
  });
}

async function makeMissing(client: Client, table: PartitionedTable): Promise<string[]> {
  await client.query(`SET LOCAL lock_timeout = '2s'`);
  const { rows } = await client.query<{ now: Date }>('SELECT now() AS now');
  const names = await partitionNames(client, table);
  const missing = Array.from({ length: table.ahead + 1 }, (_, ahead) =>
    startOf(table, rows[0]?.now ?? new Date(), ahead),
  ).filter((start) => !names.includes(partitionName(table, start)));
  for (const start of missing) await make(client, table, start);
  return missing.map((start) => partitionName(table, start));
}

async function make(client: Client, table: PartitionedTable, start: Date): Promise<void> {
  const name = partitionName(table, start);
  const from = start.toISOString();
  const to = startOf(table, start, 1).toISOString();
  // The check spares the attachment a look at every row.
  await client.query(
    `CREATE TABLE ${name} (LIKE ${table.name} INCLUDING ALL,
       CONSTRAINT period CHECK ("${table.column}" >= '${from}' AND "${table.column}" < '${to}'))`,
  );
  await client.query(
    `ALTER TABLE ${table.name} ATTACH PARTITION ${name} FOR VALUES FROM ('${from}') TO ('${to}')`,
  );
}

async function endedPartitions(client: Client, table: PartitionedTable): Promise<string[]> {
  const { rows } = await client.query<{ before: Date }>(
    'SELECT now() - make_interval(days => $1) AS before',
    [table.keepDays],
  );
  const kept = partitionName(table, startOf(table, rows[0]?.before ?? new Date(0), 0));
  // The names sort as their times do.
  return (await partitionNames(client, table)).filter((name) => name < kept);
}

/** @returns false where another process is at it, or a long read was in the way */
async function drop(client: Client, table: PartitionedTable, name: string): Promise<boolean> {
  try {
    await client.query(`ALTER TABLE ${table.name} DETACH PARTITION ${name} CONCURRENTLY`);
    await client.query(`DROP TABLE ${name}`);
    return true;
  } catch (error) {
    const { code } = error as { code?: unknown };
    // A detachment that was cut short the last time is brought to its end now.
    if (code === '55000') return finalize(client, table, name);
    if (code === '55P03' || code === '42P01') return false;
    throw error;
  }
}

async function finalize(client: Client, table: PartitionedTable, name: string): Promise<boolean> {
  await client.query(`ALTER TABLE ${table.name} DETACH PARTITION ${name} FINALIZE`);
  await client.query(`DROP TABLE ${name}`);
  return true;
}

async function partitionNames(client: Client, { name }: PartitionedTable): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
     WHERE inhparent = $1::regclass`,
    [name],
  );
  return rows.map((row) => row.name);
}

/** Such as `oauth_access_token_20261124` or `audit_event_202611`. */
function partitionName({ name, period }: PartitionedTable, start: Date): string {
  const digits = start.toISOString().replaceAll('-', '');
  return `${name}_${digits.slice(0, period === 'day' ? 8 : 6)}`;
}

/** The start of the period that a time lies in, or of one that many periods later. */
function startOf({ period }: PartitionedTable, time: Date, later: number): Date {
  const [year, month] = [time.getUTCFullYear(), time.getUTCMonth()];
  return period === 'day'
    ? new Date(Date.UTC(year, month, time.getUTCDate() + later))
    : new Date(Date.UTC(year, month + later, 1));
}
