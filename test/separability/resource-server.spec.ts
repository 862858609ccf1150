/**
 * The resource server alone, as another service takes it: a toy application over HTTP that has
 * `src/resource-server` and a stub verifier, and nothing else of this project. What it throws by
 * itself stays its own.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  BadRequestException,
  Catch,
  Controller,
  Get,
  Module,
  Post,
  type ArgumentsHost,
  type ExceptionFilter,
  type INestApplication,
} from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import type { Response } from 'express';
import ts from 'typescript';
import {
  AnyScope,
  Authenticated,
  CurrentClient,
  MissingAccessRuleError,
  Public,
  ResourceServerModule,
  Scopes,
  TokenVerifier,
  type VerifiedToken,
} from '../../src/resource-server/index.js';
import { send, type Answer } from '../support/http.js';

const AUDIENCE = 'https://toys.example.com';
/** In place of a token: the caller shows none. */
const NOBODY = 'nobody';

/** Knows the tokens `reader` and `writer`; `foreign` is for another API, `outage` breaks it. */
class StubVerifier extends TokenVerifier {
  private readonly tokens: Readonly<Record<string, [scopes: string[], audience: string]>> = {
    reader: [['read'], AUDIENCE],
    writer: [['read', 'write'], AUDIENCE],
    foreign: [['read', 'write'], 'https://other.example.com'],
  };

  override verify(token: string): Promise<VerifiedToken | undefined> {
    if (token === 'outage') return Promise.reject(new Error('the authorization server is down'));
    const [scopes, audience] = this.tokens[token] ?? [];
    if (scopes === undefined || audience === undefined) return Promise.resolve(undefined);
    const issuedAt = new Date();
    const expiresAt = new Date(issuedAt.getTime() + 60_000);
    return Promise.resolve({
      clientId: `client of ${token}`,
      scopes,
      audience: [audience],
      issuedAt,
      expiresAt,
    });
  }
}

@Controller('toys')
@Scopes('read')
class ToysController {
  @Get()
  list(@CurrentClient() client: VerifiedToken): { caller: string } {
    return { caller: client.clientId };
  }

  @Post()
  @Scopes('read', 'write')
  make(): string {
    return 'made';
  }

  @Get('either')
  @AnyScope('write', 'admin')
  either(): string {
    return 'either';
  }

  @Get('any-token')
  @Authenticated()
  anyToken(): string {
    return 'any token';
  }

  @Get('open')
  @Public()
  open(): string {
    return 'open';
  }

  @Get('broken')
  broken(): never {
    throw new BadRequestException('This toy is broken.');
  }

  @Get('bug')
  @Public()
  bug(): never {
    throw new Error('a secret of the inside');
  }
}

const resourceServer = ResourceServerModule.forRoot({
  verifier: new StubVerifier(),
  audience: AUDIENCE,
  realm: 'toys',
});

@Module({ imports: [resourceServer], controllers: [ToysController] })
class ToyModule {}

let app: INestApplication;
let baseUrl: string;

