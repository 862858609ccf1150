import { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Catch,
  Controller,
  Get,
  Header,
  HttpCode,
  Ip,
  Module,
  Next,
  NotFoundException,
  Param,
  Post,
  Query,
  Redirect,
  Req,
  Res,
  StreamableFile,
  UseFilters,
  type ExceptionFilter,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { BornExpressAdapter } from './born-express-adapter.js';

/** How often a handler was called that passes on. */
let calls = 0;

@Catch()
class FailingFilter implements ExceptionFilter {
  catch(): never {
    throw new NotFoundException('the filter');
  }
}

@Controller('probe')
class ProbeController {
  @Get('value') value(): object {
    return { a: 1 };
  }
  @Get('list') list(): string[] {
    return ['ä', '"'];
  }
  @Get('null') none(): null {
    return null;
  }
  @Get('number') number(): number {
    return 7;
  }
  @Get('tagged') @Header('ETag', '"1"') tagged(): object {
    return { a: 1 };
  }
  @Get('typed') @Header('Content-Type', 'application/problem+json') typed(): object {
    return { a: 1 };
  }
  @Get('error') error(): Error {
    return new Error('returned');
  }
  @Get('text') text(): string {
    return 'text';
  }
  @Get('nothing') nothing(): void {
    return undefined;
  }
  @Get('promise') promise(): Promise<string[]> {
    return Promise.resolve(['later']);
  }
  @Get('stream') stream(): StreamableFile {
    return new StreamableFile(Buffer.from('bytes'));
  }
  @Get('header') @Header('X-Probe', 'yes') header(): string {
    return 'header';
  }
  @Get('created') @HttpCode(201) created(): string {
    return 'created';
  }
  @Get('redirect') @Redirect('/probe/value', 307) redirect(): void {
    return undefined;
  }
  @Get('thrown') thrown(): never {
    throw new NotFoundException('no such thing');
  }
  @Get('passed') passed(@Next() next: NextFunction): void {
    calls += 1;
    next();
  }
  @Get('passed') behind(): string {
    return 'behind';
  }
  @Get('passed-with-error') passedWithError(@Next() next: NextFunction): void {
    next(new NotFoundException('passed'));
  }
  @Get('filter-fails') @UseFilters(FailingFilter) filterFails(): never {
    throw new Error('inside');
  }
  @Get('failed') failed(): never {
    throw new Error('inside');
  }
  @Get('express') express(@Req() request: Request, @Res() response: Response): void {
    const { ip, hostname, path, originalUrl, query, secure } = request;
    response.cookie('a', 'b').vary('Accept');
    const told = { ip, hostname: hostname.split(':')[0], path, originalUrl, query, secure };
    response.json({
      ...told,
      host: request.get('host') !== undefined,
      type: request.accepts('json'),
    });
  }
  @Get('parameters/:id') parameters(
    @Param('id') id: string,
    @Query('q') q: string,
    @Ip() ip: string,
  ): object {
    return { id, q, ip };
  }
  @Post('body') body(@Req() request: Request): Promise<string> {
    return new Promise((resolve) => {
      let length = 0;
      request.on('data', (chunk: Buffer) => (length += chunk.length));
      request.on('end', () => resolve(String(length)));
    });
  }
}

@Module({ controllers: [ProbeController] })
class ProbeModule {}

type Probe = readonly [path: string, init?: RequestInit];

const PROBES: readonly Probe[] = [
  ...[
    'value',
    'list',
    'null',
    'number',
    'tagged',
    'typed',
    'error',
    'text',
    'nothing',
    'promise',
    'stream',
    'header',
    'created',
    'redirect',
  ].map((name): Probe => [`/probe/${name}`]),
  ['/probe/value/'],
  ['/probe/tagged', { headers: { 'If-None-Match': '"1"' } }],
  ['/probe/value?x=1'],
  ['/PROBE/VALUE'],
  ['/probe/thrown'],
  ['/probe/failed'],
  ['/probe/passed'],
  ['/probe/passed-with-error'],
  ['/probe/filter-fails'],
  ['/probe/express?a=1&b=2', { headers: { 'X-Forwarded-For': '192.0.2.7' } }],
  ['/probe/parameters/a%20b?q=c'],
  ['/probe/parameters/%zz'],
  ['/nowhere'],
  ['/probe/value', { method: 'HEAD' }],
  ['/probe/value', { method: 'POST' }],
  ['/probe/value', { method: 'OPTIONS' }],
  ['/probe/body', { method: 'POST', body: 'x'.repeat(100_000) }],
];

async function start(
  adapter: ExpressAdapter,
  prepare: (app: NestExpressApplication) => void = () => undefined,
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(ProbeModule, adapter, {
    bodyParser: false,
    logger: false,
  });
  app.set('trust proxy', ['127.0.0.1']).set('etag', false).disable('x-powered-by');
  prepare(app);
  await app.listen(0, '127.0.0.1');
  return app;
}

async function answer(app: NestExpressApplication, [path, init]: Probe): Promise<object> {
  const response = await fetch(`${await app.getUrl()}${path}`, { redirect: 'manual', ...init });
  const headers = [...response.headers].filter(([name]) => name !== 'date');
  return { status: response.status, headers, text: await response.text() };
}

let plain: NestExpressApplication;
let born: NestExpressApplication;

beforeAll(async () => {
  [plain, born] = await Promise.all([start(new ExpressAdapter()), start(new BornExpressAdapter())]);
});

afterAll(() => Promise.all([plain.close(), born.close()]));

describe('requests and responses that are born with Express’s prototypes', () => {
  it.each(PROBES)('are answered as by the plain adapter: %s', async (...probe) => {
    expect(await answer(born, probe)).toEqual(await answer(plain, probe));
  });

  it('keep the prototype that they are born with', async () => {
    const keeps = async (app: NestExpressApplication): Promise<boolean> => {
      let request: IncomingMessage | undefined;
      let atBirth: unknown;
      // Before Express's own listener.
      app.getHttpServer().prependOnceListener('request', (incoming: IncomingMessage) => {
        request = incoming;
        atBirth = Object.getPrototypeOf(incoming);
      });
      await answer(app, ['/probe/value']);
      return Object.getPrototypeOf(request) === atBirth;
    };
    expect(await keeps(born)).toBe(true);
    expect(await keeps(plain)).toBe(false);
  });
});

describe('a route without parameters', () => {
  const found = async (
    prepare?: (app: NestExpressApplication) => void,
  ): Promise<{ routes: string[]; hits: number }> => {
    const adapter = new BornExpressAdapter();
    const app = await start(adapter, prepare);
    const before = counted;
    await answer(app, ['/probe/value']);
    await app.close();
    return { routes: adapter.fixedRoutes, hits: counted - before };
  };
  let counted = 0;
  const count = (_request: Request, _response: Response, next: NextFunction): void => {
    counted += 1;
    next();
  };

  it('is found without the router, in the two spellings with and without a slash', async () => {
    const { routes } = await found();
    expect(routes).toContain('GET /probe/value');
    expect(routes).toContain('GET /probe/value/');
    expect(routes).toContain('POST /probe/body');
    expect(routes.join()).not.toContain('parameters');
  });

  it('is left to the router where a middleware comes before it', async () => {
    expect(await found((app) => app.use(count))).toEqual({ routes: [], hits: 1 });
    const above = await found((app) => app.use('/probe', count));
    expect(above).toEqual({ routes: [], hits: 1 });
    const elsewhere = await found((app) => app.use('/probe/v', count));
    expect(elsewhere.routes).toContain('GET /probe/value');
  });

  it('is left to the router where another route comes before it', async () => {
    const { routes } = await found((app) =>
      app
        .getHttpAdapter()
        .get('/probe/:any', (_request: unknown, response: unknown) => (response as Response).end()),
    );
    expect(routes).not.toContain('GET /probe/value');
    expect(routes).toContain('POST /probe/body');
  });

  it('is left to the router where Nest has a hook for all requests', async () => {
    let hooked = 0;
    await found((app) => {
      const adapter = app.getHttpAdapter() as unknown as ExpressAdapter;
      adapter.setOnRequestHook((_request, _response, done) => {
        hooked += 1;
        done();
      });
    });
    expect(hooked).toBe(1);
  });

  it('that passes a request on is not run again', async () => {
    calls = 0;
    await answer(born, ['/probe/passed']);
    expect(calls).toBe(1);
  });

  it('meets first what every request meets, as the others do', async () => {
    const met: string[] = [];
    const adapter = new BornExpressAdapter();
    adapter.meetFirst((request, _response, next) => {
      met.push(request.url);
      next();
    });
    const app = await start(adapter);
    for (const path of ['/probe/value', '/PROBE/VALUE', '/nowhere']) await answer(app, [path]);
    await app.close();
    expect(met).toEqual(['/probe/value', '/PROBE/VALUE', '/nowhere']);
  });
});
