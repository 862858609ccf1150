/**
 * When and how a JSON body is read: the guard behind the one for scopes, in a toy Nest application
 * that is put together as the real one is, over HTTP.
 */
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { Body, Controller, Delete, Get, Patch, Post, Put, type Type } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startToyApp, type ToyApp } from '../../test/support/fakes.js';
import { send, sendRaw, type Answer } from '../../test/support/http.js';
import { loadSettings } from '../config/settings.js';
import { SettingsModule } from '../config/settings.module.js';
import { access, Public, ResourceServerModule, Scopes } from '../resource-server/index.js';
import { TEST_AUDIENCE, TestTokenVerifier, withScopes } from '../resource-server/testing.js';
import { HttpModule } from './http.module.js';

const KIB = 1024;
const MAY = withScopes('write');
const JSON_TYPE = { 'Content-Type': 'application/json' };

@Controller('echo')
@Scopes('write')
class EchoController {
  @Post()
  post(@Body() body: unknown): { body: unknown } {
    return { body };
  }

  @Put()
  put(@Body() body: unknown): { body: unknown } {
    return { body };
  }

  @Patch()
  patch(@Body() body: unknown): { body: unknown } {
    return { body };
  }

  @Get()
  get(@Body() body: unknown): { body: unknown } {
    return { body };
  }

  @Delete()
  delete(@Body() body: unknown): { body: unknown } {
    return { body };
  }

  @Post('open')
  @Public()
  open(@Body() body: unknown): { body: unknown } {
    return { body };
  }

  @Post('by-client')
  @access({ kind: 'client' })
  byClient(@Body() body: unknown): { body: unknown } {
    return { body };
  }
}

let toy: ToyApp;

beforeAll(async () => {
  toy = await start([EchoController]);
});

afterAll(() => toy.close());

function start(controllers: Type[]): Promise<ToyApp> {
  const settings = loadSettings({ PUBLIC_URL: 'https://auth.example.com' });
  const resourceServer = ResourceServerModule.forRoot({
    verifier: new TestTokenVerifier(),
    audience: TEST_AUDIENCE,
  });
  return startToyApp({
    imports: [SettingsModule.forRoot(settings), resourceServer, HttpModule],
    controllers,
  });
}

function post(
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = { ...MAY, ...JSON_TYPE },
  path = '/echo',
): Promise<Answer> {
  return send(`${toy.url}${path}`, { method: 'POST', headers, body });
}

/** Sends a head that announces a body which never comes; gives what is answered all the same. */
function sendHead(headers: Record<string, string>): Promise<string> {
  const { hostname, port } = new URL(toy.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    socket.on('error', reject);
    socket.once('data', (chunk) => {
      socket.destroy();
      resolve(chunk.toString('latin1'));
    });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`POST /echo HTTP/1.1\r\nHost: x\r\n${lines.join('')}\r\n`);
  });
}

describe('access is decided before the body', () => {
  it.each<[string, string, Record<string, string>]>([
    ['JSON', '{}', JSON_TYPE],
    ['no JSON', '{', JSON_TYPE],
    ['another type', 'a=b', { 'Content-Type': 'application/x-www-form-urlencoded' }],
    ['too much', 'x'.repeat(64 * KIB + 1), JSON_TYPE],
    ['a content encoding', 'x', { ...JSON_TYPE, 'Content-Encoding': 'gzip' }],
    ['levels beyond counting', '['.repeat(60 * KIB), JSON_TYPE],
  ])('with %s in it: 401 without a token, 403 without the scope', async (_what, body, headers) => {
    expect((await post(body, headers)).status).toBe(401);
    expect((await post(body, { ...headers, ...withScopes('read') })).status).toBe(403);
  });

  it('which need not even come for a refusal', async () => {
    const announced = { ...JSON_TYPE, 'Content-Length': '1000' };
    expect(await sendHead(announced)).toMatch(/^HTTP\/1\.1 401 /);
    expect(await sendHead({ ...announced, ...withScopes('read') })).toMatch(/^HTTP\/1\.1 403 /);
  });

  it('and its length and type before it comes', async () => {
    const tooLong = { ...JSON_TYPE, ...MAY, 'Content-Length': String(64 * KIB + 1) };
    expect(await sendHead(tooLong)).toMatch(/^HTTP\/1\.1 413 /);
    const another = { ...MAY, 'Content-Type': 'text/plain', 'Content-Length': '10' };
    expect(await sendHead(another)).toMatch(/^HTTP\/1\.1 415 /);
  });
});

