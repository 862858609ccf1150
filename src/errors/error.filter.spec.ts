/** The filter in a toy Nest application, over HTTP. */
import { All, Controller, ImATeapotException, NotFoundException } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { send } from '../../test/support/http.js';
import { startToyApp, type ToyApp } from '../../test/support/fakes.js';
import { DomainError } from './domain-error.js';
import { isOAuthPath } from './error-response.js';
import { ErrorFilter } from './error.filter.js';

let thrown: unknown;
let toy: ToyApp;

@Controller('throws')
class ThrowingController {
  @All()
  answer(): never {
    throw thrown;
  }
}

@Controller('o/throws')
class ThrowingOAuthController extends ThrowingController {}

beforeAll(async () => {
  toy = await startToyApp(
    { controllers: [ThrowingController, ThrowingOAuthController] },
    (app) =>
      void app.useGlobalFilters(
        new ErrorFilter({ pagesUrl: 'https://auth.example.com', isOAuthPath }),
      ),
  );
});

afterAll(() => toy.close());

describe('an error', () => {
  it('is a problem document away from the OAuth endpoints, without the query', async () => {
    thrown = new DomainError('conflict', 'Taken.');
    const answer = await send(`${toy.url}/throws?token=abc`);
    expect(answer.status).toBe(409);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body).toMatchObject({ detail: 'Taken.', instance: '/throws' });
  });

  it('is OAuth JSON on them, not to be stored', async () => {
    thrown = new DomainError('invalid_scope', 'Ask for fewer.');
    const answer = await send(`${toy.url}/o/throws/`);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(Object.keys(answer.body)).toEqual(['error', 'error_description', 'error_uri']);
  });

  it('has a head and no body for HEAD', async () => {
    thrown = new DomainError('conflict', 'Taken.');
    const answer = await send(`${toy.url}/throws`, { method: 'HEAD' });
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 409, text: '' });
    expect(Number(answer.headers.get('content-length'))).toBeGreaterThan(0);
  });

  it.each<[string, unknown]>([
    ['an error', new Error('pst_secret')],
    ['a text', 'pst_secret'],
    ['null', null],
    ['nothing', undefined],
    ['an error without a prototype of its own', Object.create(null)],
  ])('that is %s is a bland 500 in both forms', async (_what, unknown) => {
    thrown = unknown;
    for (const path of ['/throws', '/o/throws']) {
      const answer = await send(`${toy.url}${path}`);
      expect(answer.status).toBe(500);
      expect(answer.text).not.toContain('pst_secret');
      expect(answer.text).toContain('The server failed.');
    }
  });

  it('of a module’s own choice keeps its status, as a problem document', async () => {
    thrown = new ImATeapotException('Short and stout.');
    const answer = await send(`${toy.url}/throws`);
    expect(answer.status).toBe(418);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body).toMatchObject({ type: 'about:blank', detail: 'Short and stout.' });
  });

  it('of a module’s own choice is not taken for a missing route', async () => {
    thrown = new NotFoundException('No such order.');
    expect((await send(`${toy.url}/throws`)).body.detail).toBe('No such order.');
  });

  // Every error of the OAuth endpoints has the form of RFC 6749 §5.2 and is no-store (contract).
  it('of a module’s own choice is OAuth JSON on the OAuth endpoints', async () => {
    thrown = new ImATeapotException('Short and stout.');
    const answer = await send(`${toy.url}/o/throws`);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  });
});

describe('a request without a route', () => {
  it.each([
    ['/nowhere', 'application/problem+json'],
    ['/o/nowhere', 'application/json; charset=utf-8'],
  ])('to %s gets 404 as %s', async (path, type) => {
    const answer = await send(`${toy.url}${path}`);
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toBe(type);
  });
});
