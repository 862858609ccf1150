import type { Pool, QueryResultRow } from 'pg';
import type { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';

/** A statement of the hot path: its name lets PostgreSQL parse and plan it once a connection. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/**
 * Runs the few statements of the hot path straight on the pool of TypeORM's data source, by name.
 * A named statement costs a third of a repository's call, and half of an unnamed one at the
 * database.
 */
export class Statements {
  private readonly pool: Pool;

  /**
   * @param dataSource an initialised one
   * @param named false behind a pooler in transaction mode, where the next statement may meet
   *   another connection that does not know the name
   */
  constructor(
    dataSource: DataSource,
    private readonly named: boolean,
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
    const { name, text } = statement;
    const config = { text, values: [...values], ...(this.named && { name }) };
    const { rows } = await this.pool.query<Row>(config);
    return rows;
  }
}
