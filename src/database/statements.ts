import {
  DatabaseError,
  type Pool,
  type PoolClient,
  type QueryResult,
  type QueryResultRow,
} from 'pg';
import type { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import type { DatabaseConnection } from './data-source-options.js';
import { setLocalTimeOuts } from './server-time-outs.js';
import { READ_ONLY } from './silent-connections.js';

/** A statement that is run by itself. */
export interface Statement {
  /**
   * Lets PostgreSQL parse and plan it once a connection, on the hot path. Undefined where the text
   * is not always the same.
   */
  readonly name?: string;
  readonly text: string;
}

/**
 * Runs lone statements straight on the pool of TypeORM's data source: those of the hot path by
 * name. A named statement costs a third of a repository's call, and half of an unnamed one at the
 * database.
 *
 * Behind a pooler in transaction mode the next statement may meet another connection, that does not
 * know the name: there each is sent unnamed, in a transaction that carries the server's time-outs.
 */
export class Statements {
  private readonly pool: Pool;

  /** @param dataSource an initialised one, of this connection */
  constructor(
    dataSource: DataSource,
    private readonly connection: Pick<DatabaseConnection, 'pooler' | 'timeoutMs'>,
  ) {
    this.pool = (dataSource.driver as PostgresDriver).master as Pool;
  }

  /**
   * @returns the rows
   * @throws node-postgres' own errors; `isStoreUnavailable` tells those of a store out of reach
   */
  async run<Row extends QueryResultRow>(
    statement: Statement,
    values: readonly unknown[],
  ): Promise<Row[]> {
    return (await this.query<Row>(statement, values)).rows;
  }

  /**
   * Runs what gives no rows.
   *
   * @returns how many rows it has changed
   * @throws as {@link run}
   */
  async execute(statement: Statement, values: readonly unknown[]): Promise<number> {
    return (await this.query(statement, values)).rowCount ?? 0;
  }

  private query<Row extends QueryResultRow>(
    { name, text }: Statement,
    values: readonly unknown[],
  ): Promise<QueryResult<Row>> {
    return this.connection.pooler === 'none'
      ? this.pool.query<Row>({ text, values: [...values], ...(name !== undefined && { name }) })
      : this.inTransaction((client) => client.query<Row>(text, [...values]));
  }

  private async inTransaction<Result>(
    task: (client: PoolClient) => Promise<Result>,
  ): Promise<Result> {
    const client = await this.pool.connect();
    client.on('error', ignore);
    let broken: Error | undefined;
    try {
      await client.query(`BEGIN; ${setLocalTimeOuts(this.connection.timeoutMs)}`);
      const result = await task(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      broken = await rollBack(client, error);
      throw error;
    } finally {
      client.off('error', ignore);
      client.release(broken);
    }
  }
}

/** The failed call itself tells; without a listener the same failure would end the process. */
const ignore = (): void => undefined;

/** @returns what is wrong with the connection, so that nobody else may have it */
async function rollBack(client: PoolClient, cause: unknown): Promise<Error | undefined> {
  // Without a word from the server nobody knows what it is doing: it would not answer this either.
  if (!(cause instanceof DatabaseError) || cause.code === READ_ONLY)
    return cause instanceof Error ? cause : new Error('broken');
  return client.query('ROLLBACK').then(
    () => undefined,
    (error: Error) => error,
  );
}
