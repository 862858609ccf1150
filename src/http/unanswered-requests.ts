import type { IncomingMessage, Server } from 'node:http';
import type { NextFunction, Request, Response } from 'express';
import { DomainError } from '../errors/domain-error.js';
import type { ErrorFilter } from '../errors/error.filter.js';
import { headerValues } from '../protocol/raw-headers.js';

/**
 * Lets a server hand on what Node would refuse by a bare status line: a request without `Host`, which
 * {@link withItsHost} refuses in form, and an `Expect` that it does not know, which may be passed
 * over (RFC 9110 §10.1.1).
 */
export function handOnAll(server: Server): void {
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  Object.assign(server, { requireHostHeader: false });
}

/** Refuses a request that does not name its host once (RFC 9112 §3.2), or in HTTP/1.0 not at all. */
export function withItsHost(errors: ErrorFilter) {
  return (request: Request, response: Response, next: NextFunction): void => {
    if (hasItsHost(request)) next();
    else refuse(errors, 'A request names its host once, in the header Host.', request, response);
  };
}

/** Answers a request in whose target Express finds no path at all. */
export function refuseTarget(errors: ErrorFilter) {
  return (request: Request, response: Response): void => {
    // There is no path in it that could be told.
    request.url = '/';
    refuse(errors, 'The target of the request is no URL.', request, response);
  };
}

function refuse(errors: ErrorFilter, detail: string, request: Request, response: Response): void {
  // The router sets it, and has not seen this one, or has given it up.
  request.baseUrl = '';
  errors.respond(new DomainError('invalid_request', detail), request, response);
}

function hasItsHost({ rawHeaders, httpVersion }: IncomingMessage): boolean {
  const hosts = headerValues(rawHeaders, 'host').length;
  return hosts === 1 || (hosts === 0 && httpVersion === '1.0');
}
