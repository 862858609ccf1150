import { chown, lstat, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type DataDirectory, readIfPresent } from './data-directory.js';
import { findProcess } from './process-identity.js';

/** What a running or killed server has left in postmaster.pid. */
export interface Postmaster {
  readonly pid: number;
  /** where it can be reached, as a path of ours; undefined if there is no such directory, or no private one */
  readonly socketDir: string | undefined;
  readonly status: 'starting' | 'ready' | 'stopping' | 'unknown';
}

/** Socket and port are in one file name; there is never more than one server in a socket directory. */
export const PORT = 5432;

/** More than any system gives out, so that a look for it always finds nothing. */
const NOBODYS_PID = 2_147_483_646;

/**
 * Reads postmaster.pid: line 1 has the process number, 2 the data directory, 5 the socket
 * directory, 8 the status.
 *
 * @returns undefined if there is no such file, hence no server
 */
export async function readPostmaster(directory: DataDirectory): Promise<Postmaster | undefined> {
  const text = await readIfPresent(pidFile(directory));
  if (text === undefined) return undefined;
  const lines = text.split('\n').map((line) => line.trim());
  const status = lines[7] ?? '';
  return {
    pid: Number.parseInt(lines[0] ?? '', 10) || NOBODYS_PID,
    socketDir: await privateDirectory(
      directory,
      socketDirectory(directory, lines[1] ?? '', lines[4] ?? ''),
    ),
    status:
      status === 'starting' || status === 'ready' || status === 'stopping' ? status : 'unknown',
  };
}

/**
 * A socket directory beside the data directory is looked for beside ours, whatever the whole path
 * was: in a copy of a running DATA_DIR it then leads to the copy and not to the original, and in a
 * directory mounted elsewhere still to the server.
 */
function socketDirectory(
  directory: DataDirectory,
  cluster: string,
  socketDir: string,
): string | undefined {
  if (socketDir === '') return undefined;
  if (dirname(socketDir) === dirname(cluster)) return join(directory.root, basename(socketDir));
  return cluster === directory.cluster ? socketDir : undefined;
}

/**
 * One in the system's directory for temporary files may have been cleaned away, and anybody could
 * have put his own there, with a server that listens to ours.
 */
async function privateDirectory(
  directory: DataDirectory,
  path: string | undefined,
): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const [entry, cluster] = await Promise.all([
    lstat(path).catch(() => undefined),
    lstat(directory.cluster),
  ]);
  const isPrivate = entry?.isDirectory() && (entry.mode & 0o077) === 0 && entry.uid === cluster.uid;
  return isPrivate ? path : undefined;
}

/** @returns whether this server is running: its process is there and serves this directory */
export async function isRunning(directory: DataDirectory, { pid }: Postmaster): Promise<boolean> {
  const found = await findProcess(pid);
  return found !== undefined && found.command.includes(`postgres -D ${directory.cluster}`);
}

/**
 * Clears what a killed server left, after it was found not running, so that the next one starts:
 * PostgreSQL refuses if the number in its lock files is now another process's or a zombie's.
 *
 * postmaster.pid itself is kept, with a number that is nobody's. It names the shared memory by
 * which PostgreSQL sees that children of the killed server are still writing, and two servers on
 * the same files would destroy them; PostgreSQL's manual warns against deleting it.
 */
export async function retireLockFiles(directory: DataDirectory, dead: Postmaster): Promise<void> {
  if (dead.socketDir !== undefined) {
    await rm(join(dead.socketDir, `.s.PGSQL.${PORT}.lock`), { force: true });
    await rm(join(dead.socketDir, `.s.PGSQL.${PORT}`), { force: true });
  }
  const path = pidFile(directory);
  const text = await readIfPresent(path);
  if (text === undefined) return;
  // Emptied by a power cut: nothing of that time runs, and PostgreSQL would refuse the empty file.
  if (text.trim() === '') return rm(path, { force: true });
  const { uid, gid } = await stat(path);
  await writeFile(`${path}.new`, text.replace(/^.*/, String(NOBODYS_PID)), { mode: 0o600 });
  await chown(`${path}.new`, uid, gid);
  await rename(`${path}.new`, path);
}

function pidFile(directory: DataDirectory): string {
  return join(directory.cluster, 'postmaster.pid');
}
