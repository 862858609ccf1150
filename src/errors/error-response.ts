import { STATUS_CODES } from 'node:http';
import { BadRequestException, HttpException } from '@nestjs/common';
import { challenge } from '../protocol/challenge.js';
import { MalformedRequestError } from '../protocol/malformed-request.js';
import { withheld } from '../protocol/misplaced-credentials.js';
import { toErrorDescription, type OAuthErrorBody } from '../protocol/oauth-error.js';
import { PROBLEM_MEDIA_TYPE, type ProblemBody } from '../protocol/problem.js';
import { DomainError, temporarilyUnavailable } from './domain-error.js';
import { errorEntry, type ErrorCode } from './error-catalogue.js';
import { isStoreUnavailable } from './store-failure.js';

/** An answer, ready to be written. */
export interface ErrorResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: OAuthErrorBody | ProblemBody;
}

/** What of a request its error answer depends on. */
export interface ErrorSituation {
  readonly requestId: string;
  /** The path without the query: a query can hold a token. */
  readonly path: string;
  /** Where the pages of the errors are: the absolute URL above `/errors/`. */
  readonly pagesUrl: string;
}

const PROBLEM_HEADERS = {
  'Content-Type': PROBLEM_MEDIA_TYPE,
  // Always: the handler may have said how long its answer is good for before it failed.
  'Cache-Control': 'no-store',
};

const BASIC_CHALLENGE = challenge('Basic', { realm: 'oauth' });

/**
 * Brings whatever was thrown into the terms of the catalogue. What is unknown becomes a bland
 * 500 that tells nothing of it.
 */
export function toDomainError(thrown: unknown): DomainError {
  if (thrown instanceof DomainError) return thrown;
  if (thrown instanceof MalformedRequestError)
    return new DomainError('invalid_request', thrown.message);
  if (isBrokenPath(thrown)) {
    return new DomainError('invalid_request', 'The path has a broken percent-encoding.');
  }
  if (isStoreUnavailable(thrown)) return temporarilyUnavailable(thrown);
  return new DomainError(
    'internal_error',
    'The server failed. Tell the request id to the team that runs it.',
    { cause: thrown },
  );
}

/** Whether a failure is the router's, at a path whose percent-encoding is broken. */
export function isBrokenPath(thrown: unknown): boolean {
  return (
    thrown instanceof BadRequestException && thrown.message.startsWith('Failed to decode param')
  );
}

/** Whether a path belongs to the OAuth endpoints, whose errors have the form of RFC 6749 §5.2. */
export function isOAuthPath(path: string): boolean {
  return path.slice(0, 3).toLowerCase() === '/o/';
}

/** The answer of an OAuth endpoint (RFC 6749 §5.2); it is never to be stored. */
export function oauthErrorResponse(error: DomainError, situation: ErrorSituation): ErrorResponse {
  const { status, oauth } = errorEntry(error.code);
  return {
    status,
    headers: {
      ...commonHeaders(error),
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      Pragma: 'no-cache',
      ...(oauth === 'invalid_client' && { 'WWW-Authenticate': BASIC_CHALLENGE }),
    },
    body: {
      error: oauth,
      error_description: toErrorDescription(`${error.message} Request id: ${situation.requestId}`),
      error_uri: pageUrl(error.code, situation),
    },
  };
}

/** The answer of every other route: a problem document (RFC 9457). */
export function problemResponse(error: DomainError, situation: ErrorSituation): ErrorResponse {
  const { status, title, bearer } = errorEntry(error.code);
  return {
    status,
    headers: {
      ...commonHeaders(error),
      ...PROBLEM_HEADERS,
    },
    body: {
      type: pageUrl(error.code, situation),
      title,
      status,
      detail: error.message,
      instance: withheld(situation.path),
      request_id: situation.requestId,
      ...(bearer && { error: bearer }),
      ...(error.context.errors && { errors: error.context.errors }),
    },
  };
}

/**
 * The answer to an HttpException that a module threw by itself: its status and its sentence stay,
 * in the form of a problem document without a page (`about:blank`, RFC 9457 §4.2.1).
 */
export function httpExceptionResponse(
  exception: HttpException,
  situation: ErrorSituation,
): ErrorResponse {
  const status = exception.getStatus();
  return {
    status,
    headers: PROBLEM_HEADERS,
    body: {
      type: 'about:blank',
      title: STATUS_CODES[status] ?? 'Error',
      status,
      detail: exception.message,
      instance: withheld(situation.path),
      request_id: situation.requestId,
    },
  };
}

/** The same on an OAuth endpoint, in its form. */
export function oauthHttpExceptionResponse(
  exception: HttpException,
  situation: ErrorSituation,
): ErrorResponse {
  const status = exception.getStatus();
  const code = status < 500 ? 'invalid_request' : 'internal_error';
  const answer = oauthErrorResponse(new DomainError(code, exception.message), situation);
  return { ...answer, status };
}

function commonHeaders({ context }: DomainError): Record<string, string> {
  return {
    ...context.headers,
    ...(context.retryAfterSeconds !== undefined && {
      'Retry-After': String(Math.max(1, Math.ceil(context.retryAfterSeconds))),
    }),
  };
}

function pageUrl(code: ErrorCode, { pagesUrl }: ErrorSituation): string {
  return pagesUrl === '' ? 'about:blank' : `${pagesUrl}/errors/${code}`;
}
