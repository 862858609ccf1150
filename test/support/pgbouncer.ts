import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { endProcess, outputOf } from './child-process.js';
import { describeWhere, findProgram } from './programs.js';
import { freePort } from './server.js';
import { TcpProxy } from './tcp-proxy.js';

const READY_WITHIN_MS = 5000;

/** Debian has it where only root looks. */
const executablePath = findProgram(['pgbouncer'], '/usr/sbin');

/** `describe` for what needs PgBouncer: where there is none it is left out, and said so. */
export function describeWithPgBouncer(title: string, tests: () => void): void {
  const missing = 'There is no pgbouncer in PATH or /usr/sbin.';
  describeWhere(executablePath !== undefined, missing, title, tests);
}

/** A PgBouncer in transaction mode in front of a database. */
export interface PgBouncer {
  /** The database's URL through it. */
  readonly url: string;
  /** What it has in the way to the database, for faults behind it. */
  readonly proxy: TcpProxy;
  /** All that it has logged so far. */
  output(): string;
  stop(): Promise<void>;
}

/**
 * Starts a {@link PgBouncer} that trusts everyone, and waits until it answers.
 *
 * @param upstream URL of the database
 * @param poolSize connections to the database, at most
 */
export async function startPgBouncer(upstream: string, poolSize: number): Promise<PgBouncer> {
  if (executablePath === undefined) throw new Error('there is no pgbouncer');
  // The socket lies where only its owner may go, and PgBouncer must be somebody else than root.
  const proxy = await TcpProxy.start(upstream);
  const directory = await mkdtemp(join(tmpdir(), 'postern-pgbouncer-'));
  await chmod(directory, 0o755);
  const port = await freePort();
  const file = join(directory, 'pgbouncer.ini');
  await writeFile(file, configuration({ port, poolSize, proxy }));
  const asNobody = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const child = spawn(executablePath, [...asNobody, file], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = outputOf(child);
  const url = new URL(proxy.url);
  url.port = String(port);
  const pgBouncer: PgBouncer = {
    url: url.href,
    proxy,
    output,
    stop: async () => {
      await endProcess(child);
      await proxy.close();
      await rm(directory, { recursive: true });
    },
  };
  await untilReady(pgBouncer, child);
  return pgBouncer;
}

/** As Debian ships it, but for where, whom and how many. */
function configuration(given: { port: number; poolSize: number; proxy: TcpProxy }): string {
  const { username } = new URL(given.proxy.url);
  return `
[databases]
* = host=127.0.0.1 port=${given.proxy.port} user=${username}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${given.port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${given.poolSize}
max_client_conn = 1000
`;
}

async function untilReady(pgBouncer: PgBouncer, child: ChildProcess): Promise<void> {
  const end = performance.now() + READY_WITHIN_MS;
  while (!(await answers(pgBouncer.url))) {
    if (child.exitCode !== null || performance.now() > end) {
      await pgBouncer.stop();
      throw new Error(`pgbouncer did not start:\n${pgBouncer.output()}`);
    }
    await delay(25);
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end();
  }
}
