import { lchown, lstat, readdir } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { PostgresBinaries } from './binaries.js';
import type { DataDirectory } from './data-directory.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { runCommand } from './run-command.js';

/** A way to run PostgreSQL as somebody who is not root, which it insists on. */
export interface Runner {
  /** put before every command */
  readonly prefix: readonly string[];
  /** whose files they must be; undefined if they can stay as they are made */
  readonly owner?: { uid: number; gid: number };
}

/** nobody: has no rights of its own, and is in every passwd file, where initdb looks its user up */
const NOBODY = 65534;

/**
 * Chooses how to run PostgreSQL: as an ordinary user directly; as root by the first way that works
 * here, tried by running it. Which one it was is not written down, the owner of the files tells.
 *
 * @param binaries what is to be run
 * @param directory where it has to work
 * @param scratch an empty directory in which it must be able to write; handed over with the choice
 * @returns the runner, after the scratch directory and an existing cluster were given to its owner
 * @throws EmbeddedPostgresError if PostgreSQL cannot be run here
 */
export async function chooseRunner(
  binaries: PostgresBinaries,
  directory: DataDirectory,
  scratch: string,
): Promise<Runner> {
  let complaint = '';
  for (const runner of await candidates(directory)) {
    const failure = await probe(runner, binaries, scratch).catch((error: Error) => error.message);
    if (failure === undefined) {
      await giveTo(runner, directory.cluster);
      return runner;
    }
    complaint = failure;
  }
  throw cannotRun(complaint);
}

/** @returns the complaint of what does not work, or undefined if PostgreSQL runs and can write */
async function probe(
  runner: Runner,
  binaries: PostgresBinaries,
  scratch: string,
): Promise<string | undefined> {
  await giveTo(runner, scratch);
  const script = 'test -w "$1" && exec "$2" --version';
  const command = ['/bin/sh', '-c', script, 'sh', scratch, binaries.postgres];
  const { code, stderr } = await runCommand([...runner.prefix, ...command]);
  return code === 0 ? undefined : stderr.trim() || 'it may not write there';
}

/**
 * Gives a file or directory and all that is in it to the user PostgreSQL runs as.
 *
 * @param runner whose owner it is; without one nothing is done
 * @param path what to give away; that it is missing is no error
 */
export async function giveTo(runner: Runner, path: string): Promise<void> {
  const { owner } = runner;
  if (!owner) return;
  const entry = await lstat(path).catch(() => undefined);
  if (!entry) return;
  if (entry.uid !== owner.uid) await lchown(path, owner.uid, owner.gid);
  if (!entry.isDirectory()) return;
  for (const name of await readdir(path)) await giveTo(runner, join(path, name));
}

async function candidates(directory: DataDirectory): Promise<Runner[]> {
  if (process.getuid?.() !== 0) return [ordinaryUser()];
  const cluster = await lstat(directory.cluster).catch(() => undefined);
  // An ordinary user's database stays his, so that he can start it again without root.
  if (cluster && cluster.uid !== 0) return changedUser(cluster.uid, cluster.gid);
  return [{ prefix: nobodyInside() }, ...changedUser(NOBODY, NOBODY)];
}

function ordinaryUser(): Runner {
  try {
    userInfo();
    return { prefix: [] };
  } catch {
    // A container's arbitrary uid without a passwd entry: initdb refuses, unless it sees nobody.
    return { prefix: nobodyInside() };
  }
}

/** A user namespace in which we are nobody: outside it the files are still ours, and nothing is chowned. */
function nobodyInside(): string[] {
  return ['unshare', '--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, '--'];
}

/**
 * A real change of user, for where user namespaces are refused. One capability is kept, to pass
 * through directories of root's such as its home; a container may have only the wider of the two.
 * initdb asks access(), which forgets capabilities at the change unless no_setuid_fixup is set.
 */
function changedUser(uid: number, gid: number): Runner[] {
  return ['dac_read_search', 'dac_override'].map((capability) => ({
    prefix: [
      'setpriv',
      `--reuid=${uid}`,
      `--regid=${gid}`,
      '--clear-groups',
      '--securebits=+no_setuid_fixup',
      `--inh-caps=-all,+${capability}`,
      `--ambient-caps=-all,+${capability}`,
      '--',
    ],
    owner: { uid, gid },
  }));
}

function cannotRun(complaint: string): EmbeddedPostgresError {
  const detail = complaint.split('\n', 1)[0] ?? '';
  if (process.platform === 'linux' && !runsOnGlibc()) {
    return new EmbeddedPostgresError(
      'The embedded PostgreSQL needs a Linux with glibc, and this one has another C library (Alpine?): set DATABASE_URL to use a server of your own.',
    );
  }
  if (/shared librar|Library not loaded/.test(complaint)) {
    return new EmbeddedPostgresError(
      `The embedded PostgreSQL finds no libraries (${detail}): run npm rebuild in a writable tree, or set DATABASE_URL to use a server of your own.`,
    );
  }
  const who = process.getuid?.() === 0 ? 'PostgreSQL refuses to run as root, and here it' : 'It';
  return new EmbeddedPostgresError(
    `The embedded PostgreSQL cannot be run. ${who} could not be started otherwise (${detail}): start as an ordinary user, or set DATABASE_URL.`,
  );
}

function runsOnGlibc(): boolean {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime !== undefined;
}
