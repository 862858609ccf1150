/**
 * The payments are an example that one deletes: a copy of this tree without their folder and their
 * line type-checks, builds and serves. Real: the compiler, the build, the server, PostgreSQL.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateClientSecret } from '../../src/clients/domain/client-secret.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { getToken, send } from '../support/http.js';
import { freePort } from '../support/server.js';

const ROOT = join(import.meta.dirname, '../..');
const BUILT_WITHIN_MS = 120_000;
const READY_WITHIN_MS = 15_000;
const ADMIN = { clientId: 'test-admin', clientSecret: generateClientSecret() };

/** Runs a script of Node to its end. @throws with all that it wrote where it fails */
async function node(cwd: string, ...args: string[]): Promise<void> {
  try {
    await promisify(execFile)(process.execPath, args, { cwd });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
  }
}

/** Starts the server of a copy on a database, and waits until it is ready. */
async function startCopy(
  copy: string,
  databaseUrl: string,
): Promise<{ server: ChildProcess; baseUrl: string }> {
  const { PATH = '', HOME = '' } = process.env;
  const port = String(await freePort());
  const baseUrl = `http://127.0.0.1:${port}`;
  const server = spawn(process.execPath, [join(copy, 'dist/src/main.js')], {
    cwd: copy,
    env: {
      PATH,
      HOME,
      PORT: port,
      DATABASE_URL: databaseUrl,
      ADMIN_CLIENT_ID: ADMIN.clientId,
      ADMIN_CLIENT_SECRET: ADMIN.clientSecret,
      SHUTDOWN_DRAIN_MS: '0',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const written: string[] = [];
  server.stdout.on('data', (chunk: Buffer) => written.push(chunk.toString()));
  server.stderr.on('data', (chunk: Buffer) => written.push(chunk.toString()));
  const end = performance.now() + READY_WITHIN_MS;
  while (!(await isReady(baseUrl))) {
    if (server.exitCode !== null || performance.now() > end) {
      server.kill('SIGKILL');
      throw new Error(`the server did not start:\n${written.join('')}`);
    }
    await delay(25);
  }
  return { server, baseUrl };
}

async function isReady(baseUrl: string): Promise<boolean> {
  try {
    return (await fetch(`${baseUrl}/health/ready`)).ok;
  } catch {
    return false;
  }
}

// Such a copy has this file too, and nothing left to leave out.
const whole = existsSync(join(ROOT, 'src/payments'));
const note = whole ? '' : ' (skipped: this tree has no src/payments)';

(whole ? describe : describe.skip)(`a copy of the tree without the payments${note}`, () => {
  let copy: string;
  let database: TestDatabase;
  let server: ChildProcess | undefined;
  let baseUrl: string;

  beforeAll(async () => {
    copy = mkdtempSync(join(tmpdir(), 'postern-without-payments-'));
    database = await createDatabase('empty');
    await node(ROOT, 'scripts/without-payments.mjs', copy);
  });

  afterAll(async () => {
    if (server !== undefined && server.exitCode === null) {
      const closed = once(server, 'close');
      server.kill('SIGTERM');
      await closed;
    }
    rmSync(copy, { recursive: true, force: true });
    await database.drop();
  });

  it('lacks src/payments, and nothing else of src', () => {
    expect(readdirSync(join(copy, 'src')).toSorted()).toEqual(
      readdirSync(join(ROOT, 'src'))
        .filter((name) => name !== 'payments')
        .toSorted(),
    );
  });

  it(
    'type-checks, its tests too',
    async () => {
      await expect(
        node(copy, 'node_modules/typescript/bin/tsc', '--noEmit', '--incremental', 'false'),
      ).resolves.toBeUndefined();
    },
    BUILT_WITHIN_MS,
  );

  it(
    'builds, starts on an empty database and gives a token',
    async () => {
      await node(copy, 'node_modules/@nestjs/cli/bin/nest.js', 'build');
      ({ server, baseUrl } = await startCopy(copy, database.url));
      expect(await getToken(baseUrl, ADMIN, 'read write')).toMatch(/^[A-Za-z0-9]{30}$/);
    },
    BUILT_WITHIN_MS,
  );

  it.each(['/payments/', '/payments', '/payments/fees/'])('has nothing at %s', async (path) => {
    const token = await getToken(baseUrl, ADMIN, 'read write admin');
    const { status, headers } = await send(`${baseUrl}${path}`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    expect({ status, type: headers.get('content-type') }).toEqual({
      status: 404,
      type: 'application/problem+json',
    });
  });

  it('says nothing of payments in its OpenAPI document', async () => {
    const { status, text } = await send(`${baseUrl}/docs/openapi.json`);
    expect(status).toBe(200);
    expect(text).toContain('/o/token');
    expect(text).not.toMatch(/payment/i);
  });

  it('makes no tables of theirs', async () => {
    const tables = await database.query<{ name: string }>(
      `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`,
    );
    const names = tables.map(({ name }) => name);
    expect(names).toContain('oauth_client');
    expect(names.filter((name) => name.includes('payment'))).toEqual([]);
  });
});
