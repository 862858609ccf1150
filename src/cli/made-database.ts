import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../config/settings.js';
import { waitForDatabase, withClient } from '../database/prepare-database.js';
import { CliError, EXIT } from './exit-code.js';

/**
 * Makes sure that there is something to work on: a mistyped setting must not make tables in
 * another's database, or a new database in the wrong folder.
 *
 * @throws CliError where there is nothing yet, and what the database says
 */
export async function assertDatabaseMade(
  { databaseUrl, dataDir, dbWaitSeconds }: Settings,
  onProgress: (message: string) => void,
): Promise<void> {
  if (databaseUrl === undefined) {
    if (existsSync(join(dataDir, 'pg'))) return;
    throw nothingYet(`There is no database in DATA_DIR (${dataDir})`);
  }
  await waitForDatabase(databaseUrl, dbWaitSeconds, (reason) =>
    onProgress(`Waiting for the database, ${dbWaitSeconds} s at most: ${reason}`),
  );
  if (await hasSchema(databaseUrl)) return;
  throw nothingYet('The database that DATABASE_URL names has no tables of Postern');
}

function nothingYet(what: string): CliError {
  return new CliError(
    EXIT.unreachable,
    `${what}. Start the server, or make the first client with: admin create`,
  );
}

function hasSchema(url: string): Promise<boolean> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ there: boolean }>(
      `SELECT to_regclass('schema_migration') IS NOT NULL AS there`,
    );
    return rows[0]?.there === true;
  });
}
