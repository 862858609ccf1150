import { access, constants, mkdir, open, readFile, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';

/** The places below DATA_DIR that the embedded database uses; other files lie beside them. */
export interface DataDirectory {
  readonly root: string;
  /** PostgreSQL's own data directory */
  readonly cluster: string;
  /** what PostgreSQL has to say */
  readonly log: string;
  /** held while the server is started, stopped or made */
  readonly lock: string;
}

/**
 * Makes DATA_DIR (0700) when it is missing and leaves its mode alone when it is not: it is the
 * user's, only what lies below is ours.
 *
 * @param path DATA_DIR, absolute or relative to the working directory
 * @returns its places, with symbolic links resolved, so that two spellings mean the same server
 * @throws the file system's error if it is a file, cannot be made or cannot be written
 */
export async function openDataDirectory(path: string): Promise<DataDirectory> {
  await mkdir(resolve(path), { recursive: true, mode: 0o700 });
  const root = await realpath(resolve(path));
  await access(root, constants.R_OK | constants.W_OK | constants.X_OK);
  return {
    root,
    cluster: join(root, 'pg'),
    log: join(root, 'pg.log'),
    lock: join(root, 'pg.lock'),
  };
}

/**
 * Tells whether the database has been made, and refuses one that these binaries cannot read.
 *
 * @param directory where to look
 * @param major the major version of the PostgreSQL that is about to be started, such as '18'
 * @returns false if there is none yet
 * @throws EmbeddedPostgresError if it is of another major version
 */
export async function hasCluster(directory: DataDirectory, major: string): Promise<boolean> {
  const found = await readIfPresent(join(directory.cluster, 'PG_VERSION'));
  if (found === undefined) return false;
  if (found.trim() === major) return true;
  throw new EmbeddedPostgresError(
    `${directory.cluster} was made by PostgreSQL ${found.trim()} and this is PostgreSQL ${major}, which cannot read it: move it away to begin anew, or set DATABASE_URL to a PostgreSQL ${found.trim()} that serves it.`,
  );
}

/**
 * Reads a small text file that may not be there.
 *
 * @returns its text, or undefined if there is no such file
 * @throws the file system's error for every other failure
 */
export async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Makes a rename in this directory survive a power cut; without it the database could be back under its old name. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
