import type { NextFunction, Request, Response } from 'express';
import { temporarilyUnavailable } from '../errors/domain-error.js';
import type { ErrorFilter } from '../errors/error.filter.js';
import { inRequest, requestIdOf } from './request-id.js';

const TIMER = Symbol('postern:deadline');

type Watched = Response & { [TIMER]?: NodeJS.Timeout };

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
  const came: Response[] = [];

  // Who has nothing to wait for is answered in the turn of the event loop in which it came: a timer
  // for it would be a twentieth of its work.
  const watchAll = (): void => {
    for (let one = came.pop(); one !== undefined; one = came.pop()) {
      if (!one.writableEnded && !one.closed) watch(one);
    }
  };

  const expire = (response: Watched): void => {
    const request = response.req;
    if (request.readableFlowing === true && !request.complete) {
      response[TIMER]?.refresh();
      return;
    }
    const late = temporarilyUnavailable(undefined, `no answer within ${withinMs} ms`);
    inRequest(requestIdOf(request), () => errors.respond(late, request, response));
  };

  const watch = (response: Watched): void => {
    response[TIMER] = setTimeout(expire, withinMs, response);
    response.on('close', forget);
  };

  return (_request: Request, response: Response, next: NextFunction): void => {
    if (came.length === 0) setImmediate(watchAll);
    came.push(response);
    next();
  };
}

function forget(this: Watched): void {
  clearTimeout(this[TIMER]);
}
