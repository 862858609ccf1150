import { pino, type Logger } from 'pino';
import { currentRequestId } from '../http/request-id.js';
import { withheld } from '../protocol/misplaced-credentials.js';

/**
 * All that is logged of an error. Libraries put on theirs what was sent to them: drivers the
 * parameters and the row, `new URL` its whole input, with the password in it.
 */
const LOGGED: ReadonlySet<string> = new Set([
  'type',
  'message',
  'stack',
  'code',
  'errno',
  'syscall',
  'address',
  'port',
  'severity',
  'schema',
  'table',
  'column',
  'constraint',
  'routine',
]);

/** An error as it is logged: without what the request held. */
export function loggedError(error: Error): object {
  const fields = Object.entries(pino.stdSerializers.err(error));
  return Object.fromEntries(fields.filter(([name]) => LOGGED.has(name)));
}

/**
 * Makes the process's logger: JSON lines on standard output, for people where that is a terminal.
 * Nothing of a request is logged but what a line names: no header, no body, no query; and from every
 * line what looks like a secret or a token is taken out, whichever way it came in.
 *
 * @param level the least level that is logged
 */
export function createLogger(level: string): Logger {
  return pino({
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: loggedError },
    hooks: { streamWrite: withheld },
    // A child logger for each request would cost more than the rest of its logging.
    mixin: () => {
      const id = currentRequestId();
      return id === undefined ? {} : { request_id: id };
    },
    ...(process.stdout.isTTY && {
      transport: { target: 'pino-pretty', options: { ignore: 'pid', translateTime: 'HH:MM:ss' } },
    }),
  });
}
