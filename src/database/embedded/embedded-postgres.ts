import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { findBinaries, type PostgresBinaries } from './binaries.js';
import { createCluster } from './create-cluster.js';
import { type DataDirectory, hasCluster, openDataDirectory } from './data-directory.js';
import { EmbeddedPostgresError, explain } from './embedded-postgres-error.js';
import { connectHolder, type Holder, socketUrl } from './holder.js';
import { isRunning, type Postmaster, readPostmaster, retireLockFiles } from './postmaster-pid.js';
import { prepareSocketDirectory, ServerDidNotStart, startServer, stopServer } from './server.js';
import { withStartLock } from './start-lock.js';
import { chooseRunner } from './unprivileged.js';

export { EmbeddedPostgresError } from './embedded-postgres-error.js';

/** A PostgreSQL that was started, or found running, for this process. */
export interface EmbeddedPostgres {
  /** postgres:// URL of the running server (socket in host=) */
  readonly url: string;
  /** Gives up this process's hold; stops the server if no other process holds it. Idempotent. */
  stop(): Promise<void>;
}

/** What startEmbeddedPostgres needs to know. */
export interface EmbeddedPostgresOptions {
  /** made if missing; relative paths are below the working directory */
  readonly dataDir: string;
  /** told what takes a while, one line each: making the database, waiting for another process */
  onProgress(message: string): void;
}

interface Site {
  readonly binaries: PostgresBinaries;
  readonly directory: DataDirectory;
  readonly onProgress: (message: string) => void;
}

interface Hold {
  readonly holder: Holder;
  readonly postmaster: Postmaster;
}

const LOCK_WAIT_MS = 90_000;
/** Of a server that is there and does not answer yet: recovering, or stopping for somebody else. */
const ANSWER_MS = 60_000;
const POLL_MS = 20;
const PASSING_MS = 250;
const RETRY_MS = 1_000;
const REGAIN_ATTEMPTS = 60;

/**
 * Gives this process a PostgreSQL of its own below DATA_DIR: made at the first start, adopted if it
 * is running already (for another process, or since a killed one), recovered if it was killed.
 *
 * @param options where its files lie and who is told about progress
 * @returns the server's address and the way to give it up again
 * @throws EmbeddedPostgresError always, with one line that names the remedy
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  try {
    const site = {
      binaries: await findBinaries(),
      directory: await openDataDirectory(options.dataDir),
      onProgress: (message: string) => options.onProgress(message),
    };
    return new HeldPostgres(site, await locked(site, () => obtain(site, 'make it if missing')));
  } catch (error) {
    throw explain(error, options.dataDir);
  }
}

function locked<T>(site: Site, work: () => Promise<T>): Promise<T> {
  return withStartLock(site.directory.lock, work, {
    waitMs: LOCK_WAIT_MS,
    onWait: (pid) =>
      site.onProgress(`Waiting for process ${pid ?? '?'}, which starts or stops the same database`),
  });
}

/** Finds or starts the server, with the lock held. */
async function obtain(
  site: Site,
  missing: 'make it if missing' | 'give up if missing',
): Promise<Hold> {
  const made = await hasCluster(site.directory, site.binaries.major);
  if (!made && missing === 'give up if missing') {
    throw new EmbeddedPostgresError(`${site.directory.cluster} is gone: start again.`);
  }
  const deadline = Date.now() + ANSWER_MS;
  for (;;) {
    const running = await adopt(site, deadline);
    if (running) return running;
    try {
      return await startAnew(site);
    } catch (error) {
      if (!mayPass(error) || Date.now() > deadline) throw error;
      await sleep(PASSING_MS);
    }
  }
}

/**
 * A start that a process killed a moment ago has begun is met by the next look, and children of a
 * killed server end by themselves; until then PostgreSQL refuses, since they still write.
 */
function mayPass(error: unknown): boolean {
  const reason = error instanceof ServerDidNotStart ? error.message : '';
  return /lock file ".*" already exists|shared memory block .* still in use/.test(reason);
}

/**
 * Joins the server that is running. Whether one is, only a connection tells: its files stay when it
 * is killed, and its process number may be another's by now.
 */
