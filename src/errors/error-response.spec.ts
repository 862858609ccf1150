import { BadRequestException, ForbiddenException, UnauthorizedException } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { MalformedRequestError } from '../protocol/malformed-request.js';
import { DomainError, temporarilyUnavailable } from './domain-error.js';
import { ERROR_CATALOGUE, type ErrorCode } from './error-catalogue.js';
import {
  httpExceptionResponse,
  isBrokenPath,
  isOAuthPath,
  oauthErrorResponse,
  problemResponse,
  toDomainError,
} from './error-response.js';

const DESCRIPTION = /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/;
const SITUATION = {
  requestId: 'request-1234',
  path: '/payments/',
  pagesUrl: 'https://auth.example.com',
};

/** Status, OAuth code and bearer code of each error, as the contract's tables have them. */
const CONTRACT: Record<ErrorCode, [number, string, string?]> = {
  invalid_request: [400, 'invalid_request', 'invalid_request'],
  invalid_client: [401, 'invalid_client'],
  too_many_attempts: [429, 'temporarily_unavailable'],
  unauthorized_client: [400, 'unauthorized_client'],
  unsupported_grant_type: [400, 'unsupported_grant_type'],
  invalid_scope: [400, 'invalid_scope'],
  invalid_target: [400, 'invalid_target'],
  quota_exceeded: [429, 'temporarily_unavailable'],
  temporarily_unavailable: [503, 'temporarily_unavailable'],
  missing_token: [401, 'invalid_request'],
  invalid_token: [401, 'invalid_token', 'invalid_token'],
  insufficient_scope: [403, 'insufficient_scope', 'insufficient_scope'],
  not_found: [404, 'invalid_request'],
  method_not_allowed: [405, 'invalid_request'],
  conflict: [409, 'invalid_request'],
  precondition_failed: [412, 'invalid_request'],
  self_rotation_not_allowed: [403, 'unauthorized_client'],
  payload_too_large: [413, 'invalid_request'],
  uri_too_long: [414, 'invalid_request'],
  unsupported_media_type: [415, 'invalid_request'],
  malformed_json: [400, 'invalid_request'],
  invalid_parameter: [400, 'invalid_request'],
  validation_failed: [422, 'invalid_request'],
  idempotency_key_reused: [422, 'invalid_request'],
  internal_error: [500, 'server_error'],
};
const ROWS = Object.entries(CONTRACT).map(
  ([code, [status, oauth, bearer]]) => [code as ErrorCode, status, oauth, bearer] as const,
);

it('the contract says what each error of the catalogue comes to', () => {
  expect(Object.keys(ERROR_CATALOGUE).toSorted()).toEqual(Object.keys(CONTRACT).toSorted());
});

describe('on the OAuth endpoints', () => {
  it.each(ROWS)('%s answers %i with the error %s, never to be stored', (code, status, error) => {
    const answer = oauthErrorResponse(new DomainError(code, 'Do this.'), SITUATION);
    expect(answer).toEqual({
      status,
      headers: {
        'Content-Type': 'application/json; charset=utf-8',
        'Cache-Control': 'no-store',
        Pragma: 'no-cache',
        ...(error === 'invalid_client' && { 'WWW-Authenticate': 'Basic realm="oauth"' }),
      },
      body: {
        error,
        error_description: 'Do this. Request id: request-1234',
        error_uri: `https://auth.example.com/errors/${code}`,
      },
    });
  });

  it('a description is within the letters of RFC 6749 §5.2, whatever the message', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (message) => {
        const { body } = oauthErrorResponse(new DomainError('invalid_scope', message), SITUATION);
        return 'error_description' in body && DESCRIPTION.test(body.error_description);
      }),
    );
  });

  it('an error can not undo what every answer carries', () => {
    const headers = { 'Cache-Control': 'max-age=60', Pragma: 'x', 'Content-Type': 'text/html' };
    const answer = oauthErrorResponse(new DomainError('not_found', 'No.', { headers }), SITUATION);
    expect(answer.headers).toEqual({
      'Cache-Control': 'no-store',
      Pragma: 'no-cache',
      'Content-Type': 'application/json; charset=utf-8',
    });
  });
});

describe('on every other route', () => {
  it.each(ROWS)('%s answers %i as a problem document', (code, status, _oauth, bearer) => {
    const answer = problemResponse(new DomainError(code, 'Do this.'), SITUATION);
    expect(answer).toEqual({
      status,
      headers: {
        'Content-Type': 'application/problem+json',
        'Cache-Control': 'no-store',
      },
      body: {
        type: `https://auth.example.com/errors/${code}`,
        title: ERROR_CATALOGUE[code].title,
        status,
        detail: 'Do this.',
        instance: '/payments/',
        request_id: 'request-1234',
        ...(bearer !== undefined && { error: bearer }),
      },
    });
  });

  it('the faults of a body are listed, and the headers of an error are sent', () => {
    const errors = [{ pointer: '/amount', detail: 'must be above 0' }];
    const error = new DomainError('validation_failed', 'See errors.', {
      errors,
      headers: { Allow: 'GET' },
    });
    const answer = problemResponse(error, SITUATION);
    expect(answer.body).toMatchObject({ errors });
    expect(answer.headers).toMatchObject({ Allow: 'GET' });
  });

  it('without pages of its own a problem is about:blank, in the OAuth form too', () => {
    const error = new DomainError('not_found', 'No.');
    const situation = { ...SITUATION, pagesUrl: '' };
    expect(problemResponse(error, situation).body).toMatchObject({ type: 'about:blank' });
    expect(oauthErrorResponse(error, situation).body).toMatchObject({ error_uri: 'about:blank' });
  });
});

