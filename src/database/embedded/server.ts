import { spawn } from 'node:child_process';
import { mkdtemp, open, readdir, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresBinaries } from './binaries.js';
import { complaintIn } from './create-cluster.js';
import type { DataDirectory } from './data-directory.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { isRunning, PORT, type Postmaster, readPostmaster } from './postmaster-pid.js';
import { postgresEnvironment } from './run-command.js';
import type { Runner } from './unprivileged.js';

/** Recovery after a crash can take long; what needs more goes on by itself and is met by the next start. */
const START_MS = 60_000;
const STOP_MS = 60_000;
const POLL_MS = 10;

/** sockaddr_un has 108 bytes on Linux and 104 on macOS, with the closing zero. */
const SOCKET_PATH_BYTES = process.platform === 'linux' ? 107 : 103;
const LOG_LIMIT_BYTES = 10 * 1024 * 1024;

/** The server gave up before it was ready. */
export class ServerDidNotStart extends Error {}

/**
 * Finds the directory for the socket: that of the server before, if it was killed, so that pools
 * which still know its address find the new one; else a new one. It has a new name each time, as
 * a server whose DATA_DIR was deleted under it takes its old path away when it notices.
 *
 * @param directory where to make it, if the path is not too long for a socket: then in the
 *   system's directory for temporary files
 * @param before the server that was killed
 * @returns its path; only its owner may enter it
 */
export async function prepareSocketDirectory(
  directory: DataDirectory,
  before: Postmaster | undefined,
): Promise<string> {
  if (before?.socketDir !== undefined) return before.socketDir;
  await removeOldSocketDirectories(directory);
  const prefix = join(directory.root, 'socket-');
  const length = Buffer.byteLength(`${prefix}XXXXXX/.s.PGSQL.${PORT}`);
  return mkdtemp(length > SOCKET_PATH_BYTES ? join(tmpdir(), 'postern-') : prefix);
}

async function removeOldSocketDirectories(directory: DataDirectory): Promise<void> {
  const names = await readdir(directory.root);
  const old = names.filter((name) => name.startsWith('socket-'));
  await Promise.all(old.map((name) => rmdir(join(directory.root, name)).catch(() => {})));
}

/**
 * Starts the server and waits until it is ready. It gets a session of its own: Ctrl-C reaches the
 * whole foreground group, and the server has to outlive the requests that are still being answered.
 *
 * It is started directly and not by pg_ctl, which polls every 100 ms and sends the options through
 * a shell, where a quote in DATA_DIR would do harm.
 *
 * @returns the server, ready for connections
 * @throws ServerDidNotStart with the server's own complaint; EmbeddedPostgresError if it takes too long
 */
export async function startServer(
  binaries: PostgresBinaries,
  runner: Runner,
  directory: DataDirectory,
  socketDir: string,
): Promise<Postmaster> {
  const log = await openLog(directory);
  try {
    const logged = (await log.stat()).size;
    const command = [...runner.prefix, ...postgresCommand(binaries, directory, socketDir)];
    const child = spawnDetached(command, log.fd);
    const deadline = Date.now() + START_MS;
    for (;;) {
      const postmaster = await readPostmaster(directory);
      // Compared with the child's number: a killed server's file may say ready as well.
      if (postmaster?.pid === child.pid && postmaster?.status === 'ready') return postmaster;
      const { ended } = child;
      if (ended !== undefined) throw new ServerDidNotStart(await reason(directory, logged, ended));
      if (Date.now() > deadline) throw tooSlow(directory, 'starting', START_MS);
      await sleep(POLL_MS);
    }
  } finally {
    await log.close();
  }
}

function postgresCommand(
  binaries: PostgresBinaries,
  directory: DataDirectory,
  socketDir: string,
): string[] {
  return [
    ...[binaries.postgres, '-D', directory.cluster, '-p', String(PORT)],
    ...['-c', 'listen_addresses='],
    // A list of directories, hence quoted: a comma in DATA_DIR does not make it two.
    ...['-c', `unix_socket_directories="${socketDir.replaceAll('"', '""')}"`],
    ...['-c', 'unix_socket_permissions=0700'],
  ];
}

/** @returns the process, with what became of it once it has ended */
function spawnDetached(command: string[], logFd: number): { pid?: number; ended?: string } {
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    cwd: '/',
    env: postgresEnvironment(),
    detached: true,
    stdio: ['ignore', logFd, logFd],
  });
  child.unref();
  const state: { pid?: number; ended?: string } = { pid: child.pid };
  child.once('error', (error) => (state.ended = error.message));
  child.once('exit', (code, signal) => (state.ended = `it ended with ${code ?? signal}`));
  return state;
}

async function openLog(directory: DataDirectory): ReturnType<typeof open> {
  const log = await open(directory.log, 'a', 0o600);
  if ((await log.stat()).size > LOG_LIMIT_BYTES) await log.truncate();
  return log;
}

async function reason(directory: DataDirectory, from: number, otherwise: string): Promise<string> {
  const log = await open(directory.log, 'r');
  try {
    const { buffer, bytesRead } = await log.read(Buffer.alloc(16_384), 0, 16_384, from);
    return complaintIn(buffer.toString('utf8', 0, bytesRead)) ?? otherwise;
  } finally {
    await log.close();
  }
}

/**
 * Stops the server in the way PostgreSQL calls fast: connections are cut, what is committed is kept.
 *
 * @param directory the one it serves
 * @param postmaster the server; if it is not running, nothing is done
 * @throws EmbeddedPostgresError if it is still there after a minute
 */
export async function stopServer(directory: DataDirectory, postmaster: Postmaster): Promise<void> {
  if (!(await isRunning(directory, postmaster))) return;
  try {
    process.kill(postmaster.pid, 'SIGINT');
  } catch (error) {
    // Ended since the look a moment ago, by itself or by another.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  const deadline = Date.now() + STOP_MS;
  while (await isRunning(directory, postmaster)) {
    if (Date.now() > deadline) throw tooSlow(directory, 'stopping', STOP_MS);
    await sleep(POLL_MS);
  }
  if (postmaster.socketDir !== undefined) await rmdir(postmaster.socketDir).catch(() => {});
}

function tooSlow(directory: DataDirectory, doing: string, afterMs: number): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `The embedded PostgreSQL is still ${doing} after ${afterMs / 1000} s: ${directory.log} tells what it does; wait for it and start again, or set DATABASE_URL.`,
  );
}
