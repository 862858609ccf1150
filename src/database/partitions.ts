import type { Client } from 'pg';
import { DROP_LOCK, PARTITION_LOCK } from './locks.js';
import { withClient } from './prepare-database.js';

/** Whoever has it needs a moment; one that has gone silent with it is not waited for. */
const LOCK_WAITS = `SET LOCAL lock_timeout = '5s'`;
const MAKE_WAITS = `SET LOCAL lock_timeout = '2s'`;
/** No statement here may wait for so long: a database that takes longer has gone silent. */
const STATEMENT_MS = 30_000;
/** Shorter than that of who makes one: a partition that is needed now must not fail for one to go. */
const DROP_WAITS = `SET lock_timeout = '500ms'`;
/** A lock that could not be had, a partition that is gone, or one that is being detached. */
const IN_THE_WAY: ReadonlySet<string> = new Set(['55P03', '42P01', '55000']);

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

/**
 * Makes the partitions that are missing for the present and the periods ahead; one process at a
 * time, for the others would only wait.
 *
 * A partition is made by itself and then attached, which takes a weak lock: reading and writing go
 * on meanwhile.
 *
 * @param url of the role that owns the table, without a pooler between
 * @returns the names of those made
 * @throws what the database says
 */
export function makePartitions(url: string, table: PartitionedTable): Promise<string[]> {
  const makeAlone = async (client: Client): Promise<string[]> => {
    // Nearly always; then nobody is waited for.
    if ((await missingStarts(client, table)).length === 0) return [];
    await client.query(`BEGIN; ${LOCK_WAITS}`);
    await client.query('SELECT pg_advisory_xact_lock($1)', [PARTITION_LOCK]);
    const made = await makeMissing(client, table);
    await client.query('COMMIT');
    return made;
  };
  return withClient(url, makeAlone, STATEMENT_MS);
}

/**
 * Drops the partitions whose time is over; one process at a time, the others leave it to that one.
 *
 * They are detached concurrently first, so that nobody waits; where a long read is in the way, the
 * rest is left to the next time.
 *
 * @param url of the role that owns the table, without a pooler between
 * @returns the names of those dropped
 * @throws what the database says, where it says something else than that
 */
export function dropEndedPartitions(url: string, table: PartitionedTable): Promise<string[]> {
  return withClient(
    url,
    async (holder) => {
      await holder.query('BEGIN');
      // The lock must outlast the drops, which run on another connection: none of them may be in a
      // transaction.
      await holder.query('SET LOCAL idle_in_transaction_session_timeout = 0');
      // Without parameters: those would leave a snapshot open, and a drop would wait for it to end.
      const { rows } = await holder.query<{ had: boolean }>(
        `SELECT pg_try_advisory_xact_lock(${DROP_LOCK}, '${table.name}'::regclass::oid::integer) AS had`,
      );
      if (rows[0]?.had !== true) return [];
      return withClient(url, (client) => dropEnded(client, table), STATEMENT_MS);
    },
    STATEMENT_MS,
  );
}

async function dropEnded(client: Client, table: PartitionedTable): Promise<string[]> {
  await client.query(DROP_WAITS);
  const dropped: string[] = [];
  // Of a process that was killed between the two steps.
  for (const name of await detachedPartitions(client, table)) {
    if (await drop(client, table, name)) dropped.push(name);
  }
  // A detachment that was cut short must be brought to its end before another can begin.
  for (const name of await partitionNames(client, table, 'detach-pending')) {
    if (await drop(client, table, name, 'FINALIZE')) dropped.push(name);
  }
  for (const name of await endedPartitions(client, table)) {
    if (await drop(client, table, name, 'CONCURRENTLY')) dropped.push(name);
  }
  return dropped;
}

async function makeMissing(client: Client, table: PartitionedTable): Promise<string[]> {
  await client.query(MAKE_WAITS);
  const missing = await missingStarts(client, table);
  for (const start of missing) await make(client, table, start);
  return missing.map((start) => partitionName(table, start));
}

/** When those begin that are still to be made. */
async function missingStarts(client: Client, table: PartitionedTable): Promise<Date[]> {
  const { rows } = await client.query<{ now: Date }>('SELECT now() AS now');
  const names = await partitionNames(client, table);
  return Array.from({ length: table.ahead + 1 }, (_, ahead) =>
    startOf(table, rows[0]?.now ?? new Date(), ahead),
  ).filter((start) => !names.includes(partitionName(table, start)));
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

/**
 * @param detach how; undefined: it is detached already
 * @returns false where a long read was in the way
 */
async function drop(
  client: Client,
  table: PartitionedTable,
  name: string,
  detach?: 'CONCURRENTLY' | 'FINALIZE',
): Promise<boolean> {
  try {
    if (detach !== undefined) {
      await client.query(`COMMENT ON TABLE ${name} IS '${markOf(table)}'`);
      await client.query(`ALTER TABLE ${table.name} DETACH PARTITION ${name} ${detach}`);
    }
    await client.query(`DROP TABLE ${name}`);
    return true;
  } catch (error) {
    if (IN_THE_WAY.has(String((error as { code?: unknown }).code))) return false;
    throw error;
  }
}

/** Tells a table that is to be dropped from one that somebody detached to keep it. */
const markOf = ({ name }: PartitionedTable): string => `ended partition of ${name}`;

async function detachedPartitions(client: Client, table: PartitionedTable): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class
     WHERE relkind = 'r' AND NOT relispartition AND obj_description(oid, 'pg_class') = $2
       AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = $1::regclass)`,
    [table.name, markOf(table)],
  );
  return rows.map((row) => row.name);
}

async function partitionNames(
  client: Client,
  { name }: PartitionedTable,
  state: 'attached' | 'detach-pending' = 'attached',
): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
     WHERE inhparent = $1::regclass AND inhdetachpending = $2 ORDER BY relname`,
    [name, state === 'detach-pending'],
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
