import { once } from 'node:events';
import { createServer, request as ask, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Request, Response } from 'express';
import { ErrorFilter } from '../errors/error.filter.js';
import { answerInTime } from './deadline.js';
import { currentRequestId, identify, inRequest, requestIdOf } from './request-id.js';

const DB_TIMEOUT_MS = 100;
const WITHIN_MS = DB_TIMEOUT_MS + 500;
/** How much later than due an answer may come. */
const ROOM_MS = 450;

let server: Server;
let port: number;
/** In which request's name each late answer was given, and which one it was for. */
const answeredAs: [as: string | undefined, of: string][] = [];

/** The requests here are Node's own, without what Express adds: they are answered without it. */
class WatchedFilter extends ErrorFilter {
  override respond(...[, request, response]: Parameters<ErrorFilter['respond']>): void {
    if (response.writableEnded) return;
    answeredAs.push([currentRequestId(), requestIdOf(request)]);
    response.writeHead(503).end();
  }
}

beforeAll(async () => {
  const inTime = answerInTime(new WatchedFilter({ pagesUrl: '' }), DB_TIMEOUT_MS);
  server = createServer((request, response) => {
    const id = identify(request, response);
    inRequest(id, () => {
      inTime(request as Request, response as Response, () => {
        if (request.url === '/body') request.resume().on('end', () => response.end('read'));
        else if (request.url === '/fast') response.end('fast');
      });
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});

afterAll(() => {
  server.close();
  server.closeAllConnections();
});

async function get(path: string): Promise<{ status: number | undefined; tookMs: number }> {
  const start = performance.now();
  const [response] = (await once(ask({ port, path, agent: false }).end(), 'response')) as [
    IncomingMessage,
  ];
  await text(response);
  return { status: response.statusCode, tookMs: performance.now() - start };
}

it('answers each request when its own time is over, however many wait', async () => {
  const asked: ReturnType<typeof get>[] = [];
  for (let number = 0; number < 5; number += 1) {
    asked.push(get('/never'), get('/fast'));
    await delay(70);
  }
  for (const { status, tookMs } of (await Promise.all(asked)).filter((_, at) => at % 2 === 0)) {
    expect(status).toBe(503);
    expect(tookMs).toBeGreaterThan(WITHIN_MS - 20);
    expect(tookMs).toBeLessThan(WITHIN_MS + ROOM_MS);
  }
});

it('leaves alone what is answered in time, and goes on after a pause', async () => {
  answeredAs.length = 0;
  await expect(get('/fast')).resolves.toMatchObject({ status: 200 });
  await delay(WITHIN_MS + 100);
  expect(answeredAs).toEqual([]);
  const { status, tookMs } = await get('/never');
  expect(status).toBe(503);
  expect(tookMs).toBeLessThan(WITHIN_MS + ROOM_MS);
});

it('answers each in the name of its own request', async () => {
  answeredAs.length = 0;
  await Promise.all([get('/never'), get('/never'), get('/never')]);
  expect(answeredAs).toHaveLength(3);
  const named = Number(process.versions.node.split('.', 1)[0]) >= 24;
  for (const [as, of] of answeredAs) expect(as).toBe(named ? of : undefined);
});

it('gives a body its time, and lets nobody else wait for it', async () => {
  const slow = ask({ port, path: '/body', method: 'POST', headers: { 'Content-Length': 2 } });
  slow.write('a');
  await delay(50);
  const other = await get('/never');
  expect(other.status).toBe(503);
  expect(other.tookMs).toBeLessThan(WITHIN_MS + ROOM_MS);
  await delay(WITHIN_MS);
  slow.end('b');
  const [response] = (await once(slow, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  await expect(text(response)).resolves.toBe('read');
});
