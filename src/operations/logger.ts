import { pino, type Logger } from 'pino';

/**
 * Makes the process's logger: JSON lines on standard output, for people where that is a terminal.
 * Nothing of a request is logged but what a line names: no header, no body, no query.
 *
 * @param level the least level that is logged
 */
export function createLogger(level: string): Logger {
  return pino({
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    ...(process.stdout.isTTY && {
      transport: { target: 'pino-pretty', options: { ignore: 'pid', translateTime: 'HH:MM:ss' } },
    }),
  });
}
