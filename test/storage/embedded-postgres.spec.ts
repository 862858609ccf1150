// Real: the server's binaries, the file system, the processes and the signals sent to them. The
// processes that are killed run the compiled output in dist; the rest runs in Jest itself.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import {
  EmbeddedPostgresError,
  startEmbeddedPostgres,
} from '../../src/database/embedded/embedded-postgres.js';
import { findProcess, pidNamespace } from '../../src/database/embedded/process-identity.js';
import { withStartLock } from '../../src/database/embedded/start-lock.js';

const COMPILED = resolve('dist/src/database/embedded/embedded-postgres.js');
const NOBODY = 65534;
/** a user whom root would not choose by itself */
const DAEMON = 1;
const isRoot = process.getuid?.() === 0;
const nobodyReadsTheTree =
  isRoot && spawnSync('test', ['-r', COMPILED], { uid: NOBODY, gid: NOBODY }).status === 0;

const describeAsRoot = isRoot ? describe : describe.skip;
const describeWithNobody = nobodyReadsTheTree ? describe : describe.skip;

const processes: Launched[] = [];
const directories: string[] = [];

/** A database that was made once; a test that is not about the making takes a copy. */
let made = '';

beforeAll(async () => {
  made = mkdtempSync(join(tmpdir(), 'postern-test-'));
  await (await hold(made)).stop();
});

afterAll(() => remove(made));

afterEach(async () => {
  for (const launched of processes.splice(0)) await launched.kill();
  for (const directory of directories.splice(0)) await remove(directory);
});

