// One real PostgreSQL for the whole run: the embedded one, started by the project's own code from
// the build, or the one that TEST_DATABASE_URL names (a superuser's). It is migrated once; each test
// file works on a copy of that database.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const TEMPLATE = 'postern_template';

export default async function globalSetup() {
  const { migrate, withClient } = await import('../../dist/src/database/prepare-database.js');
  const { url, stop } = await serverForTests();
  await withClient(url, async (client) => {
    await client.query(`DROP DATABASE IF EXISTS ${TEMPLATE} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${TEMPLATE}`);
    const { rows } = await client.query('SHOW server_version');
    process.stderr.write(`On PostgreSQL ${rows[0].server_version}.\n`);
  });
  const template = new URL(url);
  template.pathname = `/${TEMPLATE}`;
  await migrate(template.href);
  process.env.TEST_POSTGRES_URL = url;
  globalThis.testPostgres = { stop };
}

async function serverForTests() {
  const url = process.env.TEST_DATABASE_URL;
  if (url) return { url, stop: () => undefined };
  const { startEmbeddedPostgres } =
    await import('../../dist/src/database/embedded/embedded-postgres.js');
  const dataDir = mkdtempSync(join(tmpdir(), 'postern-test-'));
  const postgres = await startEmbeddedPostgres({ dataDir, onProgress: () => undefined });
  return {
    url: postgres.url,
    stop: async () => {
      await postgres.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