describe('a body', () => {
  it.each(['POST', 'PUT', 'PATCH'])('of %s is read', async (method) => {
    const answer = await send(`${toy.url}/echo`, {
      method,
      headers: { ...MAY, ...JSON_TYPE },
      body: '{"a":[1,"ä",null]}',
    });
    expect(answer.body).toEqual({ body: { a: [1, 'ä', null] } });
  });

  it('of DELETE is not', async () => {
    const headers = { ...MAY, ...JSON_TYPE };
    const answer = await send(`${toy.url}/echo`, { method: 'DELETE', headers, body: '{"a":1}' });
    expect(answer.body).toEqual({ body: {} });
  });

  it('that GET should not have is not', async () => {
    const answer = await sendRaw(
      toy.url,
      `GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: ${MAY.Authorization}\r\nContent-Length: 7\r\n\r\n{"a":1}`,
    );
    expect(answer).toMatch(/\{"body":\{\}\}$/);
  });

  it('of a handler that authenticates clients is left to its own guards', async () => {
    expect((await post('{"a":1}', JSON_TYPE, '/echo/by-client')).body).toEqual({ body: {} });
  });

  it('of a public handler is read and judged like any other', async () => {
    expect((await post('{"a":1}', JSON_TYPE, '/echo/open')).body).toEqual({ body: { a: 1 } });
    expect((await post('{', JSON_TYPE, '/echo/open')).status).toBe(400);
  });

  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'APPLICATION/JSON',
    'application/merge-patch+json',
  ])('may be of the type %s', async (type) => {
    expect((await post('{}', { ...MAY, 'Content-Type': type })).status).toBe(201);
  });

  it.each([
    'text/plain',
    'text/json',
    'application/json-patch+json',
    'application/x-www-form-urlencoded',
    'json',
  ])('may not be of the type %s: 415', async (type) => {
    const answer = await post('{}', { ...MAY, 'Content-Type': type });
    expect(answer.status).toBe(415);
    expect(answer.body.type).toBe('https://auth.example.com/errors/unsupported_media_type');
  });

  it('without a type is refused with 415', async () => {
    expect((await post(new Uint8Array([0x7b, 0x7d]), MAY)).status).toBe(415);
  });

  it('that is compressed is refused with 415', async () => {
    const headers = { ...MAY, ...JSON_TYPE, 'Content-Encoding': 'gzip' };
    expect((await post(new Uint8Array(gzipSync('{}')), headers)).status).toBe(415);
  });

  it.each<[string, string]>([
    ['cut short', '{"a":'],
    ['with a trailing comma', '{"a":1,}'],
    ['of two values', '{}{}'],
    ['of a word', 'pst_secret'],
    ['of blanks', '   '],
  ])('that is no JSON (%s) is refused with 400 that does not repeat it', async (_what, body) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(answer.body.type).toBe('https://auth.example.com/errors/malformed_json');
    expect(answer.text).not.toMatch(/pst_secret|Unexpected|position/);
  });

  it('that is no UTF-8 is refused with 400', async () => {
    expect((await post(new Uint8Array([0x22, 0xff, 0x22]))).status).toBe(400);
  });

  it.each(['{}', '[]', 'null', '0', '"text"', 'false'])('may be any JSON: %s', async (body) => {
    expect((await post(body)).body).toEqual({ body: JSON.parse(body) as unknown });
  });

  it('that is empty is taken for an empty object, whatever its type', async () => {
    expect((await post('')).body).toEqual({ body: {} });
    expect((await post('', MAY)).status).toBe(201);
  });

  it('may have 64 KiB and no byte more', async () => {
    expect((await post(JSON.stringify('x'.repeat(64 * KIB - 2)))).status).toBe(201);
    const answer = await post(JSON.stringify('x'.repeat(64 * KIB - 1)));
    expect(answer.status).toBe(413);
    expect(answer.body.detail).toBe('The body may have 65536 bytes at most.');
  });

  it('may have 64 KiB where its length is not announced, too', async () => {
    const chunked = (chunks: number): Promise<string> =>
      sendRaw(
        toy.url,
        `POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: ${MAY.Authorization}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n"\r\n${`400\r\n${'x'.repeat(KIB)}\r\n`.repeat(chunks)}1\r\n"\r\n0\r\n\r\n`,
      );
    expect(await chunked(63)).toMatch(/^HTTP\/1\.1 201 /);
    expect(await chunked(64)).toMatch(/^HTTP\/1\.1 413 /);
  });

  it.each<[string, (levels: number) => string]>([
    ['lists', (levels) => `${'['.repeat(levels)}1${']'.repeat(levels)}`],
    ['objects', (levels) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`],
    [
      'lists beside much that is flat',
      (levels) => `[${'1,'.repeat(100)}${'['.repeat(levels - 1)}1${']'.repeat(levels - 1)}]`,
    ],
  ])('may have 32 levels of %s, not 33', async (_what, nested) => {
    expect((await post(nested(32))).status).toBe(201);
    const answer = await post(nested(33));
    expect(answer.status).toBe(400);
    expect(answer.body.detail).toBe('The JSON has more than 32 levels.');
  });

  it('as deep as its length allows is refused, not a failure', async () => {
    const levels = 32 * KIB;
    expect((await post(`${'['.repeat(levels)}${']'.repeat(levels)}`)).status).toBe(400);
    expect((await post('{"a":'.repeat(13_000))).status).toBe(400);
  });

  it('that leaves nothing behind on the prototype of all objects', async () => {
    const answer = await post('{"__proto__":{"polluted":true}}');
    expect(answer.text).not.toContain('polluted":true}}}');
    expect({}).not.toHaveProperty('polluted');
  });
});
