import { randomBytes } from 'node:crypto';
import { open, rm, stat, utimes } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { readIfPresent } from './data-directory.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { findProcess, pidNamespace } from './process-identity.js';

interface LockOwner {
  readonly pid: number;
  readonly startedAt: string;
  readonly namespace: string;
  /** tells two holds of one process apart */
  readonly nonce: string;
}

const HEARTBEAT_MS = 2_000;
const SILENCE_MS = 10_000;
const POLL_MS = 20;

/** How long a caller waits, and what it is told meanwhile. */
export interface LockPatience {
  readonly waitMs: number;
  /** called once, when the lock has been held by another for a second */
  onWait?(pid: number | undefined): void;
}

/**
 * Runs a piece of work while no other process does the same under this path. The lock is a file,
 * since Node has no flock; a process that died with it is recognised and its file taken away.
 *
 * @param path the lock file; its directory exists
 * @param work what to do; the lock is given back when it ends, well or not
 * @param patience how long to wait for a living holder, in milliseconds
 * @returns what the work gives
 * @throws EmbeddedPostgresError if the time is over, else whatever the work throws
 */
export async function withStartLock<T>(
  path: string,
  work: () => Promise<T>,
  patience: LockPatience,
): Promise<T> {
  const mine = await describeMyself();
  await acquire(path, mine, patience);
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    // Compared first: if someone took it for abandoned, the file is another's now.
    if ((await readIfPresent(path)) === mine) await rm(path, { force: true });
  }
}

async function describeMyself(): Promise<string> {
  const owner: LockOwner = {
    pid: process.pid,
    startedAt: (await findProcess(process.pid))?.startedAt ?? '',
    namespace: await pidNamespace(),
    nonce: randomBytes(8).toString('hex'),
  };
  return JSON.stringify(owner);
}

async function acquire(path: string, mine: string, patience: LockPatience): Promise<void> {
  const begin = Date.now();
  let told = false;
  while (!(await claim(path, mine))) {
    const holder = await readIfPresent(path);
    if (holder === undefined) continue;
    if (await isAbandoned(path, holder)) {
      await takeAway(path);
      continue;
    }
    const waitedMs = Date.now() - begin;
    const pid = parseOwner(holder)?.pid;
    if (waitedMs > patience.waitMs) throw stillHeld(path, pid, waitedMs);
    if (waitedMs > 1_000 && !told) {
      told = true;
      patience.onWait?.(pid);
    }
    await sleep(POLL_MS + Math.random() * POLL_MS);
  }
}

async function claim(path: string, mine: string): Promise<boolean> {
  const file = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return undefined;
    throw error;
  });
  if (!file) return false;
  try {
    await file.writeFile(mine);
    return true;
  } catch (error) {
    // A full disk makes files and cannot fill them.
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/**
 * A holder in the same namespace is judged by its process. One that cannot be looked up (another
 * container, or a file whose text is not written yet) is judged by its heartbeat.
 */
async function isAbandoned(path: string, text: string): Promise<boolean> {
  const owner = parseOwner(text);
  if (owner?.namespace === (await pidNamespace())) {
    return (await findProcess(owner.pid))?.startedAt !== owner.startedAt;
  }
  return isSilent(path);
}

async function isSilent(path: string): Promise<boolean> {
  const beat = await stat(path).catch(() => undefined);
  return beat !== undefined && Date.now() - beat.mtimeMs > SILENCE_MS;
}

/**
 * Deletes an abandoned lock. Of several who found it abandoned, the second would delete what the
 * first has put in its place; so it is judged again and deleted under a second lock, which is held
 * for a millisecond and ages when its holder dies in that.
 */
async function takeAway(path: string): Promise<void> {
  const breaking = `${path}.break`;
  if (!(await claim(breaking, ''))) {
    if (await isSilent(breaking)) await rm(breaking, { force: true });
    await sleep(POLL_MS);
    return;
  }
  try {
    const text = await readIfPresent(path);
    if (text !== undefined && (await isAbandoned(path, text))) await rm(path, { force: true });
  } finally {
    await rm(breaking, { force: true });
  }
}

function parseOwner(text: string): LockOwner | undefined {
  try {
    return JSON.parse(text) as LockOwner;
  } catch {
    return undefined;
  }
}

function stillHeld(path: string, pid: number | undefined, waitedMs: number): EmbeddedPostgresError {
  const seconds = Math.round(waitedMs / 1000);
  return new EmbeddedPostgresError(
    `Process ${pid ?? 'of another container'} has been starting or stopping the embedded database for ${seconds} s (${path}): wait for it or end it, then start again, or set DATABASE_URL.`,
  );
}
