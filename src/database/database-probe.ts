import { migrationStamps } from './known-migrations.js';
import { reachOf } from './primary.js';

/** A database that takes longer is of no use to a caller either. */
const ANSWERS_WITHIN_MS = 1000;

const MISSING = `
  SELECT count(*)::integer AS missing FROM unnest($1::bigint[]) AS needed (stamp)
  WHERE NOT EXISTS (SELECT FROM schema_migration WHERE "timestamp" = needed.stamp)`;

/**
 * Asks whether the database answers and has the schema that this code needs, on a connection of
 * its own: a pool that is full says nothing of the database.
 */
export class DatabaseProbe {
  private readonly needed = migrationStamps();
  private asking: Promise<string | undefined> | undefined;

  /** @param url of the serving role */
  constructor(private readonly url: string) {}

  /**
   * Callers that come while the database is being asked share the answer.
   *
   * @returns what is wrong, in a few words; undefined where nothing is
   */
  fault(): Promise<string | undefined> {
    this.asking ??= this.ask().finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  private async ask(): Promise<string | undefined> {
    const { connectionString, Client } = reachOf(this.url);
    const client = new Client({
      connectionString,
      connectionTimeoutMillis: ANSWERS_WITHIN_MS,
      query_timeout: ANSWERS_WITHIN_MS,
    });
    // The failed call itself tells; without a listener the same failure would end the process.
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ missing: number }>(MISSING, [this.needed]);
      return rows[0]?.missing === 0 ? undefined : 'migrations are missing';
    } catch {
      return 'the database does not answer';
    } finally {
      // Not waited for: a database that has gone silent would not take its leave either.
      client.end().catch(() => undefined);
    }
  }
}
