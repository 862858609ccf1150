import type { NextFunction, Request, Response } from 'express';
import { temporarilyUnavailable } from '../errors/domain-error.js';
import type { ErrorFilter } from '../errors/error.filter.js';

/** No answer is to take longer than five seconds, whatever the database does. */
const ANSWER_WITHIN_MS = 4500;

/**
 * Answers 503 where a handler has not answered in time. What the handler does later is thrown away;
 * a token that it may still store was told to nobody.
 *
 * While the body is still being read, the time is the caller's own, and another limit's.
 */
export function answerInTime(errors: ErrorFilter) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const expire = (): void => {
      if (request.readableFlowing === true && !request.complete) {
        timer.refresh();
        return;
      }
      const late = temporarilyUnavailable(undefined, `no answer within ${ANSWER_WITHIN_MS} ms`);
      errors.respond(late, request, response);
    };
    const timer = setTimeout(expire, ANSWER_WITHIN_MS);
    response.once('close', () => clearTimeout(timer));
    next();
  };
}
