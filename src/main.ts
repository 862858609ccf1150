import cluster from 'node:cluster';
import { setFlagsFromString } from 'node:v8';
import { loadSettings, type Settings } from './config/settings.js';
import { createLogger } from './operations/logger.js';
import { fail } from './start/failure.js';
import { endInOrder } from './start/endings.js';

/** Beyond the two times of a stop: to close the pool, the workers and the embedded database. */
const CLOSING_MS = 10_000;

/** Starts the server, and sees to its end: alone, over its workers (`WORKERS`), or as one of them. */
async function main(): Promise<void> {
  // V8 may find that what the first burst of requests made lived long, and make its like among the old
  // objects from then on. There each answered request stays until the whole heap is collected, and what
  // it holds is copied meanwhile: half as much again for a token, in some starts (docs/performance.md).
  setFlagsFromString('--no-allocation-site-pretenuring');
  if (cluster.isWorker) {
    const { work } = await import('./start/worker.js');
    return work();
  }
  const settings = loadSettings(process.env);
  const logger = createLogger(settings.logLevel);
  const started = start();
  // From here on: a start that is cut short would leave the embedded database running.
  endInOrder(started, logger, latestEndMs(settings));
  await started;

  async function start() {
    // Neither needs the other's modules: a supervisor is to stay small.
    if (settings.workers === 1) {
      const { serveAlone } = await import('./start/alone.js');
      return serveAlone(settings, logger);
    }
    const { supervise } = await import('./start/supervisor.js');
    return supervise(settings, logger);
  }
}

function latestEndMs({ shutdownDrainMs, shutdownGraceMs }: Settings): number {
  return shutdownDrainMs + shutdownGraceMs + CLOSING_MS;
}

main().catch(fail);
