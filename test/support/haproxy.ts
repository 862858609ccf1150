import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { endProcess, outputOf } from './child-process.js';
import { describeWhere, findProgram } from './programs.js';
import { freePort } from './server.js';

const READY_WITHIN_MS = 10_000;
const DOCUMENT = join(import.meta.dirname, '../../docs/deploying.md');

/** Debian has it where only root looks. */
const executablePath = findProgram(['haproxy'], '/usr/sbin');

/** `describe` for what needs HAProxy: where there is none it is left out, and said so. */
export function describeWithHaproxy(title: string, tests: () => void): void {
  const missing = 'There is no haproxy in PATH or /usr/sbin.';
  describeWhere(executablePath !== undefined, missing, title, tests);
}

/** What HAProxy counts for one node. */
export interface Upstream {
  readonly name: string;
  /** `UP`, `DOWN`, or on the way from one to the other. */
  readonly status: string;
  /** Connections that were made to it, and requests that went over one that was there. */
  readonly connections: number;
  readonly reused: number;
}

/** A HAProxy in front of several nodes. */
export interface Haproxy {
  readonly baseUrl: string;
  upstreams(): Promise<Upstream[]>;
  /** All that it has logged so far. */
  output(): string;
  stop(): Promise<void>;
}

/**
 * Starts a {@link Haproxy} with the configuration of docs/deploying.md, and waits until it has found
 * all nodes ready.
 *
 * @param addresses of the nodes, `host:port`
 */
export async function startHaproxy(addresses: readonly string[]): Promise<Haproxy> {
  if (executablePath === undefined) throw new Error('there is no haproxy');
  const directory = await mkdtemp(join(tmpdir(), 'postern-haproxy-'));
  const [port, statsPort] = [await freePort(), await freePort()];
  const file = join(directory, 'haproxy.cfg');
  await writeFile(file, configuration(await documented(), addresses, port, statsPort));
  // Tells what is wrong with it, if anything is, in plain words.
  await promisify(execFile)(executablePath, ['-c', '-f', file]);
  const child = spawn(executablePath, ['-db', '-f', file], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = outputOf(child);
  const haproxy: Haproxy = {
    baseUrl: `http://127.0.0.1:${port}`,
    upstreams: () => upstreamsAt(`http://127.0.0.1:${statsPort}/;csv`),
    output,
    stop: async () => {
      await endProcess(child);
      await rm(directory, { recursive: true });
    },
  };
  await untilReady(haproxy, child);
  return haproxy;
}

/** The one example that the documentation has. */
async function documented(): Promise<string> {
  const [, example] = /```haproxy\n([^]*?)```/.exec(await readFile(DOCUMENT, 'utf8')) ?? [];
  if (example === undefined) throw new Error('docs/deploying.md has no example for HAProxy');
  return example;
}

/** The documented one, but for where; and with its counts to be asked for. */
function configuration(
  example: string,
  addresses: readonly string[],
  port: number,
  statsPort: number,
): string {
  const bound = example.replace(/^ *bind .*$/m, `  bind 127.0.0.1:${port}`);
  const placed = addresses.reduce(
    (text, address, index) =>
      text.replace(new RegExp(`(server node${index + 1}) \\S+`), `$1 ${address}`),
    bound,
  );
  const missing = addresses.filter((address) => !placed.includes(address));
  if (bound === example || missing.length > 0) throw new Error(`not for that many:\n${placed}`);
  return `${placed}\nfrontend counts\n  mode http\n  bind 127.0.0.1:${statsPort}\n  stats enable\n  stats uri /\n`;
}

async function upstreamsAt(url: string): Promise<Upstream[]> {
  const [head = '', ...lines] = (await (await fetch(url)).text()).trim().split('\n');
  const names = head.replace(/^# /, '').split(',');
  return lines
    .map((line) => new Map(line.split(',').map((value, at) => [names[at], value])))
    .filter((row) => /^node\d$/.test(row.get('svname') ?? ''))
    .map((row) => ({
      name: row.get('svname') ?? '',
      status: row.get('status') ?? '',
      connections: Number(row.get('connect')),
      reused: Number(row.get('reuse')),
    }));
}

async function untilReady(haproxy: Haproxy, child: ChildProcess): Promise<void> {
  const end = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const upstreams = await haproxy.upstreams().catch(() => []);
    if (upstreams.length > 0 && upstreams.every(({ status }) => status === 'UP')) return;
    if (child.exitCode !== null || performance.now() > end) {
      await haproxy.stop();
      throw new Error(`haproxy did not start:\n${haproxy.output()}`);
    }
    await delay(25);
  }
}
