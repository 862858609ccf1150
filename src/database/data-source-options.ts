import { join } from 'node:path';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';
import { reachOf } from './primary.js';
import { serverTimeOuts } from './server-time-outs.js';

/** How to reach the database, and how long to wait for it. */
export interface DatabaseConnection {
  readonly url: string;
  /** Connections at most. */
  readonly poolSize: number;
  /** For the wait for a connection and for each statement. */
  readonly timeoutMs: number;
  /** Whether a pooler in transaction mode stands between: it takes neither named statements nor start-up parameters. */
  readonly pooler: 'none' | 'transaction';
}

/**
 * The options of the one data source, for the application and the command line alike. The schema
 * is the migrations' alone: `synchronize` stays off.
 */
export function dataSourceOptions(connection: DatabaseConnection): PostgresDataSourceOptions {
  const { url, poolSize, timeoutMs, pooler } = connection;
  const { connectionString, Client } = reachOf(url);
  return {
    type: 'postgres',
    url: connectionString,
    poolSize,
    connectTimeoutMS: timeoutMs,
    applicationName: 'postern',
    synchronize: false,
    migrationsTableName: 'schema_migration',
    extra: {
      Client,
      // The client's own limit, for a server that has gone silent …
      query_timeout: timeoutMs,
      keepAlive: true,
      // … and the server's.
      ...(pooler === 'none' && serverTimeOuts(timeoutMs)),
    },
  };
}

const FEATURES = join(import.meta.dirname, '..');

/** Where each feature keeps its migrations and its entities: `src/<feature>/storage/`. */
export const MIGRATIONS_GLOB = join(FEATURES, '*/storage/migrations/*.js');
export const ENTITIES_GLOB = join(FEATURES, '*/storage/*.entity.js');