beforeAll(async () => {
  app = await NestFactory.create(ToyModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  baseUrl = await app.getUrl();
});

afterAll(() => app.close());

function call(path: string, token: string, method = 'GET'): Promise<Answer> {
  const headers = new Headers(token === NOBODY ? {} : { Authorization: `Bearer ${token}` });
  return send(`${baseUrl}${path}`, { method, headers });
}

describe('a toy application that has the resource server alone', () => {
  it.each([
    ['GET', '/toys', 'reader', 200, '{"caller":"client of reader"}'],
    ['POST', '/toys', 'writer', 201, 'made'],
    ['GET', '/toys/either', 'writer', 200, 'either'],
    ['GET', '/toys/any-token', 'reader', 200, 'any token'],
    ['GET', '/toys/open', NOBODY, 200, 'open'],
  ])('%s %s lets %s in', async (method, path, token, status, text) => {
    const answer = await call(path, token, method);
    expect({ status: answer.status, text: answer.text }).toEqual({ status, text });
  });

  it.each([
    ['GET', '/toys', NOBODY, 401, undefined, ''],
    ['GET', '/toys/any-token', NOBODY, 401, undefined, ''],
    ['GET', '/toys', 'unknown', 401, 'invalid_token', ', error="invalid_token"'],
    ['GET', '/toys', 'foreign', 401, 'invalid_token', ', error="invalid_token"'],
    [
      'POST',
      '/toys',
      'reader',
      403,
      'insufficient_scope',
      ', error="insufficient_scope", scope="read write"',
    ],
    [
      'GET',
      '/toys/either',
      'reader',
      403,
      'insufficient_scope',
      ', error="insufficient_scope", scope="write admin"',
    ],
  ])('%s %s turns %s away with a problem: %i', async (method, path, token, status, error, more) => {
    const { headers, body, ...answer } = await call(path, token, method);
    expect({ status: answer.status, type: headers.get('content-type') }).toEqual({
      status,
      type: 'application/problem+json',
    });
    expect(headers.get('www-authenticate')).toBe(`Bearer realm="toys"${more}`);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toMatchObject({ type: 'about:blank', status, instance: path });
    expect(body.error).toBe(error);
  });

  it('answers 503, and no verdict, where the verifier breaks', async () => {
    const { status, headers, body, text } = await call('/toys', 'outage');
    expect({ status, type: headers.get('content-type') }).toEqual({
      status: 503,
      type: 'application/problem+json',
    });
    expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect(headers.get('www-authenticate')).toBeNull();
    expect(body.status).toBe(503);
    expect(text).not.toContain('is down');
  });

  it.each([
    [
      'its own exception',
      '/toys/broken',
      'reader',
      400,
      { message: 'This toy is broken.', error: 'Bad Request', statusCode: 400 },
    ],
    [
      'its own bug',
      '/toys/bug',
      NOBODY,
      500,
      { statusCode: 500, message: 'Internal server error' },
    ],
    [
      'an address that it does not have',
      '/nothing',
      NOBODY,
      404,
      { message: 'Cannot GET /nothing', error: 'Not Found', statusCode: 404 },
    ],
  ])("leaves %s in Nest's own form", async (_what, path, token, status, body) => {
    const answer = await call(path, token);
    expect({ status: answer.status, body: answer.body }).toEqual({ status, body });
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  });

  it('writes the refusals also where the application has a filter for everything', async () => {
    @Catch()
    class EverythingFilter implements ExceptionFilter {
      catch(_thrown: unknown, host: ArgumentsHost): void {
        host.switchToHttp().getResponse<Response>().status(500).end('something failed');
      }
    }
    @Module({
      imports: [resourceServer],
      controllers: [ToysController],
      providers: [{ provide: APP_FILTER, useClass: EverythingFilter }],
    })
    class FilteringModule {}

    const filtering = await NestFactory.create(FilteringModule, { logger: false });
    await filtering.listen(0, '127.0.0.1');
    const url = await filtering.getUrl();
    const statuses = [await send(`${url}/toys`), await send(`${url}/toys/bug`)].map(
      ({ status, text }) => [status, text.startsWith('something')],
    );
    await filtering.close();
    expect(statuses).toEqual([
      [401, false],
      [500, true],
    ]);
  });

  it('does not start where a handler has no rule, and names it', async () => {
    @Controller('forgotten')
    class ForgottenController {
      @Get('here')
      open(): string {
        return 'open to all?';
      }
    }
    @Module({ imports: [resourceServer], controllers: [ForgottenController] })
    class ForgetfulModule {}

    const unfinished = await NestFactory.create(ForgetfulModule, {
      logger: false,
      abortOnError: false,
    });
    await expect(unfinished.init()).rejects.toThrow(
      new MissingAccessRuleError([
        {
          name: 'ForgottenController.open',
          method: 'GET',
          path: '/forgotten/here',
          rule: undefined,
        },
      ]),
    );
  });
});

describe('the OpenAPI document of the toy application', () => {
  let document: OpenAPIObject;

  beforeAll(() => {
    const base = new DocumentBuilder().setTitle('Toys').setVersion('1').build();
    document = SwaggerModule.createDocument(app, base);
  });

  it.each([
    ['/toys', 'get', [{ oauth2: ['read'] }], ['400', '401', '403', '503']],
    ['/toys', 'post', [{ oauth2: ['read', 'write'] }], ['400', '401', '403', '503']],
    [
      '/toys/either',
      'get',
      [{ oauth2: ['admin'] }, { oauth2: ['write'] }],
      ['400', '401', '403', '503'],
    ],
    ['/toys/any-token', 'get', [{ oauth2: [] }], ['400', '401', '503']],
    ['/toys/open', 'get', undefined, []],
  ] as const)('says of %s %s what the guard asks', (path, method, security, statuses) => {
    const operation = document.paths[path]?.[method];
    const asked = operation?.security?.toSorted((one, other) =>
      JSON.stringify(one).localeCompare(JSON.stringify(other)),
    );
    expect(asked).toEqual(security);
    const refusals = Object.keys(operation?.responses ?? {}).filter((status) => status >= '400');
    expect(refusals.toSorted()).toEqual(statuses);
  });

  it('describes the body of a refusal', () => {
    expect(document.paths['/toys']?.get?.responses['403']).toMatchObject({
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    });
    expect(document.components?.schemas).toHaveProperty('Problem');
  });
});

describe('what the resource server imports, at first hand or further on', () => {
  const SRC = join(import.meta.dirname, '../../src');
  const reached = new Set<string>();
  const packages = new Set<string>();

  function visit(file: string): void {
    if (reached.has(file)) return;
    reached.add(file);
    const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'));
    for (const { fileName } of importedFiles) {
      if (fileName.startsWith('.')) visit(join(dirname(file), fileName.replace(/\.js$/, '.ts')));
      else packages.add(fileName.split('/', fileName.startsWith('@') ? 2 : 1).join('/'));
    }
  }

  beforeAll(() => {
    const folder = join(SRC, 'resource-server');
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (/(?<!\.spec)\.ts$/.test(file)) visit(join(folder, file));
    }
  });

  it('lies in resource-server, errors and protocol', () => {
    const folders = [...reached].map((file) => relative(SRC, file).split('/', 1)[0]);
    expect(new Set(folders)).toEqual(new Set(['errors', 'protocol', 'resource-server']));
  });

  it('is Node, Nest, Express and what the verifiers need, of what others wrote', () => {
    expect(packages).toEqual(
      new Set([
        '@nestjs/common',
        '@nestjs/core',
        '@nestjs/swagger',
        'express',
        'jose',
        'lru-cache',
        'node:buffer',
        'node:crypto',
        'node:http',
      ]),
    );
  });
});
