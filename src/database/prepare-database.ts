import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { DataSource } from 'typeorm';
import { isStoreUnavailable } from '../errors/store-failure.js';
import { dataSourceOptions, MIGRATIONS_GLOB } from './data-source-options.js';
import { assertNotNewer } from './known-migrations.js';
import { MIGRATION_LOCK } from './locks.js';
import { reachOf } from './primary.js';

const RETRY_MS = 500;
/** A minute and more: what takes longer is not in the way by chance. */
const MOST_TRIES = 45;
/**
 * Less than a statement of a node that serves may take (`DB_TIMEOUT_MS`, 2 s by default), which
 * waits behind this one; more than the second after which PostgreSQL lets an autovacuum give way.
 */
const LOCK_TIMEOUT_MS = 1200;
/** A statement of the start that takes longer is not answered at all. */
const ANSWERS_WITHIN_MS = 5000;
/** For the last word to a database that may have gone silent. */
const LEAVES_WITHIN_MS = 1000;
/** A lock that could not be had in time, and two that waited for each other. */
const IN_THE_WAY: ReadonlySet<string> = new Set(['55P03', '40P01']);

/** A database that did not answer in the time that the start may wait for it. */
export class DatabaseUnreachableError extends Error {
  override readonly name = 'DatabaseUnreachableError';
}

/** A database that would forget what it has answered. */
export class VolatileDatabaseError extends Error {
  override readonly name = 'VolatileDatabaseError';
}

/**
 * Waits for a database that does not answer yet, as one does that is started beside this process.
 *
 * @param waitSeconds how long at most
 * @param onWaiting called once, when the first try has failed
 * @throws DatabaseUnreachableError when the time is over; anything else that the database says
 *   (a wrong password, say) at once
 */
export async function waitForDatabase(
  url: string,
  waitSeconds: number,
  onWaiting: (reason: string) => void,
): Promise<void> {
  const end = performance.now() + waitSeconds * 1000;
  for (let tries = 0; ; tries += 1) {
    try {
      await withClient(url, (client) => client.query('SELECT 1'), ANSWERS_WITHIN_MS);
      return;
    } catch (error) {
      if (!isStoreUnavailable(error) || hasRefused(error)) throw error;
      const reason = error instanceof Error ? error.message || error.name : 'no answer';
      if (performance.now() >= end) {
        throw new DatabaseUnreachableError(
          `The database did not answer within DB_WAIT_S (${waitSeconds} s): ${reason}. Check DATABASE_URL and that the database runs.`,
          { cause: error },
        );
      }
      if (tries === 0) onWaiting(reason);
      await delay(RETRY_MS);
    }
  }
}

/**
 * Refuses a database that answers a commit before it is safe: an answered token could be lost in a
 * crash, and a revoked one come back.
 *
 * @throws VolatileDatabaseError
 */
export async function assertDurable(url: string): Promise<void> {
  const { rows } = await withClient(
    url,
    (client) =>
      client.query<{ mode: string }>(`SELECT current_setting('synchronous_commit') AS mode`),
    ANSWERS_WITHIN_MS,
  );
  if (rows[0]?.mode !== 'off') return;
  throw new VolatileDatabaseError(
    'The role or database of DATABASE_URL has synchronous_commit off, so that answered tokens could be lost in a crash: set it to on.',
  );
}

/** It has answered: with a log-in (class 28) or a database (3D) that are not there. */
function hasRefused(error: unknown): boolean {
  return /^(28|3D)/.test(codeOf(error));
}

/**
 * Runs the pending migrations, one process at a time: the others wait and find nothing to do. The
 * lock ends with its transaction, so that it holds through a pooler too and can't be left behind.
 *
 * @returns the names of those that ran
 * @throws NewerDatabaseError, or what the database says; the migrations have then changed nothing
 */
export async function migrate(url: string): Promise<string[]> {
  return withClient(url, async (client) => {
    await client.query('BEGIN');
    // The lock must outlast the migrations, which run on another connection.
    await client.query('SET LOCAL idle_in_transaction_session_timeout = 0');
    await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await assertNotNewer(client);
    const names = await runPatiently(url);
    await client.query('COMMIT');
    return names;
  });
}

/**
 * Where a migration would have to wait for another transaction, all that comes after waits for it
 * too: the nodes of the version before could not serve. So it gives up soon, and tries again.
 */
async function runPatiently(url: string): Promise<string[]> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await runMigrations(url);
    } catch (error) {
      if (tries === MOST_TRIES || !IN_THE_WAY.has(codeOf(error))) throw error;
      await delay(RETRY_MS);
    }
  }
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code);
}

async function runMigrations(url: string): Promise<string[]> {
  const dataSource = new DataSource({
    // Time-outs are for serving: a migration may rightly take long.
    ...dataSourceOptions({ url, poolSize: 1, timeoutMs: 0, pooler: 'transaction' }),
    migrations: [MIGRATIONS_GLOB],
  });
  await dataSource.initialize();
  try {
    // On the one connection that the migrations run on, too.
    await dataSource.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}`);
    const done = await dataSource.runMigrations({ transaction: 'all' });
    return done.map(({ name }) => name);
  } finally {
    await dataSource.destroy();
  }
}

/**
 * Lends a connection of its own for the length of a task, outside the serving pool.
 *
 * @param statementMs the limit of each statement; left out, there is none
 * @throws what connecting or the task throws
 */
export async function withClient<Result>(
  url: string,
  task: (client: Client) => Promise<Result>,
  statementMs?: number,
): Promise<Result> {
  const { connectionString, Client: Reaching } = reachOf(url);
  const client = new Reaching({
    connectionString,
    connectionTimeoutMillis: ANSWERS_WITHIN_MS,
    ...(statementMs !== undefined && { query_timeout: statementMs }),
  });
  // The failed call itself tells; without a listener the same failure would end the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await task(client);
  } finally {
    const left = client.end().catch(() => undefined);
    await Promise.race([left, delay(LEAVES_WITHIN_MS, undefined, { ref: false })]);
  }
}
