/**
 * The very moment of an expiry, to the microsecond. Real: the built server and PostgreSQL, whose
 * clock is set by the test: a `now()` of its own stands in front of the usual one.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { administrator } from '../support/administrator.js';
import { aClient, type StoredClient } from '../support/builders.js';
import { basic, getToken, postForm, send } from '../support/http.js';
import { startServer, type TestServer } from '../support/server.js';
import { secretDigest, tokenDigest } from '../../src/secrets/digests.js';

const MOMENTS = [
  ['a microsecond before it', '-1', true],
  ['at it', '0', false],
  ['a microsecond after it', '1', false],
] as const;

let server: TestServer;
let client: StoredClient;

beforeAll(async () => {
  server = await startServer();
  const { database } = server;
  await database.query('CREATE SCHEMA clock');
  await database.query('CREATE TABLE clock.hands (at timestamptz)');
  await database.query(`
    CREATE FUNCTION clock.now() RETURNS timestamptz STABLE LANGUAGE sql
    AS 'SELECT coalesce((SELECT at FROM clock.hands), pg_catalog.now())'`);
  await database.query('GRANT USAGE ON SCHEMA clock TO PUBLIC');
  const [row] = await database.query<{ name: string }>('SELECT current_database() AS name');
  const name = String(row?.name);
  await database.query(`ALTER DATABASE ${name} SET search_path = clock, pg_catalog, public`);
  // The server's own connections are made anew, and have it.
  await database.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  );
});

beforeEach(async () => {
  await server.database.query('DELETE FROM clock.hands');
  client = await aClient(server.database);
});

afterAll(() => server.stop());

/** Stops the database's clock at a moment near that at which what a digest belongs to ends. */
async function stopClock(table: string, digest: string, microseconds: string): Promise<void> {
  const set = await server.database.query(
    `INSERT INTO clock.hands SELECT expires_at + $2::interval FROM ${table}
     WHERE digest = decode($1, 'hex') RETURNING at`,
    [digest, `${microseconds} microseconds`],
  );
  expect(set).toHaveLength(1);
}

describe.each(MOMENTS)('%s', (_when, microseconds, isGood) => {
  it('a token is good or not', async () => {
    const token = await getToken(server.baseUrl, client);
    await stopClock('oauth_access_token', tokenDigest(token), microseconds);
    const headers = { Authorization: `Bearer ${token}` };
    const { status } = await send(`${server.baseUrl}/scopes/`, { headers });
    expect(status).toBe(isGood ? 200 : 401);
  });

  it('a token is active or not', async () => {
    const token = await getToken(server.baseUrl, client);
    await stopClock('oauth_access_token', tokenDigest(token), microseconds);
    const headers = { Authorization: basic(client) };
    const { body } = await postForm(`${server.baseUrl}/o/introspect/`, { token }, headers);
    expect(body.active).toBe(isGood);
  });

  it('a secret works or not', async () => {
    const admin = await administrator(server.baseUrl, server.admin);
    const { body } = await admin.call('POST', `/clients/${client.clientId}/secrets`, {
      expires_at: new Date(Date.now() + 3_600_000).toISOString(),
    });
    const clientSecret = String(body.client_secret);
    const digest = secretDigest(clientSecret).toString('hex');
    await stopClock('oauth_client_secret', digest, microseconds);
    const { status } = await postForm(
      `${server.baseUrl}/o/token/`,
      { grant_type: 'client_credentials' },
      { Authorization: basic({ ...client, clientSecret }) },
    );
    expect(status).toBe(isGood ? 200 : 401);
  });
});
