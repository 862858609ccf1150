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
 * Ends the process in order: on SIGTERM or SIGINT with 0, a second signal at once; and with 1 on an
 * error that nobody caught, after which nothing is known to be as it should.
 *
 * @param started what is to be stopped, when it is up
 * @param latestMs how long the stop after such an error may take
 */
export function endInOrder(started: Promise<Running>, logger: Logger, latestMs: number): void {
  let running: Running | undefined;
  let begunAt: number | undefined;
  let status = 0;
  const stop = async (): Promise<void> => {
    begunAt = performance.now();
    running = await started;
    await running.stop();
    logger.info('stopped');
    process.exit(status);
  };
  const atOnce = (): never => {
    running?.kill();
    process.exit(1);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (begunAt === undefined) {
      logger.info({ signal }, 'stopping');
      stop().catch(fail);
    } else if (performance.now() - begunAt > ECHO_MS) {
      atOnce();
    }
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  onUncaught(logger, () => {
    status = 1;
    setTimeout(atOnce, latestMs);
    if (begunAt === undefined) stop().catch(fail);
  });
}

/**
 * The last resort: logs each error that nobody caught, thrown or of a promise, and calls `end` for
 * the first. Node would write it to standard error with all that it carries, and cut off what runs.
 */
export function onUncaught(logger: Logger, end: () => void): void {
  let ending = false;
  process.on('uncaughtException', (thrown: unknown) => {
    logger.fatal(told(thrown), 'nobody caught this error: the process ends');
    if (ending) return;
    ending = true;
    end();
  });
}

/** Of what is no error nothing is told but its type: it may be anything, and Node's own error for it quotes it. */
function told(thrown: unknown): object {
  const isError = thrown instanceof Error && !isOfRejection(thrown);
  return isError ? { err: thrown } : { thrown: isOfRejection(thrown) ? 'no error' : typeof thrown };
}

function isOfRejection(thrown: unknown): boolean {
  return (thrown as NodeJS.ErrnoException | undefined)?.code === 'ERR_UNHANDLED_REJECTION';
}
