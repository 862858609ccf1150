/**
 * Start and stop, as the team that runs the server sees them: processes of the built server on the
 * embedded PostgreSQL and on an external one.
 */
import { describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { createDatabase } from '../support/database.js';
import { getToken, postForm, send } from '../support/http.js';
import {
  freePort,
  spawnServer,
  startProcess,
  startServer,
  type ServerProcess,
} from '../support/server.js';
import { cleanUpAfterEach } from '../support/clean-up.js';

const cleanUp = cleanUpAfterEach();

function dataDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'postern-start-'));
  cleanUp(() => Promise.resolve(rmSync(dir, { recursive: true, force: true })));
  return dir;
}

async function start(environment: Record<string, string>): Promise<ServerProcess> {
  const server = await startProcess({ SHUTDOWN_DRAIN_MS: '0', ...environment });
  cleanUp(() => server.stop());
  return server;
}

/** Runs a process that is to end by itself; gives what it said and its exit status. */
async function run(
  environment: Record<string, string>,
): Promise<{ status: number | null; output: string }> {
  const server = spawnServer(environment);
  cleanUp(() => server.stop('SIGKILL'));
  await once(server.process, 'close');
  return { status: server.process.exitCode, output: server.output() };
}

function adminOf(dir: string): { clientId: string; clientSecret: string } {
  const kept = JSON.parse(readFileSync(join(dir, 'admin-client.json'), 'utf8')) as Record<
    string,
    string
  >;
  return { clientId: String(kept.client_id), clientSecret: String(kept.client_secret) };
}

