/**
 * One node of several processes (`WORKERS`). Real: the built server, its workers, PostgreSQL, the
 * signals.
 */
import { describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createDatabase } from '../support/database.js';
import { basic, getToken, postForm, send } from '../support/http.js';
import { metric } from '../support/metrics.js';
import { openSocket } from '../support/open-socket.js';
import { spawnServer, startProcess, startServer, type TestServer } from '../support/server.js';
import { SteadyLoad } from '../support/steady-load.js';
import { until } from '../support/until.js';
import { cleanUpAfterEach } from '../support/clean-up.js';

const SO_WITHIN_MS = 20_000;

const WORKERS = 3;
const CALLERS = 8;

const cleanUp = cleanUpAfterEach();

async function start(environment: Record<string, string> = {}): Promise<TestServer> {
  const server = await startServer({ WORKERS: String(WORKERS), ...environment });
  let stopped: Promise<number | null> | undefined;
  const stop = (signal?: NodeJS.Signals) => (stopped ??= server.stop(signal));
  cleanUp(() => stop());
  await until(() => readyWorkers(server.output()).length >= WORKERS, SO_WITHIN_MS);
  return { ...server, stop };
}

interface Line {
  readonly pid: number;
  readonly worker_pid?: number;
  readonly msg: string;
  readonly request_id?: string;
  readonly code?: number | null;
  readonly signal?: string | null;
}

function lines(output: string): Line[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Line);
}

/** All that were ever ready, in that order. */
function readyWorkers(output: string): number[] {
  return lines(output)
    .filter(({ msg }) => msg === 'a worker is ready')
    .map(({ worker_pid }) => worker_pid ?? 0);
}

