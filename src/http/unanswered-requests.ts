import type { IncomingMessage, Server } from 'node:http';
import type { NextFunction, Request, Response } from 'express';
import { DomainError } from '../errors/domain-error.js';
import type { ErrorFilter } from '../errors/error.filter.js';
import { headerValues } from '../protocol/raw-headers.js';

/** In bytes: as many as RFC 9112 §3 asks for, and more than any route has a use for. */
const LONGEST_TARGET = 8000;
const NO_HOST = 'A request names its host once, in the header Host.';

/**
 * Lets a server hand on what Node would refuse by a bare status line: a request without `Host`, which
 * {@link wellAddressed} refuses in form, and an `Expect` that it does not know, which may be passed
 * over (RFC 9110 §10.1.1).
 */
export function handOnAll(server: Server): void {
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  Object.assign(server, { requireHostHeader: false });
}

/**
 * Refuses a request whose target is too long (RFC 9110 §15.5.15), or that does not name its host
 * once (RFC 9112 §3.2), or in HTTP/1.0 not at all.
 */
export function wellAddressed(errors: ErrorFilter) {
  return (request: Request, response: Response, next: NextFunction): void => {
    if (request.url.length > LONGEST_TARGET) {
      const detail = `The target of a request may have ${LONGEST_TARGET} bytes at most.`;
      refuse(errors, new DomainError('uri_too_long', detail), request, response);
    } else if (hasItsHost(request)) next();
    else refuse(errors, malformed(NO_HOST), request, response);
  };
}

/** Answers a request in whose target Express finds no path at all. */
export function refuseTarget(errors: ErrorFilter) {
  return (request: Request, response: Response): void => {
    // There is no path in it that could be told.
    request.url = '/';
    refuse(errors, malformed('The target of the request is no URL.'), request, response);
  };
}

function malformed(detail: string): DomainError {
  return new DomainError('invalid_request', detail);
}

function refuse(
  errors: ErrorFilter,
  refusal: DomainError,
  request: Request,
  response: Response,
): void {
  // The router sets it, and has not seen this one, or has given it up.
  request.baseUrl = '';
  errors.respond(refusal, request, response);
}

function hasItsHost({ rawHeaders, httpVersion }: IncomingMessage): boolean {
  const hosts = headerValues(rawHeaders, 'host').length;
  return hosts === 1 || (hosts === 0 && httpVersion === '1.0');
}
