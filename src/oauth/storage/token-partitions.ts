import type { ClientBase } from 'pg';
import { withClient } from '../../database/prepare-database.js';

/** Any number that nothing else in this database locks on. */
const PARTITION_LOCK = 7_086_617_003;
const DAYS_AHEAD = 7;
const DAY_MS = 86_400_000;

/**
 * Makes the partitions of the token table for today and the days ahead, where they are missing;
 * one process at a time.
 *
 * A partition is made by itself and then attached: that takes a weak lock on the table, so that
 * issuing and checking go on meanwhile.
 *
 * @param url of the role that owns the table
 * @returns the names of the partitions made
 */
export function ensureTokenPartitions(url: string): Promise<string[]> {
  return withClient(url, async (client) => {
    await client.query('BEGIN');
    await client.query(`SET LOCAL lock_timeout = '2s'`);
    await client.query('SELECT pg_advisory_xact_lock($1)', [PARTITION_LOCK]);
    const missing = await missingPartitions(client);
    for (const day of missing) await makePartition(client, day);
    await client.query('COMMIT');
    return missing.map(partitionName);
  });
}

async function missingPartitions(client: ClientBase): Promise<Date[]> {
  const { rows } = await client.query<{ today: Date; names: string[] }>(`
    SELECT date_trunc('day', now(), 'UTC') AS today,
      ARRAY(SELECT inhrelid::regclass::text FROM pg_inherits
        WHERE inhparent = 'oauth_access_token'::regclass) AS names`);
  const [{ today, names } = { today: new Date(0), names: [] }] = rows;
  return Array.from({ length: DAYS_AHEAD + 1 }, (_, ahead) => addDays(today, ahead)).filter(
    (day) => !names.includes(partitionName(day)),
  );
}

async function makePartition(client: ClientBase, day: Date): Promise<void> {
  const name = partitionName(day);
  const from = day.toISOString();
  const to = addDays(day, 1).toISOString();
  await client.query(
    `CREATE TABLE ${name} (LIKE oauth_access_token INCLUDING ALL,
       CONSTRAINT day CHECK (expires_at >= '${from}' AND expires_at < '${to}'))`,
  );
  await client.query(
    `ALTER TABLE oauth_access_token ATTACH PARTITION ${name} FOR VALUES FROM ('${from}') TO ('${to}')`,
  );
}

function partitionName(day: Date): string {
  return `oauth_access_token_${day.toISOString().slice(0, 10).replaceAll('-', '')}`;
}

function addDays(day: Date, days: number): Date {
  return new Date(day.getTime() + days * DAY_MS);
}
