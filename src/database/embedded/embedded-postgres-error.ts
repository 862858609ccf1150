/** The embedded database cannot be had. The message is one line that names the remedy; the cause, where known, travels along. */
export class EmbeddedPostgresError extends Error {
  override name = 'EmbeddedPostgresError';
}

const FULL = /ENOSPC|EDQUOT|No space left on device|Disk quota exceeded/;

/**
 * Turns whatever went wrong into the one line that is shown at the start.
 *
 * @param error anything thrown while the database was made or started
 * @param dataDir the directory that the line speaks of
 * @returns the same error if it is an EmbeddedPostgresError already, else one that carries it as its cause
 */
export function explain(error: unknown, dataDir: string): EmbeddedPostgresError {
  if (error instanceof EmbeddedPostgresError) return error;
  return new EmbeddedPostgresError(line(error, dataDir), { cause: error });
}

function line(error: unknown, dataDir: string): string {
  // Not asked by instanceof: in Jest the system's errors are of another Error than this file's.
  const { code, message = String(error), path } = Object(error) as Partial<NodeJS.ErrnoException>;
  const text = `${code ?? ''} ${message}`;
  if (FULL.test(text)) {
    return `No space is left for the embedded database in ${dataDir}: free some, name a directory on another disk in DATA_DIR, or set DATABASE_URL.`;
  }
  if (code === 'ENOTDIR' || code === 'EEXIST') {
    return `DATA_DIR ${dataDir} is a file or lies below one: name a directory in DATA_DIR, or set DATABASE_URL.`;
  }
  if (code === 'ENOTEMPTY') {
    return `${dataDir} has a directory pg that is no PostgreSQL database: move it away, name another directory in DATA_DIR, or set DATABASE_URL.`;
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    const uid = process.getuid?.() ?? 'unknown';
    return `uid ${uid} may not use ${path ?? dataDir} (${code}): give it to this user, name another directory in DATA_DIR, or set DATABASE_URL.`;
  }
  return `The embedded PostgreSQL in ${dataDir} failed (${firstLine(message)}): look into its pg.log, or set DATABASE_URL to use a server of your own.`;
}

function firstLine(message: string): string {
  return message.trim().split('\n', 1)[0] ?? '';
}
