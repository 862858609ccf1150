import { DataSource } from 'typeorm';
import {
  dataSourceOptions,
  ENTITIES_GLOB,
  MIGRATIONS_GLOB,
} from './src/database/data-source-options.js';
import { loadSettings } from './src/config/settings.js';

/**
 * The data source of TypeORM's own command line (`npm run migration:generate|run|revert`), with the
 * same options as the application's. The script behind those commands sets `DATABASE_URL` to the
 * embedded PostgreSQL where there is none.
 */
const { migrationDatabaseUrl = '', dbPoolSize, dbPooler } = loadSettings(process.env);

export default new DataSource({
  ...dataSourceOptions({
    url: migrationDatabaseUrl,
    poolSize: dbPoolSize,
    timeoutMs: 0,
    pooler: dbPooler,
  }),
  entities: [ENTITIES_GLOB],
  migrations: [MIGRATIONS_GLOB],
});
