import { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Header,
  HttpCode,
  Ip,
  Module,
  NotFoundException,
  Param,
  Post,
  Query,
  Redirect,
  Req,
  Res,
  StreamableFile,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import type { Request, Response } from 'express';
import { BornExpressAdapter } from './born-express-adapter.js';

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
  ['/probe/express?a=1&b=2', { headers: { 'X-Forwarded-For': '192.0.2.7' } }],
  ['/probe/parameters/a%20b?q=c'],
  ['/probe/parameters/%zz'],
  ['/nowhere'],
  ['/probe/value', { method: 'HEAD' }],
  ['/probe/value', { method: 'POST' }],
  ['/probe/value', { method: 'OPTIONS' }],
  ['/probe/body', { method: 'POST', body: 'x'.repeat(100_000) }],
];

async function start(adapter: ExpressAdapter): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(ProbeModule, adapter, {
    bodyParser: false,
    logger: false,
  });
  app.set('trust proxy', ['127.0.0.1']).set('etag', false);
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
