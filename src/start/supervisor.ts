import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import { openDatabase, type OpenDatabase } from '../database/open-database.js';
import { QUIET_WITHIN_MS } from './connections.js';
import { answerMetricsOfAll } from '../operations/metrics-of-all.js';
import { FailedWorkerError } from './failed-worker-error.js';
import { foundSettings } from './found-settings.js';
import { nextPauseMs } from './restart-pause.js';
import type { Running } from './endings.js';
import { handOnUntakenConnection } from './untaken-connection.js';
import { startOrder, type Order, type Report } from './worker-orders.js';

/** What a worker may need beyond its grace, to close its pool and to write what it has gathered. */
const CLOSING_MS = 5000;
const COUNTED_WITHIN_MS = 200;

/**
 * Serves by several processes (`WORKERS`), of which this one serves nothing: it holds the database
 * and keeps the workers running. The first of them starts alone, so that the first admin is made
 * once and a wrong setting is told once.
 *
 * @throws what `failureLines` can tell; nothing is left running then
 */
export async function supervise(settings: Settings, logger: Logger): Promise<Running> {
  const database = await openDatabase(settings, (message) => logger.info(message));
  try {
    const supervisor = new Supervisor(await foundSettings(database), database, logger);
    answerMetricsOfAll();
    await supervisor.start();
    return supervisor;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** A worker from its birth to its end. */
interface Life {
  /** Told when it listens. */
  readonly ready: Promise<unknown>;
  readonly ended: Promise<End>;
}

interface End {
  readonly worker_pid: number | undefined;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** In its own words, where it could not start. */
  readonly reason?: string;
  readonly livedMs: number;
}

class Supervisor implements Running {
  private readonly stopping = new AbortController();
  private readonly living = new Set<Worker>();
  private readonly listening = new Set<Worker>();
  private kept: readonly Promise<void>[] = [];

  constructor(
    private readonly settings: Settings,
    private readonly database: OpenDatabase,
    private readonly logger: Logger,
  ) {}

  /** @throws FailedWorkerError where the first one ends before it is ready */
  async start(): Promise<void> {
    const first = this.fork(true);
    const failed = first.ended.then(({ reason, code, signal }) => {
      throw new FailedWorkerError(reason ?? `The first worker ended with ${signal ?? code}.`);
    });
    await Promise.race([first.ready, failed]);
    failed.catch(() => undefined);
    const others = Array.from({ length: this.settings.workers - 1 }, () => this.fork(false));
    this.kept = [first, ...others].map((life) => this.keep(life));
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    for (const worker of this.living) this.tell(worker, { order: 'drain' });
    await delay(this.settings.shutdownDrainMs);
    await this.quietMoment();
    for (const worker of this.living) {
      this.tell(worker, { order: 'stop' });
      // It closes the listener here, and at once: what was accepted before has been handed over.
      worker.disconnect();
    }
    const late = setTimeout(() => this.kill(), this.settings.shutdownGraceMs + CLOSING_MS);
    await Promise.all(this.kept);
    clearTimeout(late);
    await this.database.close();
  }

  kill(): void {
    for (const worker of this.living) worker.process.kill('SIGKILL');
  }

  /** Puts another worker in the place of one that has ended, until the stop. */
  private async keep(life: Life): Promise<void> {
    const { signal } = this.stopping;
    let present = life;
    for (let pauseMs = 0; ;) {
      const { livedMs, ...end } = await present.ended;
      if (signal.aborted) return;
      pauseMs = nextPauseMs(pauseMs, livedMs);
      this.logger.warn({ ...end, pause_ms: pauseMs }, 'a worker has ended; another follows');
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      present = this.fork(false);
    }
  }

  private fork(first: boolean): Life {
    const worker = cluster.fork();
    handOnUntakenConnection(worker.process, () => this.othersListen(worker));
    this.living.add(worker);
    const { settings, database } = this;
    const order = startOrder({ settings, embedded: database.embedded, first });
    worker.on('message', ({ report }: Partial<Report>) => {
      if (report === 'waiting') this.tell(worker, order);
    });
    const ready = this.untilListening(worker);
    // That it will never be, its end tells.
    ready.catch(() => undefined);
    return { ready, ended: this.endOf(worker) };
  }

  private async untilListening(worker: Worker): Promise<void> {
    await once(worker, 'listening');
    this.listening.add(worker);
    this.logger.info({ worker_pid: worker.process.pid }, 'a worker is ready');
  }

  /** At a stop each closes its listener, and none is handed any more. */
  private othersListen(worker: Worker): boolean {
    if (this.stopping.signal.aborted) return false;
    return [...this.listening].some((other) => other !== worker && other.isConnected());
  }

  private async endOf(worker: Worker): Promise<End> {
    const bornAt = performance.now();
    let reason: string | undefined;
    worker.on('message', (said: Report) => {
      if (said.report === 'failed') ({ reason } = said);
    });
    // Where it can't be born or be talked to, it is of no use.
    worker.on('error', () => worker.process.kill('SIGKILL'));
    await new Promise((resolve) => worker.process.once('close', resolve));
    this.living.delete(worker);
    this.listening.delete(worker);
    const { pid, exitCode, signalCode } = worker.process;
    return {
      worker_pid: pid,
      code: exitCode,
      signal: signalCode,
      ...(reason !== undefined && { reason }),
      livedMs: performance.now() - bornAt,
    };
  }

  /**
   * Waits until a worker has been given no connection from one count to the next, a second at most.
   * Where all are busy connections wait here, and are reset with the listener; to one that is free
   * they go at once.
   */
  private async quietMoment(): Promise<void> {
    const found = new AbortController();
    const end = performance.now() + QUIET_WITHIN_MS;
    const watch = async (worker: Worker): Promise<void> => {
      for (let before = -1; !found.signal.aborted && performance.now() < end;) {
        const count = await this.acceptedBy(worker);
        if (count === before) return;
        before = count;
      }
    };
    // Of no worker at all, none is ever free.
    if (this.living.size > 0) await Promise.race([...this.living].map(watch));
    found.abort();
  }

  /** @returns NaN where it does not answer */
  private acceptedBy(worker: Worker): Promise<number> {
    return new Promise((resolve) => {
      const end = (count: number): void => {
        clearTimeout(timer);
        worker.off('message', onMessage);
        resolve(count);
      };
      const onMessage = (said: Report): void => {
        if (said.report === 'accepted') end(said.connections);
      };
      const timer = setTimeout(end, COUNTED_WITHIN_MS, Number.NaN);
      worker.on('message', onMessage);
      this.tell(worker, { order: 'count' });
    });
  }

  private tell(worker: Worker, order: Order): void {
    // One that can't hear it any more has ended.
    if (worker.isConnected()) worker.send(order, () => undefined);
  }
}
