// One real PostgreSQL for the whole run: the embedded one, started by the project's own code from
// the build. It is migrated once; each test file works on a copy of that database.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const TEMPLATE = 'postern_template';

export default async function globalSetup() {
  const { startEmbeddedPostgres } =
    await import('../../dist/src/database/embedded/embedded-postgres.js');
  const { migrate, withClient } = await import('../../dist/src/database/prepare-database.js');
  const dataDir = mkdtempSync(join(tmpdir(), 'postern-test-'));
  const postgres = await startEmbeddedPostgres({ dataDir, onProgress: () => undefined });
  await withClient(postgres.url, (client) => client.query(`CREATE DATABASE ${TEMPLATE}`));
  const template = new URL(postgres.url);
  template.pathname = `/${TEMPLATE}`;
  await migrate(template.href);
  process.env.TEST_POSTGRES_URL = postgres.url;
  globalThis.testPostgres = { postgres, dataDir };
}