describe('in both forms', () => {
  it.each([
    [0, '1'],
    [0.2, '1'],
    [1, '1'],
    [1.01, '2'],
    [299.4, '300'],
  ])('a wait of %d s is told as Retry-After: %s', (retryAfterSeconds, told) => {
    const error = new DomainError('too_many_attempts', 'Wait.', { retryAfterSeconds });
    for (const form of [oauthErrorResponse, problemResponse]) {
      expect(form(error, SITUATION).headers['Retry-After']).toBe(told);
    }
  });

  it('reason and cause stay inside', () => {
    const error = new DomainError('internal_error', 'The server failed.', {
      reason: 'the-reason',
      cause: new Error('the-cause'),
    });
    for (const form of [oauthErrorResponse, problemResponse]) {
      expect(JSON.stringify(form(error, SITUATION))).not.toMatch(/the-reason|the-cause/);
    }
  });
});

describe('what was thrown', () => {
  it('stays as it is where it is an error of the catalogue', () => {
    const error = new DomainError('conflict', 'Taken.');
    expect(toDomainError(error)).toBe(error);
  });

  it('is invalid_request with its own sentence where the form of the request is wrong', () => {
    expect(toDomainError(new MalformedRequestError('Send it once.'))).toMatchObject({
      code: 'invalid_request',
      message: 'Send it once.',
    });
  });

  it('is invalid_request where the router could not decode the path, without the path', () => {
    const thrown = new BadRequestException("Failed to decode param '%zz'");
    expect(isBrokenPath(thrown)).toBe(true);
    expect(toDomainError(thrown).code).toBe('invalid_request');
    expect(toDomainError(thrown).message).not.toContain('%zz');
  });

  it('is temporarily_unavailable with a time to wait where the store is out of reach', () => {
    const cause = Object.assign(new Error('no'), { code: 'ECONNREFUSED' });
    const error = toDomainError(cause);
    expect(error).toMatchObject({ code: 'temporarily_unavailable', cause });
    expect(problemResponse(error, SITUATION).headers['Retry-After']).toBe('1');
    expect(error.message).toBe(temporarilyUnavailable().message);
  });

  it.each<[string, unknown]>([
    ['an error', new Error('pst_secret at /srv/app.js')],
    ['a defect', new TypeError('pst_secret is not a function')],
    ['a refusal of the database', Object.assign(new Error('pst_secret'), { code: '23505' })],
    ['a text', 'pst_secret'],
    ['an object', { status: 200, message: 'pst_secret', code: 'not_found' }],
    ['a function', () => 'pst_secret'],
    ['a symbol', Symbol('pst_secret')],
    ['nothing', undefined],
    ['null', null],
  ])('is a bland 500 where it is %s', (_what, thrown) => {
    const error = toDomainError(thrown);
    for (const form of [oauthErrorResponse, problemResponse]) {
      const answer = form(error, SITUATION);
      expect(answer.status).toBe(500);
      expect(JSON.stringify(answer)).not.toMatch(/pst_secret|app\.js|TypeError/);
    }
    expect(error.context.cause).toBe(thrown);
  });

  it('is a bland 500 for anything at all', () => {
    fc.assert(
      fc.property(fc.anything(), (thrown) => toDomainError(thrown).code === 'internal_error'),
    );
  });
});

describe('an exception that a module chose by itself', () => {
  it('keeps its status and its sentence', () => {
    expect(httpExceptionResponse(new ForbiddenException('Not you.'), SITUATION)).toMatchObject({
      status: 403,
      body: {
        type: 'about:blank',
        title: 'Forbidden',
        status: 403,
        detail: 'Not you.',
        instance: '/payments/',
        request_id: 'request-1234',
      },
    });
  });

  // Contract: "401 and 403 are no-store".
  it.each([new UnauthorizedException(), new ForbiddenException()])(
    'is not to be stored where it is %s',
    (exception) => {
      const { headers } = httpExceptionResponse(exception, SITUATION);
      expect(headers['Cache-Control']).toBe('no-store');
    },
  );
});

describe('a path', () => {
  it.each(['/o/', '/o/token', '/o/token/', '/O/Token', '/o/nowhere'])(
    '%s is of the OAuth endpoints',
    (path) => {
      expect(isOAuthPath(path)).toBe(true);
    },
  );

  it.each(['/', '/o', '/orders/', '/x/o/token', 'o/token', ''])('%s is not', (path) => {
    expect(isOAuthPath(path)).toBe(false);
  });
});
