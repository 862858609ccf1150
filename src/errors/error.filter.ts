import { randomUUID } from 'node:crypto';
import {
  Catch,
  HttpException,
  Logger,
  NotFoundException,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { allowedMethods } from './allowed-methods.js';
import { DomainError } from './domain-error.js';
import { errorEntry } from './error-catalogue.js';
import {
  httpExceptionResponse,
  isBrokenPath,
  oauthErrorResponse,
  oauthHttpExceptionResponse,
  problemResponse,
  toDomainError,
  type ErrorResponse,
  type ErrorSituation,
} from './error-response.js';

/** A request with what the middleware of an application may have put on it. */
type IdentifiedRequest = Request & { readonly id?: unknown };

/** What the filter has to be told. */
export interface ErrorFilterOptions {
  /** The absolute URL above `/errors/`; empty where there are no such pages. */
  readonly pagesUrl: string;
  /** Where errors have the form of RFC 6749 §5.2; left out: nowhere. */
  readonly isOAuthPath?: (path: string) => boolean;
}

/**
 * Writes the answer to every error: the one place that does. OAuth JSON on the OAuth endpoints,
 * problem+json elsewhere; chosen by the path, since what fails before routing belongs to no
 * controller.
 *
 * The true reason goes to the log, with the request id that the answer carries.
 */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('Errors');

  constructor(private readonly options: ErrorFilterOptions) {}

  /** @throws nothing: an error here would leave the caller without an answer */
  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.respond(thrown, http.getRequest<IdentifiedRequest>(), http.getResponse<Response>());
  }

  /** Answers a request with what was thrown; one that is answered already is left alone. */
  respond(thrown: unknown, request: IdentifiedRequest, response: Response): void {
    if (response.writableEnded) return;
    const answer = this.answer(thrown, request, {
      requestId: requestIdOf(request, response),
      path: pathOf(request),
      pagesUrl: this.options.pagesUrl,
    });
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const body = Buffer.from(JSON.stringify(answer.body));
    response.status(answer.status);
    for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
    response.setHeader('Content-Length', body.length);
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  private answer(
    thrown: unknown,
    request: IdentifiedRequest,
    situation: ErrorSituation,
  ): ErrorResponse {
    const oauth = this.options.isOAuthPath?.(situation.path) === true;
    if (isOfAModule(thrown)) {
      this.log(request, situation, thrown.getStatus(), { error: thrown.name });
      return oauth
        ? oauthHttpExceptionResponse(thrown, situation)
        : httpExceptionResponse(thrown, situation);
    }
    const error = isUnrouted(thrown) ? unrouted(request) : toDomainError(thrown);
    const inOAuthForm = oauth && errorEntry(error.code).form !== 'problem';
    const write = inOAuthForm ? oauthErrorResponse : problemResponse;
    const answer = write(error, situation);
    this.log(request, situation, answer.status, {
      error: error.code,
      reason: error.context.reason ?? error.message,
      ...(error.context.cause !== undefined && { err: error.context.cause }),
    });
    return answer;
  }

  private log(
    request: IdentifiedRequest,
    situation: ErrorSituation,
    status: number,
    details: Record<string, unknown>,
  ): void {
    const line = {
      msg: 'refused',
      request_id: situation.requestId,
      method: request.method,
      path: situation.path,
      address: request.ip,
      status,
      ...details,
    };
    if (status >= 500) this.logger.error({ ...line, msg: 'failed' });
    else this.logger.log(line);
  }
}

/** An HttpException that a module chose by itself, and not the framework on the way to it. */
function isOfAModule(thrown: unknown): thrown is HttpException {
  return thrown instanceof HttpException && !isUnrouted(thrown) && !isBrokenPath(thrown);
}

/** Nest's own failure for a request that met no route. */
function isUnrouted(thrown: unknown): boolean {
  return thrown instanceof NotFoundException && /^Cannot [A-Z-]+ /.test(thrown.message);
}

/** The error for a request that met no route: the path is unknown, or known with other methods. */
function unrouted(request: Request): DomainError {
  const allowed = allowedMethods(request);
  if (allowed.length === 0)
    return new DomainError('not_found', 'There is nothing at this address.');
  return new DomainError('method_not_allowed', `Use ${allowed.join(' or ')} here.`, {
    headers: { Allow: allowed.join(', ') },
  });
}

/** The id that middleware gave the request; where there is no such middleware, one made now. */
function requestIdOf(request: IdentifiedRequest, response: Response): string {
  if (typeof request.id === 'string') return request.id;
  const id = randomUUID();
  if (!response.headersSent) response.setHeader('X-Request-Id', id);
  return id;
}

function pathOf(request: Request): string {
  // Not the target as sent, which a client may write with the host in it (RFC 9112 §3.2.2).
  return request.baseUrl + request.path;
}