async function adopt(site: Site, deadline: number): Promise<Hold | undefined> {
  for (;;) {
    const postmaster = await readPostmaster(site.directory);
    if (!postmaster) return undefined;
    const { holder, failure } = await connect(postmaster);
    if (holder) return { holder, postmaster };
    if (!(await isRunning(site.directory, postmaster))) {
      await retireLockFiles(site.directory, postmaster);
      return undefined;
    }
    if (Date.now() > deadline) throw noAnswer(postmaster, failure);
    if (isUnreachable(postmaster, failure)) await stopServer(site.directory, postmaster);
    await sleep(POLL_MS);
  }
}

type Answer = { holder: Holder; failure?: never } | { holder?: never; failure: Error };

async function connect({ socketDir }: Postmaster): Promise<Answer> {
  if (socketDir === undefined) return { failure: new Error('it has no socket') };
  return connectHolder(socketDir).then(
    (holder) => ({ holder }),
    (failure: Error) => ({ failure }),
  );
}

/** Its socket was deleted: nobody can reach it again, so it is of no use to any process. */
function isUnreachable({ socketDir, status }: Postmaster, failure: NodeJS.ErrnoException): boolean {
  return status === 'ready' && (socketDir === undefined || failure.code === 'ENOENT');
}

async function startAnew(site: Site): Promise<Hold> {
  const { binaries, directory } = site;
  const socketDir = await prepareSocketDirectory(directory, await readPostmaster(directory));
  const runner = await chooseRunner(binaries, directory, socketDir);
  if (!(await hasCluster(directory, binaries.major))) {
    site.onProgress(`Making the embedded database in ${directory.root}, once`);
    await createCluster(binaries, runner, directory);
  }
  const postmaster = await startServer(binaries, runner, directory, socketDir);
  const { holder, failure } = await connect(postmaster);
  if (!holder) throw failure;
  return { holder, postmaster };
}

function noAnswer(postmaster: Postmaster, cause: Error): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `The embedded PostgreSQL (process ${postmaster.pid}) runs and does not answer (${cause.message}): end it with kill -INT ${postmaster.pid} and start again, or set DATABASE_URL.`,
    { cause },
  );
}

class HeldPostgres implements EmbeddedPostgres {
  readonly url: string;
  private readonly stopping = new AbortController();
  private stopped: Promise<void> | undefined;
  private regained: Promise<void> | undefined;

  constructor(
    private readonly site: Site,
    private hold: Hold,
  ) {
    this.url = socketUrl(hold.postmaster.socketDir ?? '');
    void this.watch();
  }

  stop(): Promise<void> {
    this.stopped ??= this.giveUp();
    return this.stopped;
  }

  /**
   * The connection is lost when PostgreSQL restarts after a crash of one of its processes, or is
   * killed. Another process would then count one holder too few, so the hold is taken again; a
   * server that is gone is started again, at the same address.
   */
  private async watch(): Promise<void> {
    await this.hold.holder.ended;
    if (!this.stopping.signal.aborted) this.regained = this.regain();
  }

  private async regain(): Promise<void> {
    const { signal } = this.stopping;
    for (let attempt = 0; attempt < REGAIN_ATTEMPTS && !signal.aborted; attempt += 1) {
      try {
        this.hold = await locked(this.site, () => obtain(this.site, 'give up if missing'));
        void this.watch();
        this.site.onProgress(this.welcome());
        return;
      } catch {
        await sleep(RETRY_MS, undefined, { ref: false, signal }).catch(() => {});
      }
    }
  }

  /** The address is another only when DATA_DIR was deleted or moved, and made anew by someone else. */
  private welcome(): string {
    return socketUrl(this.hold.postmaster.socketDir ?? '') === this.url
      ? 'The embedded database was gone and is back'
      : 'The embedded database has another address now: start this process again';
  }

  private async giveUp(): Promise<void> {
    this.stopping.abort();
    await this.regained;
    const { directory } = this.site;
    try {
      // With DATA_DIR deleted there is nobody to agree with, and nothing left to serve.
      await (existsSync(directory.root) ? locked(this.site, () => this.letGo()) : this.letGo());
    } catch (error) {
      throw explain(error, directory.root);
    }
  }

  private async letGo(): Promise<void> {
    const { directory } = this.site;
    const { holder, postmaster } = this.hold;
    const others = existsSync(directory.root) ? await holder.countOthers().catch(() => 0) : 0;
    await holder.close();
    if (others === 0) await stopServer(directory, (await readPostmaster(directory)) ?? postmaster);
  }
}