describe('a first start with nothing set', () => {
  it('makes a database and an admin client, and prints a line that gets a token as pasted', async () => {
    const dir = dataDir();
    const server = await start({ DATA_DIR: dir });
    const { clientId, clientSecret } = adminOf(dir);
    const output = server.output();
    expect(clientId).toMatch(/^[A-Za-z0-9]{12}$/);
    expect(clientSecret).toMatch(/^pst_[A-Za-z0-9]{40}$/);
    expect(statSync(join(dir, 'admin-client.json')).mode & 0o777).toBe(0o600);
    expect(output).toMatch(/Postern is ready at {2}http:\/\/localhost:\d+\n/);
    expect(output).toMatch(/Documentation +http:\/\/localhost:\d+\/docs\n/);
    expect(output).toContain(join(dir, 'admin-client.json'));
    // Once, and to the terminal: no log line has it.
    expect(output.split(clientSecret).length - 1).toBe(1);
    expect(output.split('\n').find((line) => line.includes(clientSecret))).not.toMatch(/^\{/);
    const [line = ''] = /curl .*/.exec(output) ?? [];
    const { stdout } = await promisify(execFile)('bash', ['-c', line]);
    expect(JSON.parse(stdout)).toMatchObject({ token_type: 'Bearer', scope: 'read write admin' });
  });

  it('is found again by the next one, also after kill -9, and tells the secret no more', async () => {
    const dir = dataDir();
    const first = await start({ DATA_DIR: dir });
    const admin = adminOf(dir);
    const token = await getToken(first.baseUrl, admin, 'admin');
    expect(token).toMatch(/^\w{30}$/);
    await first.stop('SIGKILL');
    const second = await start({ DATA_DIR: dir });
    expect(adminOf(dir)).toEqual(admin);
    expect(await getToken(second.baseUrl, admin)).toMatch(/^\w{30}$/);
    expect(second.output()).toContain(`${admin.clientId}, since 20`);
    expect(second.output()).not.toContain(admin.clientSecret);
  });

  it('shares its database with a second process, and the last one stops it', async () => {
    const dir = dataDir();
    const one = await start({ DATA_DIR: dir });
    const two = await start({ DATA_DIR: dir });
    const admin = adminOf(dir);
    await getToken(one.baseUrl, admin);
    expect(await one.stop()).toBe(0);
    await getToken(two.baseUrl, admin);
    expect(await two.stop()).toBe(0);
    expect(existsSync(join(dir, 'pg', 'postmaster.pid'))).toBe(false);
  });
});

describe('several first starts at once on one empty database', () => {
  it('migrate once and make one admin client', async () => {
    const database = await createDatabase('empty');
    cleanUp(() => database.drop());
    const secrets = dataDir();
    const environment = {
      DATABASE_URL: database.url,
      ADMIN_CLIENT_ID: 'the-admin',
      ADMIN_CLIENT_SECRET_FILE: join(secrets, 'admin-secret'),
    };
    const nodes = await Promise.all([start(environment), start(environment), start(environment)]);
    const clientSecret = readFileSync(join(secrets, 'admin-secret'), 'utf8').trim();
    expect(statSync(join(secrets, 'admin-secret')).mode & 0o777).toBe(0o600);
    for (const node of nodes) {
      await getToken(node.baseUrl, { clientId: 'the-admin', clientSecret }, 'read write admin');
      expect(node.output()).not.toContain(clientSecret);
    }
    const made = nodes.filter((node) => node.output().includes('first admin client made'));
    expect(made).toHaveLength(1);
    expect(await database.query('SELECT client_id FROM oauth_client')).toEqual([
      { client_id: 'the-admin' },
    ]);
  });
});

describe('an external database', () => {
  it('without an admin client gets none, but a line that says how to make one', async () => {
    const database = await createDatabase('empty');
    cleanUp(() => database.drop());
    const server = await start({ DATABASE_URL: database.url });
    expect(await server.logLine('There is no admin client')).toContain('admin create');
    expect(await database.query('SELECT 1 FROM oauth_client')).toEqual([]);
  });

  it('keeps its admin client as it is where the settings say something else', async () => {
    const server = await startServer();
    cleanUp(() => server.stop());
    const again = await start({
      DATABASE_URL: server.database.url,
      ADMIN_CLIENT_ID: server.admin.clientId,
      ADMIN_CLIENT_SECRET: 'another-secret-of-thirty-two-letters',
    });
    expect(await again.logLine('were not applied')).not.toContain('another-secret');
    await getToken(again.baseUrl, server.admin, 'admin');
  });

  it('that does not answer yet is waited for, and then given up with one line', async () => {
    const port = await freePort();
    const { status, output } = await run({
      DATABASE_URL: `postgres://someone:hidden-password@127.0.0.1:${port}/nothing`,
      DB_WAIT_S: '1',
    });
    expect(status).toBe(1);
    expect(output).toContain('Waiting for the database');
    expect(output).toContain('DB_WAIT_S');
    expect(output).not.toContain('hidden-password');
    expect(output).not.toMatch(/\n {4}at /);
  });

  it('that answers a commit before it is safe is refused in one line', async () => {
    const database = await createDatabase();
    cleanUp(() => database.drop());
    const name = new URL(database.url).pathname.slice(1);
    await database.query(`ALTER DATABASE ${name} SET synchronous_commit = off`);
    const { status, output } = await run({ DATABASE_URL: database.url });
    expect({ status, output }).toEqual({
      status: 1,
      output:
        'The role or database of DATABASE_URL has synchronous_commit off, so that answered tokens could be lost in a crash: set it to on.\n',
    });
  });

  it('that does not exist is named in one line', async () => {
    const database = await createDatabase('empty');
    await database.drop();
    const { status, output } = await run({ DATABASE_URL: database.url });
    expect({ status, output }).toEqual({
      status: 1,
      output: 'The database that DATABASE_URL names does not exist: create it first.\n',
    });
  });
});

describe('a wrong setting', () => {
  it('stops the start: each in one line on standard error, and nothing is started', async () => {
    const dir = join(dataDir(), 'not-made');
    const { status, output } = await run({
      DATA_DIR: dir,
      PORT: 'http',
      PUBLIC_URL: 'https://api.example.com/',
      ACCESS_TOKEN_TTL: '59',
      TRUST_PROXY: '10.0.0.0/33',
      ADMIN_CLIENT_ID: 'admin',
      DATABASE_URL: 'mysql://root:hidden-password@db/x',
      LOG_LEVEL: 'loud',
    });
    expect(status).toBe(1);
    const names = output
      .trim()
      .split('\n')
      .map((line) => line.split(' ', 1)[0]);
    expect(new Set(names)).toEqual(
      new Set([
        'ACCESS_TOKEN_TTL',
        'ADMIN_CLIENT_ID',
        'DATABASE_URL',
        'LOG_LEVEL',
        'PORT',
        'PUBLIC_URL',
        'TRUST_PROXY',
      ]),
    );
    expect(output).not.toContain('hidden-password');
    expect(existsSync(dir)).toBe(false);
  });

  it('a taken port is named in one line, and the database is let go', async () => {
    const dir = dataDir();
    const first = await start({ DATA_DIR: dir });
    const port = new URL(first.baseUrl).port;
    const { status, output } = await run({ DATA_DIR: dir, PORT: port });
    expect(status).toBe(1);
    expect(output.trim().split('\n').at(-1)).toBe(
      `Port ${port} is taken: stop what listens there, or set PORT to a free one.`,
    );
    await getToken(first.baseUrl, adminOf(dir));
  });
});

describe('a stop', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s turns readiness to 503, serves on for a while, finishes what runs, and exits with 0',
    async (signal) => {
      const server = await startServer({ SHUTDOWN_DRAIN_MS: '800', SHUTDOWN_GRACE_MS: '5000' });
      const { port } = new URL(server.baseUrl);
      const idle = connect(Number(port), '127.0.0.1');
      await once(idle, 'connect');
      const began = performance.now();
      const stopped = server.stop(signal);
      await delay(200);
      expect((await send(`${server.baseUrl}/health/ready`)).status).toBe(503);
      expect((await send(`${server.baseUrl}/health/live`)).status).toBe(200);
      const token = await postForm(`${server.baseUrl}/o/token/`, {
        grant_type: 'client_credentials',
        client_id: server.admin.clientId,
        client_secret: server.admin.clientSecret,
      });
      expect({ status: token.status, connection: token.headers.get('connection') }).toEqual({
        status: 200,
        connection: 'close',
      });
      // A request that is under way when the listener closes is answered.
      const slow = connect(Number(port), '127.0.0.1');
      const { clientId, clientSecret } = server.admin;
      const body = `grant_type=client_credentials&client_id=${clientId}&client_secret=${clientSecret}`;
      slow.write(
        `POST /o/token/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 10)}`,
      );
      const answer: Buffer[] = [];
      slow.on('data', (chunk: Buffer) => answer.push(chunk));
      await delay(1000);
      slow.write(body.slice(10));
      await once(slow, 'close');
      expect(Buffer.concat(answer).toString()).toMatch(/^HTTP\/1\.1 200 [^]*access_token/);
      expect(await stopped).toBe(0);
      // The connection that never sent anything has not held it up.
      expect(performance.now() - began).toBeLessThan(4000);
      idle.destroy();
    },
  );
});
