import type { Logger } from 'pino';
import { fail } from './failure.js';

/** A Ctrl-C reaches the server twice where npm or nest hands on what the terminal has sent to all. */
const ECHO_MS = 1000;

/** What a start has brought up. */
export interface Running {
  /** Lets what runs be finished, and takes down everything. */
  stop(): Promise<void>;
  /** Ends at once what would outlive this process. */
  kill(): void;
}

/**
 * Stops on SIGTERM or SIGINT, and exits with 0. A second signal ends the process at once.
 *
 * @param started what is to be stopped, when it is up
 */
export function stopOnSignals(started: Promise<Running>, logger: Logger): void {
  let running: Running | undefined;
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    logger.info({ signal }, 'stopping');
    running = await started;
    await running.stop();
    logger.info('stopped');
    process.exit(0);
  };
  let begunAt: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (begunAt === undefined) {
      begunAt = performance.now();
      stop(signal).catch(fail);
    } else if (performance.now() - begunAt > ECHO_MS) {
      running?.kill();
      process.exit(1);
    }
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
