/** Which routes are found without Express's router: a change of this list is meant. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { BornExpressAdapter } from '../../src/http/born-express-adapter.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { startProbeApp, type ProbeApp } from '../support/probe-app.js';

let database: TestDatabase;
let probe: ProbeApp;

beforeAll(async () => {
  database = await createDatabase();
  probe = await startProbeApp(database);
});

afterAll(async () => {
  await probe?.close();
  await database?.drop();
});

it('the routes without parameters are found without the router', () => {
  const adapter = probe.app.getHttpAdapter() as unknown as BornExpressAdapter;
  const found = adapter.fixedRoutes.filter((route) => !/ \/(probe|payments|errors)/.test(route));
  expect(new Set(found)).toEqual(new Set(FIXED.flatMap((route) => [route, `${route}/`])));
});

const FIXED = [
  'GET /.well-known/oauth-authorization-server',
  'GET /.well-known/oauth-protected-resource',
  'GET /.well-known/openid-configuration',
  'GET /access-rules',
  'GET /audit-events',
  'GET /clients',
  'GET /health/live',
  'GET /health/ready',
  'GET /metrics',
  'GET /o/.well-known/jwks.json',
  'GET /scopes',
  'POST /clients',
  'POST /o/client/secrets',
  'POST /o/introspect',
  'POST /o/revoke_token',
  'POST /o/token',
  'POST /scopes',
];
