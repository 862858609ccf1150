import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { AppModule } from '../dist/src/app.module.js';
import { createApp } from '../dist/src/app.setup.js';
import { loadSettings } from '../dist/src/config/settings.js';
import { TokensRepository } from '../dist/src/oauth/domain/tokens.repository.js';
import { createLogger } from '../dist/src/operations/logger.js';
import { DISK_GOAL, verdict } from './goals.mjs';
import { table } from './report.mjs';
import { query } from './support/postgres.mjs';
import { addClient } from './support/seed.mjs';

/** As many as the server writes with one statement. */
const AT_ONCE = 512;
const DIGEST_BYTES = 20;

const SIZES = `
  SELECT count(*)::integer AS partitions,
    sum(pg_total_relation_size(inhrelid))::float8 AS total,
    sum(pg_relation_size(inhrelid))::float8 AS heap,
    sum(pg_indexes_size(inhrelid))::float8 AS index,
    (SELECT coalesce(sum(n_tup_del), 0)::integer FROM pg_stat_user_tables
      WHERE relname LIKE 'oauth_access_token%') AS deleted
  FROM pg_inherits WHERE inhparent = 'oauth_access_token'::regclass`;

/** What a live token takes on the disk: stored by the server's own code, nothing vacuumed after. */
export async function runDisk({ rows }, postgres) {
  const databaseUrl = await postgres.database('disk');
  const clientKey = await addClient(databaseUrl, { id: 'bench', secret: 'unused' });
  const [{ secretKey }] = await query(
    databaseUrl,
    'SELECT id AS "secretKey" FROM oauth_client_secret WHERE client = $1',
    [clientKey],
  );
  const begin = performance.now();
  await store(databaseUrl, rows, { clientKey, secretKey });
  const seconds = (performance.now() - begin) / 1000;
  const [sizes] = await query(databaseUrl, SIZES);
  const [{ count }] = await query(
    databaseUrl,
    'SELECT count(*)::integer AS count FROM oauth_access_token',
  );
  const data = { ...sizes, rows: count, seconds, bytesPerToken: sizes.total / count };
  return { text: text(data), data };
}

/** By the application's own storage, batches and all. */
async function store(databaseUrl, rows, keys) {
  const env = { NODE_ENV: 'production', DATABASE_URL: databaseUrl, LOG_LEVEL: 'error' };
  const settings = { ...loadSettings(env), migrationDatabaseUrl: databaseUrl };
  const app = await createApp(
    AppModule.forRoot(settings, createLogger(settings.logLevel)),
    settings,
  );
  try {
    const tokens = app.get(TokensRepository, { strict: false });
    for (let stored = 0; stored < rows; stored += AT_ONCE) {
      const batch = Array.from({ length: Math.min(AT_ONCE, rows - stored) }, () => aToken(keys));
      await Promise.all(batch.map((token) => tokens.insert(token)));
    }
  } finally {
    await app.close();
  }
}

function aToken({ clientKey, secretKey }) {
  return {
    digest: randomBytes(DIGEST_BYTES).toString('hex'),
    clientKey,
    secretKey,
    scopes: ['read', 'write'],
    audience: null,
    ttlSeconds: 36_000,
  };
}

function text({ rows, seconds, partitions, total, heap, index, deleted, bytesPerToken }) {
  const { goal, beyond } = DISK_GOAL;
  const each = (bytes) => (bytes / rows).toFixed(1);
  return [
    `${rows} tokens in ${seconds.toFixed(1)} s, ${partitions} partitions, rows deleted: ${deleted}`,
    table(
      ['bytes a live token', 'heap', 'index', 'goal', 'beyond', 'verdict'],
      [
        [
          each(total),
          each(heap),
          each(index),
          String(goal),
          String(beyond),
          verdict(bytesPerToken, { figure: 'bytes', ...DISK_GOAL }),
        ],
      ],
    ),
  ].join('\n\n');
}