function lives(pid: number): boolean {
  try {
    // A zombie is dead, though a signal reaches it.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Asks for a token on a connection of its own, in vain, so that a line tells who has refused it. */
function refused({ baseUrl }: TestServer): Promise<unknown> {
  return postForm(
    `${baseUrl}/o/token/`,
    { grant_type: 'client_credentials' },
    { Authorization: basic({ clientId: 'nobody', clientSecret: 'nothing' }), Connection: 'close' },
  );
}

describe('several workers', () => {
  it('serve together, on the one port, and say once that they are ready', async () => {
    const server = await start();
    const pids = readyWorkers(server.output());
    expect(new Set(pids).size).toBe(WORKERS);
    expect(pids).not.toContain(server.process.pid);
    for (let round = 0; round < 4 * WORKERS; round += 1) await refused(server);
    const served = lines(server.output()).filter(({ request_id }) => request_id !== undefined);
    expect(new Set(served.map(({ pid }) => pid))).toEqual(new Set(pids));
    const saidOnce = lines(server.output()).filter(({ msg }) =>
      /^(ready|first admin client made)$/.test(msg),
    );
    expect(saidOnce.map(({ pid }) => pid)).toEqual([pids[0], pids[0]]);
  });

  it('each tell the metrics of all', async () => {
    const server = await start();
    const requests = 4 * WORKERS;
    for (let round = 0; round < requests; round += 1) await refused(server);
    for (let round = 0; round < WORKERS; round += 1) {
      expect(await metric(server.baseUrl, 'postern_workers')).toBe(WORKERS);
      expect(await metric(server.baseUrl, 'postern_authentication_failures_total')).toBe(requests);
    }
    const { text } = await send(`${server.baseUrl}/metrics`);
    expect(text).toMatch(/^postern_build_info\{.*\} 1$/m);
  });

  it('of which one hangs: the others serve, and tell their own metrics in time', async () => {
    const server = await start();
    const [, hanging = 0] = readyWorkers(server.output());
    process.kill(hanging, 'SIGSTOP');
    try {
      const began = performance.now();
      expect(await metric(server.baseUrl, 'postern_workers')).toBe(1);
      expect(performance.now() - began).toBeLessThan(3000);
    } finally {
      process.kill(hanging, 'SIGCONT');
    }
  });

  it('of which one is killed: it is replaced, and none fails but on its own connections', async () => {
    const server = await start();
    const load = new SteadyLoad(server.baseUrl, server.admin, CALLERS);
    await load.answered(200);
    const [victim = 0, ...others] = readyWorkers(server.output());
    process.kill(victim, 'SIGKILL');
    const killedAt = performance.now();
    await load.answered(200);
    await until(() => readyWorkers(server.output()).length > WORKERS, SO_WITHIN_MS);
    await load.answered(200);
    await load.stop();
    for (const { connectedAt, failure } of load.failed) {
      expect(failure).toBe('ECONNRESET');
      expect(connectedAt).toBeLessThan(killedAt);
    }
    // Those that the dead one held: by turns, so never all.
    expect(load.failed.length).toBeLessThan(CALLERS);
    const end = lines(server.output()).find(({ worker_pid, signal }) => signal && worker_pid);
    expect(end).toMatchObject({ pid: server.process.pid, worker_pid: victim, signal: 'SIGKILL' });
    expect(lives(victim)).toBe(false);
    expect(others.every(lives)).toBe(true);
    expect(server.output()).not.toContain(server.admin.clientSecret);
    // What a token was got for before holds after it, on whichever worker.
    const { token = '' } = load.sent.find(({ status }) => status === 200) ?? {};
    const headers = { Authorization: `Bearer ${token}`, Connection: 'close' };
    for (let round = 0; round < WORKERS; round += 1) {
      const { status } = await send(`${server.baseUrl}/access-rules/`, { headers });
      expect([200, 403]).toContain(status);
    }
  });
});

describe('a connection that was handed to a worker', () => {
  /** Callers that each wait for an answer, on a connection of their own. */
  async function callers({ baseUrl }: TestServer) {
    const sockets = await Promise.all(
      Array.from({ length: 2 * WORKERS }, () => openSocket(baseUrl)),
    );
    const waiting = new Set(sockets);
    const answered = new Set<Socket>();
    for (const socket of sockets) {
      socket.once('data', () => answered.add(socket));
      socket.once('close', () => waiting.delete(socket));
      socket.write('GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    }
    return { waiting, answered };
  }

  it('which dies before it takes it goes to another', async () => {
    const server = await start();
    const [, victim = 0] = readyWorkers(server.output());
    // Frozen, it is handed one connection at the most: each has to be taken before the next.
    process.kill(victim, 'SIGSTOP');
    const { waiting, answered } = await callers(server);
    await until(() => waiting.size === 1, SO_WITHIN_MS);
    process.kill(victim, 'SIGKILL');
    await until(() => waiting.size === 0, 2000);
    expect(answered.size).toBe(2 * WORKERS);
  });

  it('is closed where no other is left, and not kept without an answer', async () => {
    const server = await start();
    const workers = readyWorkers(server.output());
    for (const pid of workers) process.kill(pid, 'SIGSTOP');
    const { waiting, answered } = await callers(server);
    for (const pid of workers) process.kill(pid, 'SIGKILL');
    await until(() => waiting.size === 0, 2000);
    expect(answered.size).toBe(0);
  });
});

describe('a stop of several workers', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s under load drains them all, drops nothing, and leaves no process',
    async (signal) => {
      const server = await start({ SHUTDOWN_DRAIN_MS: '500' });
      const load = new SteadyLoad(server.baseUrl, server.admin, CALLERS);
      await load.answered(200);
      const stopped = server.stop(signal);
      await delay(150);
      // On connections of their own, since each worker is to know of it.
      for (let round = 0; round < WORKERS; round += 1) {
        const headers = { Connection: 'close' };
        expect((await send(`${server.baseUrl}/health/ready`, { headers })).status).toBe(503);
      }
      expect(await stopped).toBe(0);
      await load.over();
      expect(load.sent.filter(({ lastOfConnection }) => lastOfConnection)).toHaveLength(CALLERS);
      expect(load.failed).toEqual([]);
      expect(readyWorkers(server.output()).some(lives)).toBe(false);
      expect(lines(server.output()).filter(({ msg }) => msg === 'stopped')).toHaveLength(1);
    },
  );

  it('that reaches the workers too, as a Ctrl-C does, counts once', async () => {
    const server = await start({ SHUTDOWN_DRAIN_MS: '300' });
    const workers = readyWorkers(server.output());
    for (const pid of workers) process.kill(pid, 'SIGINT');
    const stopped = server.stop('SIGINT');
    await getToken(server.baseUrl, server.admin);
    expect(await stopped).toBe(0);
    expect(server.output()).not.toContain('a worker has ended');
    expect(workers.some(lives)).toBe(false);
  });

  it('is cut short by a second signal', async () => {
    const server = await start({ SHUTDOWN_DRAIN_MS: '60000' });
    const stopped = server.stop('SIGTERM');
    await delay(1200);
    server.process.kill('SIGTERM');
    expect(await stopped).toBe(1);
    const workers = readyWorkers(server.output());
    await until(() => !workers.some(lives), SO_WITHIN_MS);
  });

  it('by kill -9 leaves no orphan', async () => {
    const server = await start();
    const workers = readyWorkers(server.output());
    expect(workers.every(lives)).toBe(true);
    await server.stop('SIGKILL');
    await until(() => !workers.some(lives), SO_WITHIN_MS);
  });
});

describe('several workers on the embedded database', () => {
  it('make one admin, tell its secret once, and stop the database at the end', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'postern-workers-'));
    cleanUp(() => Promise.resolve(rmSync(dir, { recursive: true, force: true })));
    const server = await startProcess({ WORKERS: '2', DATA_DIR: dir, SHUTDOWN_DRAIN_MS: '0' });
    cleanUp(() => server.stop('SIGKILL'));
    await until(() => readyWorkers(server.output()).length === 2, SO_WITHIN_MS);
    const pidFile = join(dir, 'pg', 'postmaster.pid');
    const postmaster = Number(readFileSync(pidFile, 'utf8').split('\n', 1)[0]);
    const kept = JSON.parse(readFileSync(join(dir, 'admin-client.json'), 'utf8')) as {
      client_id: string;
      client_secret: string;
    };
    const admin = { clientId: kept.client_id, clientSecret: kept.client_secret };
    await getToken(server.baseUrl, admin, 'admin');
    expect(server.output().split(admin.clientSecret)).toHaveLength(2);
    expect(server.output().split('Postern is ready at')).toHaveLength(2);
    expect(await server.stop()).toBe(0);
    expect(existsSync(pidFile)).toBe(false);
    await until(() => !lives(postmaster), SO_WITHIN_MS);
  });
});

