import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { appendFile, chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { endProcess } from './child-process.js';
import { queryAt } from './database.js';
import { describeWhere } from './programs.js';
import { freePort } from './server.js';

const BINARIES = '/usr/lib/postgresql/15/bin';
const READY_WITHIN_MS = 20_000;
const USER = 'postern';
/** `nobody`: PostgreSQL refuses root. */
const UNPRIVILEGED = 65_534;

const isRoot = process.getuid?.() === 0;

/** `describe` for what needs Debian's PostgreSQL 15: where there is none it is left out, and said so. */
export function describeWithDebianPostgres(title: string, tests: () => void): void {
  const missing = `There is no PostgreSQL 15 in ${BINARIES}.`;
  describeWhere(existsSync(join(BINARIES, 'postgres')), missing, title, tests);
}

/** A PostgreSQL 15 of a test's own, with its tools, on a port of 127.0.0.1. */
export class DebianPostgres {
  private process: ChildProcess | undefined;
  private readonly written: string[] = [];

  private constructor(
    readonly directory: string,
    readonly port: number,
  ) {}

  /**
   * Makes one that does not run yet.
   *
   * @param place where its directory is to be, and what else `initdb` is told
   */
  static async make(
    settings: readonly string[] = [],
    place: { readonly in?: string; readonly initdb?: readonly string[] } = {},
  ): Promise<DebianPostgres> {
    const postgres = await DebianPostgres.at(place.in);
    const usual = ['-U', USER, '-A', 'trust', '-E', 'UTF8', '--locale=C'];
    await postgres.run('initdb', [...usual, ...(place.initdb ?? [])]);
    await postgres.configure(settings);
    return postgres;
  }

  /** Makes a standby of one that runs. It does not run yet. */
  static async standbyOf(primary: DebianPostgres, name: string): Promise<DebianPostgres> {
    const postgres = await DebianPostgres.at();
    const upstream = `host=127.0.0.1 port=${primary.port} user=${USER} application_name=${name}`;
    await postgres.run('pg_basebackup', ['-d', upstream, '-R', '-X', 'stream', '-c', 'fast']);
    await postgres.configure([]);
    return postgres;
  }

  private static async at(folder = tmpdir()): Promise<DebianPostgres> {
    const directory = await mkdtemp(join(folder, 'postern-postgres-'));
    if (isRoot) await chown(directory, UNPRIVILEGED, UNPRIVILEGED);
    await chmod(directory, 0o700);
    return new DebianPostgres(directory, await freePort());
  }

  /** `user@host:port` for a URL. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get url(): string {
    return `postgres://${USER}@${this.address}/postgres`;
  }

  /** Its own log so far. */
  get log(): string {
    return this.written.join('');
  }

  /** Runs one of its tools on it (`pg_dump`), to which it is the default; gives what that writes. */
  async tool(name: string, options: readonly string[] = [], input = ''): Promise<string> {
    const environment = { PGHOST: '127.0.0.1', PGPORT: String(this.port), PGUSER: USER };
    const running = promisify(execFile)(join(BINARIES, name), [...options], {
      env: { ...environment, PGDATABASE: 'postgres', LC_ALL: 'C' },
      maxBuffer: 2 ** 28,
    });
    running.child.stdin?.end(input);
    return (await running).stdout;
  }

  /** Adds lines to its settings; they count from the next start on. */
  async configure(settings: readonly string[]): Promise<void> {
    const lines = [
      "listen_addresses = '127.0.0.1'",
      `port = ${this.port}`,
      "unix_socket_directories = ''",
      ...settings,
    ];
    await appendFile(join(this.directory, 'postgresql.conf'), `\n${lines.join('\n')}\n`);
  }

  /** Writes a file beside its data that it alone can read; gives its path. */
  async keep(name: string, content: string | Buffer): Promise<string> {
    const file = join(this.directory, name);
    await writeFile(file, content, { mode: 0o600 });
    if (isRoot) await chown(file, UNPRIVILEGED, UNPRIVILEGED);
    return file;
  }

  async start(): Promise<void> {
    const child = spawnUnprivileged('postgres', ['-D', this.directory]);
    this.process = child;
    child.stderr?.on('data', (chunk: Buffer) => this.written.push(chunk.toString()));
    const end = performance.now() + READY_WITHIN_MS;
    while (!(await this.answers())) {
      if (child.exitCode !== null || performance.now() > end) {
        throw new Error(`PostgreSQL did not start:\n${this.written.join('')}`);
      }
      await delay(50);
    }
  }

  query<Row extends object>(text: string): Promise<Row[]> {
    return queryAt(this.url, text);
  }

  /** Whether the process that is its first is there. */
  get runs(): boolean {
    return this.process?.exitCode === null && this.process.signalCode === null;
  }

  /** Asks it to stop, and does not wait: SIGINT cuts its clients off, SIGTERM waits for them. */
  signal(signal: 'SIGTERM' | 'SIGINT'): void {
    this.process?.kill(signal);
  }

  /** Stops it as by `pg_ctl stop -m fast`, and waits. */
  async stop(): Promise<void> {
    const { process: child } = this;
    if (child !== undefined) await endProcess(child, 'SIGINT');
  }

  /** Stops all its processes where they stand: it goes silent, and its connections stay open. */
  pause(): void {
    for (const pid of this.pids().toReversed()) kill(pid, 'SIGSTOP');
  }

  /** Lets it go on after {@link pause}. */
  resume(): void {
    for (const pid of this.pids()) kill(pid, 'SIGCONT');
  }

  /** Kills it with all its processes, as a machine dies. */
  async kill(): Promise<void> {
    const { process: child } = this;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    // No new ones meanwhile; those there are would otherwise finish what they are at.
    child.kill('SIGSTOP');
    const pids = this.pids();
    for (const pid of pids) kill(pid, 'SIGKILL');
    await closed;
    while (pids.some(lives)) await delay(5);
  }

  /** Kills it and deletes its files. */
  async remove(): Promise<void> {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true, maxRetries: 10 });
  }

  /** Of all its processes, the first one last. */
  private pids(): number[] {
    const pid = this.process?.pid;
    return pid === undefined ? [] : [...childrenOf(pid), pid];
  }

  private async run(tool: string, options: readonly string[]): Promise<void> {
    const [command = '', ...given] = unprivileged(tool, ['-D', this.directory, ...options]);
    await promisify(execFile)(command, given, { cwd: '/' });
  }

  private async answers(): Promise<boolean> {
    try {
      await this.query('SELECT 1');
      return true;
    } catch {
      return false;
    }
  }
}

function spawnUnprivileged(tool: string, options: readonly string[]): ChildProcess {
  const [command = '', ...given] = unprivileged(tool, options);
  return spawn(command, given, { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
}

function unprivileged(tool: string, options: readonly string[]): string[] {
  const id = String(UNPRIVILEGED);
  const drop = ['setpriv', `--reuid=${id}`, `--regid=${id}`, '--clear-groups', '--'];
  return [...(isRoot ? drop : []), join(BINARIES, tool), ...options];
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').match(/\d+/g)?.map(Number) ?? [];
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

function lives(pid: number): boolean {
  try {
    // A zombie is dead.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
