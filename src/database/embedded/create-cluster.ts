import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PostgresBinaries } from './binaries.js';
import { type DataDirectory, syncDirectory } from './data-directory.js';
import { runCommand } from './run-command.js';
import { giveTo, type Runner } from './unprivileged.js';

/** The only role. It is reached through a directory that is closed to other users, so it has no password. */
export const DATABASE_USER = 'app';

const OPTIONS = [
  `--username=${DATABASE_USER}`,
  '--auth=trust',
  '--encoding=UTF8',
  // Built in, so that no locale has to be installed and no update of one can spoil an index.
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--no-instructions',
];

/**
 * Makes the database. It is made under another name and renamed when it is complete: what a killed
 * initdb leaves is never taken for a database.
 *
 * @param binaries the PostgreSQL to make it with
 * @param runner the user to make it as
 * @param directory where to make it; there is none yet
 * @throws Error with initdb's own complaint
 */
export async function createCluster(
  binaries: PostgresBinaries,
  runner: Runner,
  directory: DataDirectory,
): Promise<void> {
  await removeUnfinished(directory);
  const unfinished = await mkdtemp(join(directory.root, 'pg.init-'));
  await giveTo(runner, unfinished);
  const command = [...runner.prefix, binaries.initdb, ...OPTIONS, '-D', unfinished];
  const { code, stderr } = await runCommand(command);
  if (code !== 0) {
    await rm(unfinished, { recursive: true, force: true });
    throw new Error(complaintIn(stderr) ?? `initdb ended with ${code ?? 'a signal'}`);
  }
  await rename(unfinished, directory.cluster);
  await syncDirectory(directory.root);
}

async function removeUnfinished(directory: DataDirectory): Promise<void> {
  for (const name of await readdir(directory.root)) {
    if (!name.startsWith('pg.init-')) continue;
    // An initdb whose parent was killed may still be writing there. It disturbs nobody: the next
    // first start takes away what is left.
    await rm(join(directory.root, name), { recursive: true, force: true }).catch(() => {});
  }
}

/**
 * @param text what a PostgreSQL program said
 * @returns its reason for giving up, without time and process number; undefined if it said nothing
 */
export function complaintIn(text: string): string | undefined {
  const reason = /(?:FATAL|PANIC|error):\s+(.*)/i.exec(text)?.[1];
  return reason ?? (text.trim().split('\n', 1)[0] || undefined);
}
