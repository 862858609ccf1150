import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makePartitions } from '../../dist/src/database/partitions.js';
import { migrate, withClient } from '../../dist/src/database/prepare-database.js';
import { startEmbeddedPostgres } from '../../dist/src/database/embedded/embedded-postgres.js';
import { familyCpuSeconds } from './process-figures.mjs';

const TOKENS = {
  name: 'oauth_access_token',
  column: 'expires_at',
  period: 'day',
  ahead: 7,
  keepDays: 0,
};
const MUST_BE_ON = ['fsync', 'synchronous_commit', 'full_page_writes'];

/**
 * Brings up the embedded PostgreSQL in a directory of its own, with the settings that it has for
 * everybody.
 */
export async function startPostgres() {
  const dataDir = mkdtempSync(join(tmpdir(), 'postern-bench-'));
  const server = await startEmbeddedPostgres({ dataDir, onProgress: () => undefined });
  const { pid, version } = await facts(server.url);
  return {
    dataDir,
    version,
    /** The database that a server takes which is told of the directory alone. */
    url: server.url,
    /** Makes a database with this project's schema in it, one for each server. */
    database: (name) => makeDatabase(server.url, name),
    cpuSeconds: () => familyCpuSeconds(pid),
    stop: async () => {
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function facts(url) {
  const rows = await query(
    url,
    `SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::integer AS pid,
       current_setting('server_version') AS version`,
  );
  return rows[0];
}

async function makeDatabase(ofServer, name) {
  const url = new URL(ofServer);
  if (name !== undefined) {
    await query(ofServer, `CREATE DATABASE "${name}"`);
    url.pathname = `/${name}`;
  }
  await migrate(url.href);
  await makePartitions(url.href, TOKENS);
  await assertDurable(url.href);
  return url.href;
}

/** A commit that is not on the disk when it is answered would be another contest. */
async function assertDurable(url) {
  for (const name of MUST_BE_ON) {
    const [{ value }] = await query(url, `SELECT current_setting('${name}') AS value`);
    if (value !== 'on') throw new Error(`${name} is ${value}; the bench is of durable commits`);
  }
}

/**
 * Runs one statement on a connection of its own.
 *
 * @returns {Promise<Record<string, any>[]>} the rows
 */
export async function query(url, text, values) {
  const { rows } = await withClient(url, (client) => client.query(text, values));
  return rows;
}
