import { createLogger } from '../operations/logger.js';
import { answerMetricsOfThis } from '../operations/metrics-of-all.js';
import { onUncaught } from './endings.js';
import { failureLines } from './failure.js';
import { startServer, type ListeningServer, type ServerStart } from './server.js';
import { startOf, type Order, type Report } from './worker-orders.js';

/** Beyond its grace: to close its pool, and to write what it has gathered. */
const CLOSING_MS = 5000;

/**
 * Serves as one of several processes, and does as the supervisor says. Where that is killed, Node
 * ends its workers itself.
 */
export function work(): void {
  // A Ctrl-C reaches all processes of the terminal: the supervisor alone acts on it.
  process.on('SIGTERM', () => undefined);
  process.on('SIGINT', () => undefined);
  let server: ListeningServer | undefined;
  const obey = async (order: Order): Promise<void> => {
    switch (order.order) {
      case 'start':
        server = await start(startOf(order), () => server);
        break;
      case 'drain':
        server?.drain();
        break;
      case 'count':
        report({ report: 'accepted', connections: server?.accepted() ?? 0 });
        break;
      case 'stop':
        await server?.close();
        process.exit(0);
    }
  };
  process.on('message', (order: Order) => void obey(order).catch(fail));
  answerMetricsOfThis();
  report({ report: 'waiting' });
}

/** @param serving what has come of it so far */
function start(
  how: ServerStart,
  serving: () => ListeningServer | undefined,
): Promise<ListeningServer> {
  const { settings } = how;
  const logger = createLogger(settings.logLevel);
  onUncaught(logger, () => {
    const end = (): never => process.exit(1);
    setTimeout(end, settings.shutdownGraceMs + CLOSING_MS);
    // The others go on: no connection is given to this one once it has closed.
    Promise.resolve(serving()?.close()).then(end, end);
  });
  return startServer(how, logger);
}

/** The supervisor tells of it: in a line on standard error, or in the log. */
function fail(error: unknown): void {
  report({ report: 'failed', reason: failureLines(error) }, () => process.exit(1));
}

function report(what: Report, whenSent: () => void = () => undefined): void {
  process.send?.(what, whenSent);
}