describe('a start of several workers that fails', () => {
  async function run(environment: Record<string, string>): Promise<[number | null, string]> {
    const server = spawnServer({ WORKERS: '2', ...environment });
    cleanUp(() => server.stop('SIGKILL'));
    await once(server.process, 'close');
    return [server.process.exitCode, server.output()];
  }

  it('by a setting says so in one line', async () => {
    expect(await run({ PORT: 'http' })).toEqual([
      1,
      'PORT must be a whole number from 1 to 65535\n',
    ]);
    expect(await run({ WORKERS: '0' })).toEqual([
      1,
      'WORKERS must be a whole number from 1 to 128\n',
    ]);
  });

  it('by a taken port says so in one line, after the first worker', async () => {
    const database = await createDatabase();
    cleanUp(() => database.drop());
    const taker = createServer().listen(0, '127.0.0.1');
    cleanUp(() => Promise.resolve(taker.close()));
    await once(taker, 'listening');
    const { port } = taker.address() as { port: number };
    const [status, output] = await run({ DATABASE_URL: database.url, PORT: String(port) });
    expect(status).toBe(1);
    const told = output.split('\n').filter((line) => !line.startsWith('{') && line !== '');
    expect(told).toEqual([
      `Port ${port} is taken: stop what listens there, or set PORT to a free one.`,
    ]);
  });
});
