import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from 'pg';

/** The times in the names of this build's migrations, which the table of those that ran has too. */
export function migrationStamps(): string[] {
  return readdirSync(join(import.meta.dirname, '..'), {
    recursive: true,
    encoding: 'utf8',
  }).flatMap((file) => /\/storage\/migrations\/(\d{13})-[^/]+\.(?:js|ts)$/.exec(file)?.[1] ?? []);
}

/**
 * The name of a migration, for people: its words apart from its time, since as one word of thirty
 * letters and digits it would be taken for an access token, and withheld from the log.
 */
export function migrationTitle(name: string): string {
  return name.replace(/\d+$/, ' $&');
}

/** A database that a newer version has migrated: nobody knows what this one would do to it. */
export class NewerDatabaseError extends Error {
  override readonly name = 'NewerDatabaseError';
}

const NEWER = `
  SELECT name FROM schema_migration WHERE "timestamp" > $1 ORDER BY "timestamp" DESC LIMIT 1`;

/**
 * Refuses a database with a migration that is newer than all of this build's. One that is merely
 * unknown is not: a feature that was deleted leaves its own behind.
 *
 * @throws NewerDatabaseError
 */
export async function assertNotNewer(client: Client): Promise<void> {
  const { rows: tables } = await client.query(
    `SELECT FROM pg_class WHERE oid = to_regclass('schema_migration')`,
  );
  if (tables.length === 0) return;
  const latest = Math.max(...migrationStamps().map(Number));
  const { rows } = await client.query<{ name: string }>(NEWER, [latest]);
  const [newest] = rows;
  if (newest === undefined) return;
  throw new NewerDatabaseError(
    `The database is of a newer version: it has the migration ${migrationTitle(newest.name)}, and the last that this version knows is of ${latest}. Start that version, or take its migrations back with it: npm run migration:revert.`,
  );
}
