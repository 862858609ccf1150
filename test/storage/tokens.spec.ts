/** The tokens in PostgreSQL: what the statements themselves defend, on a real one. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { loadSettings } from '../../src/config/settings.js';
import { dataSourceOptions } from '../../src/database/data-source-options.js';
import { Statements } from '../../src/database/statements.js';
import type { NewAccessToken } from '../../src/oauth/domain/access-token.js';
import { PostgresTokensRepository } from '../../src/oauth/storage/postgres-tokens.repository.js';
import { TokenPartitionsKeeper } from '../../src/oauth/storage/token-partitions.keeper.js';
import { AuditPartitionsKeeper } from '../../src/audit/storage/audit-partitions.keeper.js';
import type { NewAuditEvent } from '../../src/audit/domain/audit-event.js';
import { tokenDigest } from '../../src/secrets/digests.js';
import { aClient } from '../support/builders.js';
import { createDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let dataSource: DataSource;
let tokens: PostgresTokensRepository;
let partitions: TokenPartitionsKeeper;
let clientKey: number;
let drawn = 0;

beforeAll(async () => {
  database = await createDatabase();
  const settings = loadSettings({ DATABASE_URL: database.url });
  const connection = {
    url: database.url,
    poolSize: 2,
    timeoutMs: 2000,
    pooler: 'none',
  } as const;
  dataSource = new DataSource(dataSourceOptions(connection));
  await dataSource.initialize();
  partitions = new TokenPartitionsKeeper(settings);
  await partitions.make();
  await new AuditPartitionsKeeper(settings).make();
  tokens = new PostgresTokensRepository(
    dataSource,
    new Statements(dataSource, connection),
    partitions,
    settings,
  );
});

afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

beforeEach(async () => {
  const { clientId } = await aClient(database);
  const [row] = await database.query<{ id: number }>(
    'SELECT id FROM oauth_client WHERE client_id = $1',
    [clientId],
  );
  clientKey = Number(row?.id);
});

function aToken(traits: Partial<NewAccessToken> = {}): NewAccessToken {
  drawn += 1;
  return {
    digest: tokenDigest(`token ${drawn}`),
    clientKey,
    secretKey: 1,
    scopes: ['read'],
    audience: null,
    ttlSeconds: 60,
    ...traits,
  };
}

function change(assignment: string): Promise<object[]> {
  return database.query(`UPDATE oauth_client SET ${assignment} WHERE id = $1`, [clientKey]);
}

describe('a token', () => {
  it('is found with all that was stored, and by nothing else', async () => {
    const token = aToken({ scopes: ['read', 'write'], audience: ['https://a.example', 'urn:b'] });
    expect(await tokens.insert(token)).toBe(true);
    const live = await tokens.findLive(token.digest);
    expect(live).toMatchObject({
      clientKey,
      claims: { scopes: ['read', 'write'], audience: ['https://a.example', 'urn:b'] },
    });
    expect(Number(live?.claims.expiresAt) - Number(live?.claims.issuedAt)).toBe(60_000);
    expect(live?.secondsLeft).toBeGreaterThan(50);
    expect(live?.secondsLeft).toBeLessThanOrEqual(60);
    expect(await tokens.findLive(tokenDigest('another'))).toBeUndefined();
  });

  it.each([
    ['was switched off', 'enabled = false'],
    ['lost the scope', `scopes = '{write}'`],
  ])('is not stored where its client %s since it was read', async (_what, assignment) => {
    await change(assignment);
    const token = aToken();
    expect(await tokens.insert(token)).toBe(false);
    expect(
      await database.query('SELECT 1 FROM oauth_access_token WHERE client = $1', [clientKey]),
    ).toEqual([]);
  });

  it('takes the epoch of its client at that moment, so that it is not dead at birth', async () => {
    await change('token_epoch = 7');
    const token = aToken();
    await tokens.insert(token);
    expect(await tokens.findLive(token.digest)).toBeDefined();
  });

  it('of a batch in which one is refused is told apart from it', async () => {
    const other = aToken({ clientKey: 2_000_000_000 });
    const [one, two, three] = await Promise.all([
      tokens.insert(aToken()),
      tokens.insert(other),
      tokens.insert(aToken()),
    ]);
    expect([one, two, three]).toEqual([true, false, true]);
  });

  it('makes its partition where that is missing', async () => {
    const [row] = await database.query<{ name: string }>(
      `SELECT 'oauth_access_token_' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD') AS name`,
    );
    await database.query(`DROP TABLE ${row?.name}`);
    // Short enough to end today, but for the last minute of a day.
    const token = aToken({ ttlSeconds: 60 });
    expect(await tokens.insert(token)).toBe(true);
    expect(await tokens.findLive(token.digest)).toBeDefined();
  });
});

describe('a revocation', () => {
  const event: NewAuditEvent = {
    action: 'tokens.revoked',
    actor: { name: 'billing', address: null, requestId: null },
    clientId: 'billing',
    outcome: 'success',
    reason: 'a test',
    changes: null,
  };

  it('kills the token, is recorded, and is told to the caches of all nodes, at once', async () => {
    const token = aToken();
    await tokens.insert(token);
    expect(await tokens.revoke(token.digest, clientKey, event)).toBe(true);
    expect(await tokens.findLive(token.digest)).toBeUndefined();
    expect(
      await database.query('SELECT FROM invalidation WHERE token = $1', [`\\x${token.digest}`]),
    ).toHaveLength(1);
    expect(await database.query(`SELECT FROM audit_event WHERE reason = 'a test'`)).toHaveLength(1);
  });

  it('of a token that is of no use, or another client’s, changes and records nothing', async () => {
    const [dead, others] = [aToken(), aToken()];
    await Promise.all([tokens.insert(dead), tokens.insert(others)]);
    await tokens.revoke(dead.digest, clientKey, event);
    const state = () =>
      database.query(`SELECT count(*), (SELECT count(*) FROM audit_event) FROM invalidation`);
    const before = await state();
    expect(await tokens.revoke(dead.digest, clientKey, event)).toBe(false);
    expect(await tokens.revoke(tokenDigest('unknown'), clientKey, event)).toBe(false);
    expect(await tokens.revoke(others.digest, clientKey + 1, event)).toBe(false);
    expect(await state()).toEqual(before);
    expect(await tokens.findLive(others.digest)).toBeDefined();
  });
});

describe('the look-up', () => {
  it('tells many that come together apart', async () => {
    const known = [aToken(), aToken(), aToken()];
    await Promise.all(known.map((token) => tokens.insert(token)));
    const asked = [...known.map(({ digest }) => digest), tokenDigest('no such token')];
    const found = await Promise.all([...asked, ...asked].map((digest) => tokens.findLive(digest)));
    expect(found.map((token) => token?.digest)).toEqual([
      ...asked.slice(0, 3),
      undefined,
      ...asked.slice(0, 3),
      undefined,
    ]);
  });

  it('reads the partitions of the present and the next day alone', async () => {
    const digest = tokenDigest('any');
    const [row] = await database.query<{ 'QUERY PLAN': string }>(
      `EXPLAIN (ANALYZE, FORMAT JSON) SELECT 1 FROM oauth_access_token t
       WHERE t.digest = ANY ('{"\\\\x${digest}"}'::bytea[]) AND t.expires_at > now()
         AND t.expires_at <= now() + interval '86400 seconds'`,
    );
    const plan = JSON.stringify(row?.['QUERY PLAN']);
    const scanned = plan.match(/"Relation Name":"oauth_access_token_\d{8}"/g) ?? [];
    expect(scanned.length).toBeGreaterThan(0);
    expect(scanned.length).toBeLessThanOrEqual(2);
    expect(plan).not.toContain('Seq Scan');
  });
});