describe('the first start', () => {
  it('makes a database, tells so once, and keeps its data for the next start', async () => {
    const dataDir = join(temporaryDirectory(), 'data');
    const messages: string[] = [];
    const onProgress = (message: string): number => messages.push(message);

    const first = await startEmbeddedPostgres({ dataDir, onProgress });
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    expect(messages).toEqual([expect.stringContaining(dataDir)]);
    expect(serverPid(dataDir)).toBeUndefined();

    const second = await startEmbeddedPostgres({ dataDir, onProgress });
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await Promise.all([second.stop(), second.stop()]);
    await second.stop();
    expect(messages).toHaveLength(1);
  });

  it('listens on a socket only, closes its files to others and keeps commits durable', async () => {
    const dataDir = join(temporaryDirectory(), 'data');
    const { url, socketDir, stop } = await hold(dataDir);

    expect(
      await query(
        url,
        `SELECT current_user, current_database(), name, setting FROM pg_settings WHERE name IN
         ('fsync', 'synchronous_commit', 'max_connections', 'listen_addresses', 'server_encoding')
         ORDER BY name`,
      ),
    ).toEqual(
      Object.entries({
        fsync: 'on',
        listen_addresses: '',
        max_connections: '100',
        server_encoding: 'UTF8',
        synchronous_commit: 'on',
      }).map(([name, setting]) => ({
        current_user: 'app',
        current_database: 'postgres',
        name,
        setting,
      })),
    );
    expect(socketDir.startsWith(realpathSync(dataDir))).toBe(true);
    expect([dataDir, socketDir, join(socketDir, '.s.PGSQL.5432')].map(modeOf)).toEqual([
      0o700, 0o700, 0o700,
    ]);
    expect([join(dataDir, 'pg'), join(dataDir, 'pg.log')].map(modeOf)).toEqual([0o700, 0o600]);
    await stop();
    expect(existsSync(socketDir)).toBe(false);
  });

  it('leaves the mode and the other files of an existing DATA_DIR alone', async () => {
    const dataDir = temporaryDirectory();
    chmodSync(dataDir, 0o750);
    writeFileSync(join(dataDir, 'admin-client.json'), '{}');
    const { stop } = await hold(dataDir);
    await stop();
    expect(modeOf(dataDir)).toBe(0o750);
    expect(readdirSync(dataDir).toSorted()).toEqual(['admin-client.json', 'pg', 'pg.log']);
    expect(statSync(join(dataDir, 'admin-client.json')).uid).toBe(process.getuid?.());
  });

  it('works when DATA_DIR has characters that a shell or a list would read', async () => {
    const dataDir = join(temporaryDirectory(), `o'clock, "quoted" $HOME é %41`);
    const { url, stop } = await hold(dataDir);
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await stop();
  });

  it('puts the socket elsewhere when the path of DATA_DIR is too long for one', async () => {
    const dataDir = join(temporaryDirectory(), 'long'.repeat(30));
    const first = await hold(dataDir);
    const second = await hold(dataDir);
    const { socketDir } = first;
    expect(socketDir.startsWith(tmpdir())).toBe(true);
    expect(modeOf(socketDir)).toBe(0o700);
    expect(second.url).toBe(first.url);
    await first.stop();
    await second.stop();
    expect(existsSync(socketDir)).toBe(false);
  });

  it('begins again after a kill -9 while the database was being made', async () => {
    const dataDir = temporaryDirectory();
    const killed = await launch(dataDir);
    await killed.told('progress');
    await killed.kill();
    const next = await hold(dataDir);
    expect(await query(next.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await next.stop();
  });
});

describeAsRoot('as root', () => {
  it('a change of user serves where user namespaces are refused', async () => {
    const dataDir = temporaryDirectory();
    const programs = temporaryDirectory();
    symlinkSync('/usr/bin/setpriv', join(programs, 'setpriv'));
    writeFileSync(join(dataDir, 'admin-client.json'), '{}', { mode: 0o600 });

    const first = await hold(dataDir, { env: { PATH: programs } });
    await query(first.url, 'CREATE TABLE kept AS SELECT 1 AS one');
    await first.stop();
    const owners = ['.', 'admin-client.json', 'pg'].map(
      (name) => statSync(join(dataDir, name)).uid,
    );
    expect(owners).toEqual([0, 0, NOBODY]);

    const second = await hold(dataDir);
    expect(await query(second.url, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
    await second.stop();
  });

  it('without either way the one line names the remedy', async () => {
    const failed = await launch(temporaryDirectory(), { env: { PATH: temporaryDirectory() } });
    expect(await failed.told('error')).toMatch(
      /refuses to run as root.*ordinary user.*DATABASE_URL/,
    );
  });
});

describeWithNobody('as an ordinary user', () => {
  it('needs nothing, and root leaves him his database', async () => {
    const dataDir = join(temporaryDirectory(DAEMON), 'data');
    const asDaemon = { uid: DAEMON, gid: DAEMON };
    const first = await hold(dataDir, asDaemon);
    expect(await query(first.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await first.stop();

    const root = await hold(dataDir);
    await root.stop();

    const again = await hold(dataDir, asDaemon);
    expect(await query(again.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await again.stop();
  });
});

describe('after a crash', () => {
  it('kill -9 of the process: the next one takes the running server over', async () => {
    const dataDir = madeDataDirectory();
    const killed = await hold(dataDir);
    await query(killed.url, 'CREATE TABLE kept AS SELECT 1 AS one');
    const server = serverPid(dataDir);
    await killed.kill();

    const next = await hold(dataDir);
    expect(serverPid(dataDir)).toBe(server);
    expect(await query(next.url, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
    await next.stop();
    expect(await isAlive(server)).toBe(false);
  });

  it('kill -9 of process and server: the next one recovers what was committed', async () => {
    const dataDir = madeDataDirectory();
    const killed = await hold(dataDir);
    await query(killed.url, 'CREATE TABLE kept AS SELECT 1 AS one');
    const server = serverPid(dataDir);
    await killed.kill();
    process.kill(server ?? 0, 'SIGKILL');

    const next = await hold(dataDir);
    expect(await query(next.url, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
    expect(serverPid(dataDir)).not.toBe(server);
    await next.stop();
  });

  it('kill -9 of the server alone: its process starts it again at the same address', async () => {
    const dataDir = madeDataDirectory();
    const survivor = await hold(dataDir);
    await query(survivor.url, 'CREATE TABLE kept AS SELECT 1 AS one');
    process.kill(serverPid(dataDir) ?? 0, 'SIGKILL');

    expect(await survivor.told('progress')).toMatch(/is back/);
    expect(await query(survivor.url, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
    await survivor.stop();
    expect(serverPid(dataDir)).toBeUndefined();
  });

  it("lock files whose process number is another process's by now do not stand in the way", async () => {
    const dataDir = madeDataDirectory();
    const killed = await hold(dataDir);
    await killed.kill();
    process.kill(serverPid(dataDir) ?? 0, 'SIGKILL');
    forgeServerPid(dataDir, killed.socketDir);

    const next = await hold(dataDir);
    expect(await query(next.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await next.stop();
  });

  it('children of a killed server are waited for, since they still write', async () => {
    const dataDir = madeDataDirectory();
    const killed = await hold(dataDir);
    const client = new Client(killed.url);
    client.on('error', () => {});
    await client.connect();
    const { rows } = await client.query<{ child: number }>('SELECT pg_backend_pid() AS child');
    // Computes without ever looking whether its server is alive.
    const busy = client.query('SELECT count(*) FROM generate_series(1, 5000000)').catch(() => {});
    await sleep(100);
    await killed.kill();
    process.kill(serverPid(dataDir) ?? 0, 'SIGKILL');
    forgeServerPid(dataDir, killed.socketDir);
    expect(await isAlive(rows[0]?.child)).toBe(true);

    const next = await hold(dataDir);
    expect(await isAlive(rows[0]?.child)).toBe(false);
    await next.stop();
    await busy;
  });

  it('a server whose socket was deleted is ended and replaced', async () => {
    const dataDir = madeDataDirectory();
    const killed = await hold(dataDir);
    const server = serverPid(dataDir);
    await killed.kill();
    rmSync(killed.socketDir, { recursive: true });

    const next = await hold(dataDir);
    expect(await query(next.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await isAlive(server)).toBe(false);
    await next.stop();
  });

  it('Ctrl-C, which reaches the whole process group, leaves the server to us', async () => {
    const dataDir = madeDataDirectory();
    const interrupted = await hold(dataDir, { detached: true });
    const server = serverPid(dataDir);
    process.kill(-interrupted.pid, 'SIGINT');
    await interrupted.exited;
    await sleep(100);
    expect(await isAlive(server)).toBe(true);
    const next = await hold(dataDir);
    expect(serverPid(dataDir)).toBe(server);
    await next.stop();
  });
});

describe('several processes on one DATA_DIR', () => {
  it('share the server, which stops with the last of them', async () => {
    const dataDir = madeDataDirectory();
    const first = await hold(dataDir);
    const second = await hold(dataDir);
    expect(second.url).toBe(first.url);
    const server = serverPid(dataDir);

    await first.stop();
    expect(await isAlive(server)).toBe(true);
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);

    await second.stop();
    expect(await isAlive(server)).toBe(false);
  });

  it('may start and stop at once, the first time too', async () => {
    const dataDir = temporaryDirectory();
    const started = await Promise.all(Array.from({ length: 5 }, () => hold(dataDir)));
    expect(new Set(started.map(({ url }) => url)).size).toBe(1);
    await Promise.all(started.map(({ url }) => query(url, 'SELECT 1')));
    const server = serverPid(dataDir);

    await Promise.all(started.map(({ stop }) => stop()));
    expect(await isAlive(server)).toBe(false);
    expect(readdirSync(dataDir).toSorted()).toEqual(['pg', 'pg.log']);
  });

  it('a copy of a running DATA_DIR does not lead to the original', async () => {
    const original = madeDataDirectory();
    const copy = join(temporaryDirectory(), 'copy');
    const first = await hold(original);
    // Without the sockets, which would lead nowhere; restoring such a copy is PostgreSQL's recovery.
    copyTree(original, copy);
    for (const name of readdirSync(copy).filter((entry) => entry.startsWith('socket-'))) {
      rmSync(join(copy, name), { recursive: true });
    }

    const second = await hold(copy);
    expect(await query(second.url, 'SHOW data_directory')).toEqual([
      { data_directory: join(realpathSync(copy), 'pg') },
    ]);
    await second.stop();
    expect(await query(first.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await first.stop();
  });
});

describe('one clear line', () => {
  const failure = async (dataDir: string): Promise<string> => {
    const attempt = startEmbeddedPostgres({ dataDir, onProgress: () => {} });
    const error: unknown = await attempt.then(
      (postgres) => postgres.stop(),
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(EmbeddedPostgresError);
    return (error as Error).message;
  };

  it('for a DATA_DIR that is a file or lies below one', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    expect(await failure(file)).toMatch(/^DATA_DIR .* is a file.*DATABASE_URL\.$/);
    expect(await failure(join(file, 'data'))).toMatch(/^DATA_DIR .* is a file.*DATABASE_URL\.$/);
  });

  it('for a DATA_DIR that may not be written', async () => {
    const dataDir = temporaryDirectory();
    chmodSync(dataDir, 0o555);
    const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
    if (isRoot && !nobodyReadsTheTree) return;
    const failed = await launch(dataDir, user);
    expect(await failed.told('error')).toMatch(/^uid \d+ may not use .*DATABASE_URL\.$/);
  });

  it('for a database of another major version', async () => {
    const dataDir = temporaryDirectory();
    mkdirSync(join(dataDir, 'pg'));
    writeFileSync(join(dataDir, 'pg/PG_VERSION'), '15\n');
    expect(await failure(dataDir)).toMatch(
      /made by PostgreSQL 15 and this is PostgreSQL 18.*DATABASE_URL/,
    );
  });

  it('for a directory in the way that is no database', async () => {
    const dataDir = temporaryDirectory();
    mkdirSync(join(dataDir, 'pg/something'), { recursive: true });
    expect(await failure(dataDir)).toMatch(
      /directory pg that is no PostgreSQL database.*DATABASE_URL/,
    );
  });

  it('for what only PostgreSQL knows, with its own complaint', async () => {
    const dataDir = madeDataDirectory();
    rmSync(join(dataDir, 'pg/global/pg_control'));
    expect(await failure(dataDir)).toMatch(/could not find the database system.*DATABASE_URL/);
  });

  it('for a platform without a package', async () => {
    const failed = await launch(temporaryDirectory(), { arch: 'mips' });
    expect(await failed.told('error')).toMatch(/@embedded-postgres\/\w+-mips.*DATABASE_URL/);
  });
});

describe('the lock around start and stop', () => {
  const patience = { waitMs: 200 };

  const lockOf = async (pid: number, startedAt: string): Promise<string> =>
    JSON.stringify({ pid, startedAt, namespace: await pidNamespace(), nonce: 'another' });

  it('is taken from a process that is dead, or whose number is another’s now', async () => {
    const path = join(temporaryDirectory(), 'lock');
    const dead = spawnSync('true').pid;
    for (const text of [await lockOf(dead, '1'), await lockOf(process.ppid, 'earlier')]) {
      writeFileSync(path, text);
      expect(await withStartLock(path, async () => 'done', patience)).toBe('done');
      expect(existsSync(path)).toBe(false);
    }
  });

  it('is taken from one that cannot be looked up only when its heartbeat is old', async () => {
    const path = join(temporaryDirectory(), 'lock');
    writeFileSync(path, '');
    await expect(withStartLock(path, async () => {}, patience)).rejects.toThrow(
      /another container/,
    );
    const old = new Date(Date.now() - 11_000);
    utimesSync(path, old, old);
    expect(await withStartLock(path, async () => 'done', patience)).toBe('done');
  });

  it('is waited for while its process lives, for a limited time', async () => {
    const path = join(temporaryDirectory(), 'lock');
    const startedAt = (await findProcess(process.ppid))?.startedAt ?? '';
    writeFileSync(path, await lockOf(process.ppid, startedAt));
    const attempt = withStartLock(path, async () => {}, patience);
    await expect(attempt).rejects.toThrow(EmbeddedPostgresError);
    await expect(attempt).rejects.toThrow(`Process ${process.ppid} has been starting or stopping`);
  });

  it('lets one at a time through, whoever breaks an abandoned one', async () => {
    const path = join(temporaryDirectory(), 'lock');
    writeFileSync(path, await lockOf(process.ppid, 'earlier'));
    let inside = 0;
    const work = async (): Promise<number> => {
      inside += 1;
      const seen = inside;
      await sleep(2);
      inside -= 1;
      return seen;
    };
    const seen = await Promise.all(
      Array.from({ length: 20 }, () => withStartLock(path, work, { waitMs: 10_000 })),
    );
    expect(seen).toEqual(Array.from({ length: 20 }, () => 1));
  });
});

type Kind = 'url' | 'progress' | 'error';

interface Launched {
  readonly pid: number;
  readonly exited: Promise<unknown>;
  /** the first line of this kind that was not asked for yet */
  readonly told: (kind: Kind) => Promise<string>;
  /** has it give up its hold, and waits until it has ended well */
  readonly stop: () => Promise<void>;
  readonly kill: () => Promise<void>;
}

interface LaunchOptions {
  uid?: number;
  gid?: number;
  env?: NodeJS.ProcessEnv;
  detached?: boolean;
  arch?: string;
}

const PROGRAM = `
const [module, dataDir, arch] = process.argv.slice(1);
Object.defineProperty(process, 'arch', { value: arch });
const { startEmbeddedPostgres } = await import(module);
const tell = (kind, text) => process.stdout.write(JSON.stringify({ kind, text }) + '\\n');
try {
  const postgres = await startEmbeddedPostgres({ dataDir, onProgress: (m) => tell('progress', m) });
  tell('url', postgres.url);
  process.stdin.once('data', () => postgres.stop().then(() => process.exit()));
} catch (error) {
  tell('error', error.name === 'EmbeddedPostgresError' ? error.message : error.stack);
}
`;

/** Runs the compiled startEmbeddedPostgres in a process of its own, which holds it until told to stop. */
async function launch(dataDir: string, options: LaunchOptions = {}): Promise<Launched> {
  const { arch = process.arch, env, ...others } = options;
  const module = pathToFileURL(COMPILED).href;
  const args = ['--input-type=module', '-e', PROGRAM, module, dataDir, arch];
  const child = spawn(process.execPath, args, {
    ...others,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  await once(child, 'spawn');
  const launched: Launched = {
    pid: child.pid ?? 0,
    exited,
    told: readLines(child.stdout),
    async stop() {
      child.stdin.write('stop\n');
      await exited;
      expect(child.exitCode).toBe(0);
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
  processes.push(launched);
  return launched;
}

function readLines(stream: Readable): Launched['told'] {
  const lines: { kind: Kind; text: string }[] = [];
  const arrived = new EventEmitter();
  createInterface(stream)
    .on('line', (line) => {
      lines.push(JSON.parse(line) as { kind: Kind; text: string });
      arrived.emit('line');
    })
    .on('close', () => arrived.emit('line', 'closed'));
  return async (kind) => {
    for (;;) {
      const index = lines.findIndex((line) => line.kind === kind);
      if (index >= 0) return lines.splice(index, 1)[0]?.text ?? '';
      const [closed] = (await once(arrived, 'line')) as [string?];
      if (closed) throw new Error(`ended without "${kind}", after ${JSON.stringify(lines)}`);
    }
  };
}

async function hold(
  dataDir: string,
  options?: LaunchOptions,
): Promise<Launched & { url: string; socketDir: string }> {
  const launched = await launch(dataDir, options);
  const url = await launched.told('url');
  return { ...launched, url, socketDir: new URL(url).searchParams.get('host') ?? '' };
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

function serverPid(dataDir: string): number | undefined {
  const file = join(dataDir, 'pg/postmaster.pid');
  return existsSync(file) ? Number.parseInt(readFileSync(file, 'utf8'), 10) : undefined;
}

/** As if the killed server's number had been given to another process, as after a container's restart. */
function forgeServerPid(dataDir: string, socketDir: string): void {
  for (const file of [join(dataDir, 'pg/postmaster.pid'), join(socketDir, '.s.PGSQL.5432.lock')]) {
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace(/^.*/, String(process.ppid)));
  }
}

async function isAlive(pid: number | undefined): Promise<boolean> {
  return pid !== undefined && (await findProcess(pid)) !== undefined;
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

function temporaryDirectory(owner?: number): string {
  const path = mkdtempSync(join(tmpdir(), 'postern-test-'));
  if (owner !== undefined) chownSync(path, owner, owner);
  directories.push(path);
  return path;
}

function madeDataDirectory(): string {
  const path = temporaryDirectory();
  copyTree(made, path);
  return path;
}

/** With the modes of the directories, which `cpSync` of Node 22 and later loses. */
function copyTree(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  execFileSync('cp', ['-a', `${from}/.`, to]);
}

/** Ends the server that a failed test has left in this directory or one below, then deletes it. */
async function remove(directory: string): Promise<void> {
  for (const dataDir of [
    directory,
    ...readdirSync(directory).map((name) => join(directory, name)),
  ]) {
    const pid = serverPid(dataDir);
    const found = pid === undefined ? undefined : await findProcess(pid);
    if (pid !== undefined && found?.command.includes(directory)) process.kill(pid, 'SIGQUIT');
  }
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
}
