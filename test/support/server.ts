import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { generateClientSecret } from '../../src/clients/domain/client-secret.js';
import { endProcess, outputOf } from './child-process.js';
import { createDatabase, type TestDatabase } from './database.js';
import type { StoredClient } from './builders.js';

const ROOT = join(import.meta.dirname, '../..');
const MAIN = join(ROOT, 'dist/src/main.js');
const READY_WITHIN_MS = 28_000;
const LOGGED_WITHIN_MS = 2000;

/** `TEST_WAY_IN=router`, as `.ci/run` tests everything once more: no route is found without Express's router. */
const WAY_IN =
  process.env.TEST_WAY_IN === 'router'
    ? ['--import', join(import.meta.dirname, 'through-router.mjs')]
    : [];

/** A process of the built server. */
export interface ServerProcess {
  readonly process: ChildProcess;
  readonly baseUrl: string;
  /** All that it has written so far. */
  output(): string;
  /** Waits for the log line that has a text in it. */
  logLine(text: string): Promise<string>;
  /** Sends a signal and waits for the end; gives the exit status. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** A running server on a database of its own, with an admin client. */
export interface TestServer extends ServerProcess {
  readonly database: TestDatabase;
  readonly admin: StoredClient;
}

/**
 * Starts the built server, as `npm start` does, on a fresh database, and waits until it is ready.
 *
 * @param environment settings beside those of the test
 */
export async function startServer(environment: Record<string, string> = {}): Promise<TestServer> {
  const database = await createDatabase();
  const admin = { clientId: 'test-admin', clientSecret: generateClientSecret() };
  const server = await startProcess({
    DATABASE_URL: database.url,
    ADMIN_CLIENT_ID: admin.clientId,
    ADMIN_CLIENT_SECRET: admin.clientSecret,
    SHUTDOWN_DRAIN_MS: '0',
    ...environment,
  });
  return {
    ...server,
    database,
    admin,
    stop: async (signal) => {
      const status = await server.stop(signal);
      await database.drop();
      return status;
    },
  };
}

/** Starts a process of the built server with these settings alone, and waits until it is ready. */
export async function startProcess(environment: Record<string, string>): Promise<ServerProcess> {
  const port = environment.PORT ?? String(await freePort());
  const server = spawnServer({ PORT: port, ...environment });
  const baseUrl = `http://127.0.0.1:${port}`;
  const end = performance.now() + READY_WITHIN_MS;
  while (!(await answers(`${baseUrl}/health/ready`))) {
    if (server.process.exitCode !== null || performance.now() > end) {
      await server.stop('SIGKILL');
      throw new Error(`the server did not start:\n${server.output()}`);
    }
    await delay(25);
  }
  return { ...server, baseUrl };
}

/** Starts a process of the built server and waits for nothing. */
export function spawnServer(environment: Record<string, string>): Omit<ServerProcess, 'baseUrl'> {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [...WAY_IN, MAIN], {
    cwd: ROOT,
    env: { PATH, HOME, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = outputOf(child);
  return {
    process: child,
    output,
    logLine: async (text) => {
      const end = performance.now() + LOGGED_WITHIN_MS;
      for (;;) {
        const line = output()
          .split('\n')
          .find((candidate) => candidate.includes(text));
        if (line !== undefined) return line;
        if (performance.now() > end) throw new Error(`nothing logged of ${text}:\n${output()}`);
        await delay(5);
      }
    },
    stop: (signal) => endProcess(child, signal),
  };
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}
