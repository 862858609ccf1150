import cluster from 'node:cluster';
import { loadSettings, type Settings } from './config/settings.js';
import { createLogger } from './operations/logger.js';
import { fail } from './start/failure.js';
import { endInOrder } from './start/endings.js';

/** Beyond the two times of a stop: to close the pool, the workers and the embedded database. */
const CLOSING_MS = 10_000;

/** Starts the server, and sees to its end: alone, over its workers (`WORKERS`), or as one of them. */
async function main(): Promise<void> {
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
