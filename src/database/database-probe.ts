import { setTimeout as delay } from 'node:timers/promises';
import { migrationStamps } from './known-migrations.js';
import { reachOf } from './primary.js';
import type { Statements } from './statements.js';

/** A database that takes longer is of no use to a caller either. */
const ANSWERS_WITHIN_MS = 1000;

const NO_ANSWER = 'the database does not answer';
/** What PostgreSQL says when others have all its connections. */
const TOO_MANY_CONNECTIONS = '53300';

const MISSING = `
  SELECT count(*)::integer AS missing FROM unnest($1::bigint[]) AS needed (stamp)
  WHERE NOT EXISTS (SELECT FROM schema_migration WHERE "timestamp" = needed.stamp)`;

/**
 * Asks whether the database answers and has the schema that this code needs, on a connection of
 * its own: a pool that is full says nothing of the database. Where there is none to be had, on one of
 * the pool: a node that can still serve is not to be taken out.
 */
export class DatabaseProbe {
  private readonly needed = migrationStamps();
  private asking: Promise<string | undefined> | undefined;

  private readonly withinMs: number;

  /**
   * @param url of the serving role
   * @param pooled what runs statements on the pool
   * @param timeoutMs the limit of one call to the database
   */
  constructor(
    private readonly url: string,
    private readonly pooled: Statements,
    timeoutMs: number,
  ) {
    this.withinMs = Math.min(ANSWERS_WITHIN_MS, timeoutMs);
  }

  /**
   * Callers that come while the database is being asked share the answer, which comes within a second.
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
    const over = new AbortController();
    try {
      const missing = await Promise.race([
        this.missing(),
        delay(this.withinMs, undefined, { signal: over.signal }),
      ]);
      if (missing === undefined) return NO_ANSWER;
      return missing === 0 ? undefined : 'migrations are missing';
    } catch {
      return NO_ANSWER;
    } finally {
      over.abort();
    }
  }

  /** @throws what the database says */
  private async missing(): Promise<number | undefined> {
    try {
      return await this.missingByItself();
    } catch (error) {
      if ((error as { code?: unknown }).code !== TOO_MANY_CONNECTIONS) throw error;
      const [row] = await this.pooled.run<Row>({ text: MISSING }, [this.needed]);
      return row?.missing;
    }
  }

  private async missingByItself(): Promise<number | undefined> {
    const { connectionString, Client } = reachOf(this.url);
    const client = new Client({
      connectionString,
      connectionTimeoutMillis: this.withinMs,
      query_timeout: this.withinMs,
    });
    // The failed call itself tells; without a listener the same failure would end the process.
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<Row>(MISSING, [this.needed]);
      return rows[0]?.missing;
    } finally {
      // Not waited for: a database that has gone silent would not take its leave either.
      client.end().catch(() => undefined);
    }
  }
}

interface Row {
  readonly missing: number;
}
