import type { NextFunction, Request, Response } from 'express';
import { temporarilyUnavailable } from '../errors/domain-error.js';
import type { ErrorFilter } from '../errors/error.filter.js';

/** For all else than the database: parsing, the catalogue, the queue of a busy process. */
const BESIDE_THE_DATABASE_MS = 500;

/**
 * Answers 503 where a handler has not answered in time: a call to the database may have waited for a
 * connection before its own time began, and a request makes several calls. What the handler does
 * later is thrown away; a token that it may still store was told to nobody.
 *
 * While the body is still being read, the time is the caller's own, and another limit's.
 *
 * @param dbTimeoutMs the limit of one call (`DB_TIMEOUT_MS`)
 */
export function answerInTime(errors: ErrorFilter, dbTimeoutMs: number) {
  const withinMs = dbTimeoutMs + BESIDE_THE_DATABASE_MS;
  return (request: Request, response: Response, next: NextFunction): void => {
    const expire = (): void => {
      if (request.readableFlowing === true && !request.complete) {
        timer.refresh();
        return;
      }
      const late = temporarilyUnavailable(undefined, `no answer within ${withinMs} ms`);
      errors.respond(late, request, response);
    };
    const timer = setTimeout(expire, withinMs);
    response.once('close', () => clearTimeout(timer));
    next();
  };
}
