// Real: the built server and the built command line as processes, on one embedded database.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { basic, getToken, postForm } from '../support/http.js';
import { startProcess, type ServerProcess } from '../support/server.js';
import { postern, type Postern } from './command-line.js';

let folder: string;
let environment: Record<string, string>;
let run: Postern;
let server: ServerProcess | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-cli-embedded-'));
  environment = { DATA_DIR: join(folder, 'data'), SHUTDOWN_DRAIN_MS: '0' };
  run = postern(environment);
});

afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function postmasterIsThere(): boolean {
  return existsSync(join(folder, 'data/pg/postmaster.pid'));
}

it('makes no database where none was asked for, and lets go of the one that it makes', async () => {
  expect((await run('clients', 'list')).code).toBe(6);
  expect(existsSync(join(folder, 'data'))).toBe(false);
  expect((await run('admin', 'create', '--client-id', 'ops', '--json')).code).toBe(0);
  expect(postmasterIsThere()).toBe(false);
});

it('works beside the running server, which obeys within a second and tells why it refused', async () => {
  server = await startProcess(environment);
  const made = await run('clients', 'create', '--client-name', 'B', '--scope', 'read', '--json');
  const { client_id: clientId, client_secret: clientSecret } = made.json();
  const client = { clientId: String(clientId), clientSecret: String(clientSecret) };
  await getToken(server.baseUrl, client);

  await run('clients', 'disable', client.clientId, '--confirm', client.clientId);
  await delay(1000);
  const form = { grant_type: 'client_credentials' };
  const refused = await postForm(`${server.baseUrl}/o/token/`, form, {
    Authorization: basic(client),
  });
  expect(refused.status).toBe(401);
  const requestId = String(refused.headers.get('x-request-id'));
  let why = await run('audit', 'why', requestId);
  // Written in batches, within two seconds.
  for (let tries = 0; why.code === 3 && tries < 5; tries += 1) {
    await delay(500);
    why = await run('audit', 'why', requestId);
  }
  expect(why.stderr).toContain('What to do: ');
  expect(why.stdout).toContain('is switched off.');

  expect(postmasterIsThere()).toBe(true);
  expect((await fetch(`${server.baseUrl}/health/ready`)).status).toBe(200);
  expect(await server.stop()).toBe(0);
  expect(postmasterIsThere()).toBe(false);
});

it('shows no secret to whoever lists processes', () => {
  // No option takes one: `--client-secret` and `--secret` are unknown.
  const help = spawnSync(process.execPath, ['dist/src/cli/main.js', 'admin', 'reset', '--help']);
  expect(String(help.stdout)).not.toMatch(/--(client-)?secret <(?!file)/);
});
