import type { Settings } from '../config/settings.js';
import { startEmbeddedPostgres } from './embedded/embedded-postgres.js';
import { migrationTitle } from './known-migrations.js';
import { assertDurable, migrate, waitForDatabase } from './prepare-database.js';

/** Settings whose database is known, be it the embedded one. */
export interface ConnectedSettings extends Settings {
  readonly databaseUrl: string;
  readonly migrationDatabaseUrl: string;
}

/** A database that is up and has the present schema. */
export interface OpenDatabase {
  /** The settings, with its URLs. */
  readonly settings: ConnectedSettings;
  /** Whether it is the embedded one. */
  readonly embedded: boolean;
  /** Lets go of it; the embedded one stops where no other process holds it. */
  close(): Promise<void>;
}

/**
 * Brings up the database that the settings name, or the embedded one, and migrates it.
 *
 * @param onProgress called with a line for whoever waits
 * @throws EmbeddedPostgresError, DatabaseUnreachableError, NewerDatabaseError, or what the database says
 */
export async function openDatabase(
  settings: Settings,
  onProgress: (message: string) => void,
): Promise<OpenDatabase> {
  const database = await connect(settings, onProgress);
  try {
    const done = await migrate(database.settings.migrationDatabaseUrl);
    if (done.length > 0) onProgress(`Migrations run: ${done.map(migrationTitle).join(', ')}`);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function connect(
  settings: Settings,
  onProgress: (message: string) => void,
): Promise<OpenDatabase> {
  const { databaseUrl, migrationDatabaseUrl = databaseUrl, dataDir, dbWaitSeconds } = settings;
  if (databaseUrl === undefined || migrationDatabaseUrl === undefined) {
    const embedded = await startEmbeddedPostgres({ dataDir, onProgress });
    const { url } = embedded;
    return {
      settings: { ...settings, databaseUrl: url, migrationDatabaseUrl: url },
      embedded: true,
      close: () => embedded.stop(),
    };
  }
  for (const url of new Set([migrationDatabaseUrl, databaseUrl])) {
    await waitForDatabase(url, dbWaitSeconds, (reason) =>
      onProgress(`Waiting for the database, ${dbWaitSeconds} s at most: ${reason}`),
    );
  }
  await assertDurable(databaseUrl);
  return {
    settings: { ...settings, databaseUrl, migrationDatabaseUrl },
    embedded: false,
    close: () => Promise.resolve(),
  };
}
